"""Who can do what to which data, through which door: Lake Formation, the other doors, the matrix, invariants, differences."""
