"""What judges assemblies, and the command around it."""
