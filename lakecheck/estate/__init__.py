"""The estate: accounts, principals, data and rights of one or many assemblies as typed data, with what is not known said."""
