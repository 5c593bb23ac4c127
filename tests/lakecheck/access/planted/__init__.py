"""Leaks as data: a lake of plain CloudFormation, as other people write it, and what one change to it gives to whom."""
