"""The lake in a rehearsal: samples are delivered, pipelines run, bad files fail, other clients read, faults change nothing."""
