"""Pipelines that run: the synthesized state machine in the interpreter, on moto's services and on real or modelled jobs."""
