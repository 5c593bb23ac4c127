"""What lakecheck says of a change of an app."""
