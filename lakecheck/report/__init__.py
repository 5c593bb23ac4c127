"""What a run said, written for people (`text`) and for machines (`json`)."""
