make contracts-lock
make demo
