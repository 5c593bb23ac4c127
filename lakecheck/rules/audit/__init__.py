"""What watches the lake: whether trails log it, whether alarms can fire and be heard."""
