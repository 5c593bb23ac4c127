"""The whole reference before the packs, CDK's built-in validation, cfn-lint and CloudFormation's own rules."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.compliance import PACKS
from tests.compliance.native import lint
from tests.stacks.assembly import ACKNOWLEDGEMENT
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stacks.assembly import Lake, Synthesized

pytestmark = pytest.mark.xdist_group("reference")

OWN_RULES = "CloudFormation-Validate"
LAKE_RULES = "lakecheck-rules"
BUILT_IN = "aws:cdk:acknowledged-rules"
SHORTEST_REASON = 30


def acknowledgements(reference: Lake) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every acknowledgement that went through `core.acknowledge`, with the construct it stands on."""
    for stack in reference.stacks.values():
        for path, entries in stack.metadata.items():
            for entry in entries:
                if entry["type"] == ACKNOWLEDGEMENT:
                    yield path.strip("/"), entry["data"]


def used(reference: Lake) -> set[tuple[str, str]]:
    """Where an acknowledgement stands and its id, for each that a finding needed."""
    return {
        (violation["acknowledgedAt"], violation["acknowledgedId"])
        for plugin in reference.report["pluginReports"]
        for violation in plugin["suppressedViolations"]
    }


def test_nothing_is_found(reference: Lake) -> None:
    """The report of the run with everything on: each of the four packs ran and has no open violation, nor has CDK itself."""
    reports = {plugin["pluginName"]: plugin for plugin in reference.report["pluginReports"]}
    assert set(PACKS) <= set(reports)
    for name, plugin in reports.items():
        assert (plugin["conclusion"], plugin["violations"]) == ("success", []), name


def test_cdks_own_rules_are_errors(reference: Lake) -> None:
    """The context that makes the built-in validation fail the synth is what the reference runs with."""
    assert json.loads((ROOT / "cdk.json").read_text())["context"]["@aws-cdk/core:validateAgainstDefaultRules"] is True


def test_every_acknowledgement_is_owned_and_says_why(reference: Lake) -> None:
    """A prefixed id of a pack that runs, an owner, a reason that is a sentence; on a resource of a stack, never on a stack."""
    seen = list(acknowledgements(reference))
    assert len(seen) > 300
    for path, entry in seen:
        assert entry["owner"].strip(), path
        assert len(entry["reason"].strip()) >= SHORTEST_REASON, (path, entry)
        assert entry["id"].partition("::")[0] in {*PACKS, OWN_RULES, LAKE_RULES}, (path, entry)
        assert path.count("/") >= 2, path
        assert re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", entry.get("expires", "2099-01-01"))


def test_nothing_is_acknowledged_past_the_helper(reference: Lake) -> None:
    """CDK's own list of acknowledged rules and ours say the same: none without an owner."""
    plain = {
        (path.strip("/"), rule, reason)
        for stack in reference.stacks.values()
        for path, entries in stack.metadata.items()
        for entry in entries
        if entry["type"] == BUILT_IN
        for rule, reason in entry["data"].items()
    }
    assert plain == {(path, entry["id"], entry["reason"]) for path, entry in acknowledgements(reference)}


def test_no_acknowledgement_is_stale(reference: Lake) -> None:
    """Each was needed by a finding of this very run; one that is not would hide the next."""
    told_here = {(path, entry["id"]) for path, entry in acknowledgements(reference) if not entry["id"].startswith(LAKE_RULES)}
    stale = told_here - used(reference)  # what lakecheck's rules find is held in tests/lakecheck/rules
    assert stale == set()


def test_each_acknowledged_finding_is_listed_with_its_reason(reference: Lake) -> None:
    """And none was acknowledged by somebody the metadata does not know."""
    known = {(path, entry["id"]): entry["reason"] for path, entry in acknowledgements(reference)}
    for plugin in reference.report["pluginReports"]:
        for violation in plugin["suppressedViolations"]:
            assert known[violation["acknowledgedAt"], violation["acknowledgedId"]] == violation["reason"]


def test_wildcards_are_acknowledged_one_by_one(reference: Lake) -> None:
    """IAM5 says which action or resource it is about, every time."""
    wild = [entry["id"] for _, entry in acknowledgements(reference) if "IAM5" in entry["id"]]
    assert wild
    assert all(re.search(r"IAM5\[(Action|Resource)::.+\]$", each) for each in wild)


def neutral(stack: Synthesized) -> str:
    """A template without what differs between environments: account ids, the environment's name, digests of it."""
    text = re.sub(r"44444444(44)[0-9][12]", "<account>", json.dumps(stack.template, sort_keys=True))
    return re.sub(rf"\b{stack.environment}(?=[A-Z/-])(\w*?[a-z](?=[0-9A-F]{{8}}\b))?([0-9A-F]{{8}})?", r"<environment>\1", text)


def test_environments_differ_in_names_only(reference: Lake) -> None:
    """So what a linter says of one template holds for its siblings; if this fails, lint them all below."""
    names = reference.of("Prod")
    for environment in ("Dev", "Staging"):
        assert {name: neutral(stack) for name, stack in reference.of(environment).items()} == {
            name: neutral(stack) for name, stack in names.items()
        }


@pytest.mark.parametrize(
    "name",
    [
        *("Account", "Access", "Catalog", "Databases", "Floor", "Grants", "Locations", "Pipelines", "Query", "Storage"),
        *("Guardrails", "Identity", "LogArchive", "Security", "Structure", "Trail"),
    ],
)
def test_linters_have_nothing_to_say(reference: Lake, name: str) -> None:
    """cfn-lint and CloudFormation's native validation, warnings included, with every resource's Metadata removed."""
    every = (*reference.of("Prod").values(), *reference.of("Organization").values())
    stacks = [stack for stack in every if stack.name.endswith(name)]
    assert stacks
    for stack in stacks:
        assert lint(stack.template, account=stack.account, region=stack.region) == [], stack.path
