"""The adapters, one module for each AWS service."""
