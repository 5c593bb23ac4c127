"""Tests of what people read: code blocks, commands, snippets, the picture, the site."""
