"""The reports of `lakecheck run`, each by what somebody else says of its format."""
