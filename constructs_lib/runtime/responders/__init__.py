"""What is done about findings: each is read, judged against a table, contained in the account it is about, told, and can be undone.

A finding arrives on a queue (`respond`), is brought into one form (`findings`, `sources`), and the table in `plays` says which containment
fits. `protection` says what is never touched, `ledger` remembers what was begun, done and undone, `evidence` keeps what was there
before. A containment in `containments` is reversible and may be begun again after a crash at any point. `undo` takes one back.
"""
