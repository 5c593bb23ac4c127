"""How a resource type is made, changed, deleted and read back through the plain APIs: one small declarative entry for each type."""
