"""app.py as its users meet it: in process where it refuses input, through the CDK CLI where it writes an assembly."""
