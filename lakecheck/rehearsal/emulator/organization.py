"""An organisation that is there before the first stack, with the ids that templates name; moto's own would be drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def found(told: Mapping[str, Any]) -> None:
    """Makes it.

    Args:
        told: `management`, the account; `region`; `root`, the root's id; `id`, the organisation's, or None for any; `accounts`, the ids of
            its other accounts, which stand at the root.
    """
    from moto.organizations.models import organizations_backends  # noqa: PLC0415 - an extra brings it
    from moto.utilities.utils import get_partition  # noqa: PLC0415

    partition = get_partition(told["region"])
    backend: Any = organizations_backends[told["management"]][partition]
    backend.create_organization(region=told["region"], FeatureSet="ALL")
    backend.org.id = told["id"] or backend.org.id
    backend.org.root_id = backend.ou[0].id = told["root"]
    for each in (*backend.ou, *backend.accounts, *backend.policies):
        each.organization_id = backend.org.id
    for each in backend.accounts:
        each.parent_id = told["root"]
    for number in told["accounts"]:
        backend.create_account(AccountName=f"account-{number}", Email=f"{number}@example.com")
        made = backend.accounts[-1]
        organizations_backends.master_accounts[number] = organizations_backends.master_accounts.pop(made.id)
        made.id = number
