"""The responders' construct."""
