"""The handlers of threat detection and posture."""
