"""The handlers of an organisation."""
