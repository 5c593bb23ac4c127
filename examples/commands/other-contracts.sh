make demo CONTRACTS=path/to/contracts
