"""What Lake Formation's documentation, or a template, does not say, and what is taken for true instead."""

from __future__ import annotations

from typing import Final

_TAKEN_FOR_TRUE: Final = """
Where no template states an account's Lake Formation settings, IAM_ALLOWED_PRINCIPALS gets ALL on each new database and table.
Grants to IAM_ALLOWED_PRINCIPALS that a template states stay, also where another part of the templates revokes them.
Where the templates register locations of an account with Lake Formation, nothing else was registered by hand in it.
Several Lake Formation grants, column lists and data cells filters of one principal add up to their union; row filters are compared as text.
A data lake administrator has no SELECT, ALTER or DROP of its own, except that it reads what is shared with its account.
Whoever creates a database or table in a deployment (CloudFormation's execution role) holds every Lake Formation permission on it.
SELECT on a table needs no DESCRIBE on its database; DROP on a database drops its tables, too.
In hybrid access mode grants count without an opt-in where IAM_ALLOWED_PRINCIPALS is absent.
A share of Lake Formation is accepted by the account it goes to, and its cross-account version is 4 where no template states one.
A shared table is read through a resource link, or by its catalog id without one, as Glue and EMR do.
LF-Tags, filters, grants and opt-ins that neither a template nor a supplement states do not exist.
A registration role that no template defines can read its location.
"""

ASSUMPTIONS: Final = tuple(_TAKEN_FOR_TRUE.strip().splitlines())
"""In words, for the matrix to print."""
