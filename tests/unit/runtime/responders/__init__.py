"""The responders, run on complete findings in the shapes that AWS publishes."""
