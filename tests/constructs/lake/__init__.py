"""Tests of the whole lake in one construct."""
