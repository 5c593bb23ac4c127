"""Keys: whether those who have to encrypt or decrypt may use the key, and use the one that the data is meant to have."""
