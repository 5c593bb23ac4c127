"""Tests of the guardrails of an organisation."""
