"""Lake Formation, rule by rule."""
