"""The project's own rules after a deployment: a conformance pack of AWS Config, generated from them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from aws_cdk import aws_config as config
from constructs import Construct

from constructs_lib.compliance.conformance_rules import FLOOR, JUDGED, NOT_JUDGED
from constructs_lib.core import misuse
from lakecheck.rules import all_rules
from lakemodel.limits import Quota, limit

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from aws_cdk import aws_s3 as s3

    from constructs_lib.compliance.conformance_rules import GuardRule, ManagedRule

_NAME = "governed-lake"
_PREFIX = "lake"


class LakeConformancePack(Construct):
    """The rules of lakecheck that Config can judge, and the floor under every account, as one conformance pack.

    Each account needs a recorder: `baseline.ConfigRecorder`, or one that is there. For a whole organisation the pack has to stand in the
    management account or in the delegated administrator of `config-multiaccountsetup.amazonaws.com`, and fails when an account has no
    recorder, unless it is excluded.

    Charged by evaluation: https://aws.amazon.com/config/pricing/.
    See https://docs.aws.amazon.com/config/latest/developerguide/conformance-packs.html.

    Args:
        organization: Whether every account of the organisation gets the pack rather than this one alone; False when left out.
        excluded_accounts: Accounts that get none; none when left out. Only for an organisation.
        delivery_bucket: Where Config keeps files while it makes the rules; none when left out. For an organisation its name has to begin
            with `awsconfigconforms`.
        left_out: Rules that the pack does not have: ids of lakecheck, or names of `FLOOR`; it has all when left out.

    Raises:
        DataLakeError: `conformance_rules` for a rule that there is not; `conformance_accounts` for excluded accounts of no organisation;
            `conformance_pack_size` when the pack is larger than Config takes.

    Example:
        >>> from aws_cdk import App, Stack
        >>> "lake-query-not-enforced" in LakeConformancePack(Stack(App(), "Doc"), "Pack").rule_names
        True
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        organization: bool | None = None,
        excluded_accounts: Sequence[str] = (),
        delivery_bucket: s3.IBucket | None = None,
        left_out: Collection[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        organization = False if organization is None else organization
        if excluded_accounts and not organization:
            msg = "got excluded_accounts for the pack of one account; pass organization=True, or leave them out"
            raise misuse(self, msg, code="conformance_accounts")
        if unknown := sorted(set(left_out) - JUDGED.keys() - FLOOR.keys()):
            known = ", ".join(sorted([*JUDGED, *FLOOR]))
            msg = f"got left_out {', '.join(unknown)}, which the pack does not have; it has {known}"
            raise misuse(self, msg, code="conformance_rules")
        body = pack_template(left_out)
        self.rule_names = sorted(resource["Properties"]["ConfigRuleName"] for resource in body["Resources"].values())
        text = json.dumps(body, separators=(",", ":"))
        self._check_size(text)
        bucket = None if delivery_bucket is None else delivery_bucket.bucket_name
        self.pack: config.CfnConformancePack | config.CfnOrganizationConformancePack
        if organization:
            self.pack = config.CfnOrganizationConformancePack(
                self,
                "Resource",
                organization_conformance_pack_name=_NAME,
                template_body=text,
                delivery_s3_bucket=bucket,
                excluded_accounts=sorted(excluded_accounts) or None,
            )
        else:
            self.pack = config.CfnConformancePack(
                self, "Resource", conformance_pack_name=_NAME, template_body=text, delivery_s3_bucket=bucket
            )

    def _check_size(self, text: str) -> None:
        for quota, found in (
            (Quota.CONFORMANCE_PACK_BYTES, len(text.encode())),
            (Quota.CONFORMANCE_PACK_RULES, len(self.rule_names)),
        ):
            if found > limit(quota).value:
                msg = f"got a conformance pack of {found:,} {limit(quota).unit}; AWS takes {limit(quota)}; leave rules out with left_out"
                raise misuse(self, msg, code="conformance_pack_size")


def pack_template(left_out: Collection[str] = ()) -> dict[str, Any]:
    """The template of the pack.

    Args:
        left_out: Rules that it does not have: ids of lakecheck, or names of `FLOOR`; it has all when left out.
    """
    titles = {rule.id: rule.title for rule in all_rules()}
    rules: dict[str, Mapping[str, Any]] = {}
    for name, rule in {**JUDGED, **FLOOR}.items():
        if name not in left_out:
            told = re.sub(r"[^a-z0-9]+", "-", name)
            rules[_logical_id(told)] = _config_rule(f"{_PREFIX}-{told}", titles.get(name, ""), rule)
    return {"Resources": dict(sorted(rules.items()))}


def _config_rule(name: str, title: str, rule: ManagedRule | GuardRule) -> dict[str, Any]:
    described = {"Description": title} if title else {}
    return {"Type": "AWS::Config::ConfigRule", "Properties": {"ConfigRuleName": name, **described, **rule.properties(name)}}


def _logical_id(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))


def conformance_table() -> str:
    """Which rule of lakecheck the pack has and which it cannot have, as a table in Markdown; it is generated into the documentation."""
    lines = ["| rule | at run time |", "|---|---|"]
    for rule in all_rules():
        judged = JUDGED.get(rule.id)
        if judged is None:
            told = f"no: {NOT_JUDGED[rule.id]}"
        else:
            told = f"managed rule `{judged.identifier}`" if hasattr(judged, "identifier") else f"Guard rule on `{judged.resource_type}`"
        lines.append(f"| `{rule.id}` | {told} |")
    return "\n".join([*lines, ""])
