"""What lakecheck knows of access, tested on estates made by hand."""
