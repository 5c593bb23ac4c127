"""The reference lake: one module per stack; `stages.py` puts them into environments and orders them. No Cfn* resource here."""
