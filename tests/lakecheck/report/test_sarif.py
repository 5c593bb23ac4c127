"""SARIF by the official schema and by what GitHub's code scanning asks for beyond it."""

from __future__ import annotations

import doctest
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st
from jsonschema import Draft7Validator, FormatChecker

from lakecheck.report import fingerprints as named, sarif, sarif_rules
from lakecheck.report.fingerprints import fingerprints
from lakemodel.findings import Severity
from tests.lakecheck.report.runs import EVIDENCE, TAKEN, assembly, finding, findings, run_of

if TYPE_CHECKING:
    from lakecheck.findings import Finding
    from lakecheck.run import Run

SCHEMA = json.loads((Path(__file__).parents[2] / "data/sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
VALIDATOR = Draft7Validator(SCHEMA, format_checker=FormatChecker())


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one file of code and an assembly in it."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks/storage.py").write_text("\n" * 11 + "bucket = make()\n")
    (tmp_path / "cdk.out").mkdir()
    text = '{\n  "Resources": {\n    "Queue": {},\n    "Bucket": {\n    }\n  }\n}\n'
    (tmp_path / "cdk.out/Prod.template.json").write_text(text)
    return tmp_path


def report(run: Run, here: Path | None = None, **more: Any) -> dict[str, Any]:
    """The only run of a report that is valid."""
    text = sarif.render(run, here=here, **{"acknowledged": True, **more})
    data = json.loads(text)
    assert [error.message for error in VALIDATOR.iter_errors(data)] == []
    check_github(data["runs"][0])
    return data["runs"][0]


def check_github(run: dict[str, Any]) -> None:
    """https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning."""
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"]
    assert len({rule["id"] for rule in rules}) == len(rules) <= 25_000
    assert len(run["results"]) <= 5_000
    for rule in rules:
        assert 0 < len(rule["name"]) <= 255
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert len(rule["properties"]["tags"]) <= 10
        assert rule["properties"]["precision"] in {"very-high", "high", "medium", "low"}
        assert rule["properties"]["problem.severity"] in {"error", "warning", "recommendation"}
        grave = rule["properties"].get("security-severity")
        assert grave is None or 0 < float(grave) <= 10
        assert (grave is not None) == ("security" in rule["properties"]["tags"])
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert len(result["locations"]) == 1
        physical = result["locations"][0]["physicalLocation"]
        uri = physical["artifactLocation"]["uri"]
        assert uri
        assert not re.match(r"^(/|[A-Za-z][A-Za-z0-9+.-]*:)", uri), uri
        assert ".." not in uri.split("/")
        assert {"startLine", "startColumn", "endLine", "endColumn"} == set(physical["region"])
        assert result.get("kind") == "pass" or result["partialFingerprints"]["primaryLocationLineHash"]
    prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"] if "partialFingerprints" in result]
    assert len(set(prints)) == len(prints)


def place_of(result: dict[str, Any]) -> tuple[str, int]:
    physical = result["locations"][0]["physicalLocation"]
    return physical["artifactLocation"]["uri"], physical["region"]["startLine"]


def only(run: Run, here: Path) -> dict[str, Any]:
    (result,) = report(run, here)["results"]
    found: dict[str, Any] = result
    return found


def test_the_schema_here_is_that_of_oasis_and_refuses() -> None:
    """A report that lacks what the standard asks for does not pass for valid, or these tests would hold nothing."""
    Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json"
    data = sarif.as_data(run_of(finding()))
    data["runs"][0]["results"][0]["surprise"] = 1
    assert not VALIDATOR.is_valid(data)
    assert not VALIDATOR.is_valid({"version": "2.1.0"})


def test_a_finding_points_at_the_line_that_made_the_resource(repository: Path) -> None:
    """Relative to the root of the repository, with all of the line, and the construct beside it."""
    result = only(run_of(finding()), repository)
    assert place_of(result) == ("stacks/storage.py", 12)
    assert result["locations"][0]["physicalLocation"]["region"]["endColumn"] == len("bucket = make()") + 1
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
    logical = result["locations"][0]["logicalLocations"][0]
    assert logical == {"name": "Bucket", "fullyQualifiedName": "Prod/Storage/Bucket", "kind": "resource"}
    assert result["ruleId"] == "rules.encryption.bucket_key"
    assert result["level"] == "error"
    assert result["message"]["text"].startswith("encrypted with a key of AWS; allowed is one of the lake (Prod/Storage/Bucket). Name")
    assert "suppressions" not in result


def test_files_are_named_from_the_repositorys_root_when_run_below_it(repository: Path) -> None:
    """GitHub knows nothing of the folder that the run was started in."""
    (repository / "lake").mkdir()
    (repository / "lake/app.py").write_text("x\n")
    result = only(run_of(finding(source="app.py:1")), repository / "lake")
    assert place_of(result) == ("lake/app.py", 1)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("/home/runner/work/other/stacks/storage.py:12", ("stacks/storage.py", 12)),
        ("C:\\build\\stacks\\storage.py:12", ("stacks/storage.py", 12)),
        ("/usr/lib/python3/site-packages/stacks/storage.py:12", ("cdk.out/Prod.template.json", 4)),
        ("/home/runner/work/other/stacks/gone.py:12", ("cdk.out/Prod.template.json", 4)),
        ("../../outside.py:3", ("cdk.out/Prod.template.json", 4)),
        ("\x00:3", ("cdk.out/Prod.template.json", 4)),
        (f"/{'x' * 5000}:3", ("cdk.out/Prod.template.json", 4)),
        ("", ("cdk.out/Prod.template.json", 4)),
    ],
)
def test_a_trace_of_another_checkout_names_the_file_here_or_the_template(source: str, expected: tuple[str, int], repository: Path) -> None:
    """What is not here is never named by an absolute path: the resource's line in the template stands for it."""
    run = run_of(finding(source=source), judged=assembly(str(repository / "cdk.out")))
    assert place_of(only(run, repository)) == expected


def test_what_is_about_no_stack_points_at_the_assembly(repository: Path) -> None:
    """Every result has a place, also one about the whole assembly, and an assembly outside of the repository."""
    about_all = finding(stack="", environment="", logical_id="", construct_path="", source="")
    assert place_of(only(run_of(about_all), repository)) == ("cdk.out/manifest.json", 1)
    outside = run_of(finding(source=""), judged=assembly("/somewhere/else/cdk.out"))
    assert place_of(only(outside, repository)) == ("cdk.out/Prod.template.json", 1)
    single = replace(assembly(str(repository / "cdk.out/Prod.template.json")), is_template=True)
    assert place_of(only(run_of(finding(source=""), judged=single), repository)) == ("cdk.out/Prod.template.json", 4)


def test_a_name_with_spaces_is_a_valid_address(repository: Path) -> None:
    """Percent-encoded, as a URI has to be."""
    assert place_of(only(run_of(finding(source="my stacks/über.py:1")), repository))[0] == "my%20stacks/%C3%BCber.py"
    assert place_of(only(run_of(finding(source="caf\udce9.py:1")), repository))[0] == "caf%3F.py"


def test_what_is_acknowledged_is_left_out_unless_asked_for(repository: Path) -> None:
    """Code scanning takes suppressed results for open ones."""
    run = run_of(finding(acknowledged=TAKEN), finding(rule="Other"))
    (result,) = json.loads(sarif.render(run, here=repository))["runs"][0]["results"]
    assert result["ruleId"].endswith("Other")


def test_an_acknowledged_finding_is_suppressed_with_reason_owner_and_expiry(repository: Path) -> None:
    """In the source; what a register approves is kept outside of it; and GitHub, which knows no suppressions, can go without."""
    run = run_of(finding(acknowledged=TAKEN), finding(check="upgrade", acknowledged=TAKEN))
    in_source, external = (result["suppressions"][0] for result in report(run, repository)["results"])
    assert in_source["kind"] == "inSource"
    assert in_source["status"] == "accepted"
    assert in_source["justification"] == "logs stand elsewhere"
    assert in_source["properties"] == {
        "rule": "Pack::Pack-1",
        "at": "Dev/Storage",
        "owner": "storage team",
        "expires": "2026-12-31",
    }
    assert external["kind"] == "external"
    assert report(run, repository, acknowledged=False)["results"] == []


def test_rules_are_described_and_those_without_a_finding_are_there(repository: Path) -> None:
    """What was applied and found nothing is a rule, too; its page, controls and gravity are told; one id for each."""
    other = finding(check="compliance", rule="AwsSolutions-IAM5[Resource::*]", severity=Severity.WARNING)
    more = finding(check="compliance", rule="AwsSolutions-IAM5[Action::s3:*]", severity=Severity.ERROR)
    rules = {rule["id"]: rule for rule in report(run_of(other, more, evidence=[EVIDENCE]), repository)["tool"]["driver"]["rules"]}
    assert list(rules) == ["compliance.AwsSolutions-IAM5", "rules.encryption.bucket_key"]
    ours, pack = rules["rules.encryption.bucket_key"], rules["compliance.AwsSolutions-IAM5"]
    assert ours["shortDescription"]["text"] == "A bucket is encrypted with a key of the lake"
    assert ours["helpUri"] == EVIDENCE.source
    assert ours["properties"]["tags"] == ["security", "rules", "encryption", "NIST.800.53.R5 SC-28"]
    assert pack["defaultConfiguration"]["level"] == "error"
    assert pack["properties"]["security-severity"] == "8.0"
    lint = report(run_of(finding(check="lint", rule="W2001")), repository)["tool"]["driver"]["rules"][0]
    assert lint["properties"]["tags"] == ["lint"]


def test_a_rule_has_no_more_tags_than_are_shown(repository: Path) -> None:
    """Ten: that it is about security first, then its check."""
    many = finding(controls=tuple(f"NIST.800.53.R5 AC-{number}" for number in range(30)))
    (rule,) = report(run_of(many), repository)["tool"]["driver"]["rules"]
    assert rule["properties"]["tags"][:4] == ["security", "rules", "encryption", "NIST.800.53.R5 AC-0"]
    assert len(rule["properties"]["tags"]) == 10


def test_what_complies_is_a_result_only_when_asked_for(repository: Path) -> None:
    """GitHub would show it as an alert."""
    run = run_of(evidence=[EVIDENCE])
    assert report(run, repository)["results"] == []
    (passed,) = report(run, repository, evidence=True)["results"]
    assert (passed["kind"], passed["level"]) == ("pass", "none")
    assert place_of(passed) == ("stacks/a.py", 7)


def test_the_gravest_results_stay_and_the_rest_is_announced(repository: Path) -> None:
    """Open before acknowledged, errors before notes; the number of the others is in a notification and a property."""
    many = [
        finding(severity=severity, message=f"{severity} {letter}", acknowledged=taken)
        for severity in Severity
        for letter in "abc"
        for taken in (None, TAKEN)
    ]
    run = report(run_of(*many, evidence=[EVIDENCE]), repository, most=4, evidence=True)
    assert [result["level"] for result in run["results"]] == ["error", "error", "error", "warning"]
    assert not any("suppressions" in result for result in run["results"])
    assert run["properties"]["resultsLeftOut"] == 15
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"] == "15 results are left out: the report keeps the 4 gravest"
    assert sarif.MOST_RESULTS == 5_000


def test_a_check_that_did_not_run_is_told(repository: Path) -> None:
    """And so is an app that failed; a report without them does not look like a clean one."""
    run = report(run_of(not_run={"lint": "--fast"}, app_exit=3), repository)
    told = run["invocations"][0]["toolExecutionNotifications"]
    assert [(each["descriptor"]["id"], each["level"]) for each in told] == [("check-not-run", "warning"), ("app-failed", "error")]
    assert told[0]["message"]["text"] == "the check lint did not run: --fast"
    assert run["invocations"][0]["exitCode"] == 1
    unasked = report(run_of(not_run={"upgrade": "no --base to compare with"}), repository)["invocations"][0]
    assert [each["level"] for each in unasked["toolExecutionNotifications"]] == ["note"]
    assert report(run_of(), repository)["invocations"][0]["toolExecutionNotifications"] == []
    assert "automationDetails" not in run, "the upload's category would not count"


def test_no_text_of_a_template_is_a_link_or_an_argument(repository: Path) -> None:
    """In a message `[text](address)` would be a link and `{0}` a placeholder; in help Markdown would be markup."""
    result = only(run_of(finding(message="see [here](https://example.com) {0}", remedy="")), repository)
    assert result["message"]["text"] == "see [here] (https://example.com) {{0}} (Prod/Storage/Bucket)."
    (rule,) = report(run_of(finding(remedy="<b>@me</b> [a](b)")), repository)["tool"]["driver"]["rules"]
    assert rule["help"]["markdown"] == r"\<b\>\@me\</b\> \[a\]\(b\)"


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(findings, max_size=4))
def test_any_text_gives_a_valid_report(found: list[Finding]) -> None:
    """Control characters, half surrogate pairs, absolute paths, markup: the schema and GitHub's rules hold."""
    text = sarif.render(run_of(*found), acknowledged=True, here=Path("/nowhere"))
    assert text.isascii()
    run = report(run_of(*found), Path("/nowhere"))
    assert len(run["results"]) == len(found)


# --- fingerprints ------------------------------------------------------------------------------------------------------------------------


def one(**more: Any) -> str:
    return fingerprints([finding(**more)])[0]


def test_examples_of_docstrings_run() -> None:
    """The examples are true."""
    for module in (named, sarif_rules):
        assert doctest.testmod(module).attempted > 0
        assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    "moved",
    [
        {"source": "stacks/storage.py:99"},
        {"severity": Severity.NOTE},
        {"acknowledged": TAKEN},
        {"remedy": "other words"},
    ],
)
def test_a_finding_keeps_its_fingerprint(moved: dict[str, Any]) -> None:
    """Lines move, somebody takes it on: it is the same finding."""
    assert one(**moved) == one()


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("the template has 412 resources (82%)", "the template has 420 resources (84%)"),
        ("grants to arn:aws:iam::444444444401:role/A", "grants to arn:aws:iam::444444444402:role/A"),
        ("asset 0f3a9bd412c7 differs", "asset 99e1d0c34ab2 differs"),
    ],
)
def test_numbers_accounts_and_hashes_in_the_words_do_not_count(was: str, now: str) -> None:
    """They are other ones after the next commit, or on another machine."""
    assert one(message=was) == one(message=now)


@pytest.mark.parametrize(
    "other",
    [
        {"environment": "Dev"},
        {"stack": "Dev/Storage"},
        {"logical_id": "Bucket2"},
        {"construct_path": "Prod/Storage/Bucket2"},
        {"rule": "encryption.other"},
        {"check": "lint"},
        {"category": "data_loss"},
        {"message": "something else"},
    ],
)
def test_another_place_rule_or_environment_is_another_finding(other: dict[str, Any]) -> None:
    """Even where only the number at the end of a logical id differs."""
    assert one(**other) != one()


def test_an_account_in_a_path_does_not_count() -> None:
    """Some apps name a stage after its account."""
    assert one(construct_path="444444444401/Bucket") == one(construct_path="444444444402/Bucket")


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(findings, max_size=5).flatmap(lambda found: st.tuples(st.just([*found, *found[:2]]), st.randoms(use_true_random=False))))
def test_fingerprints_are_distinct_and_do_not_depend_on_the_order(drawn: tuple[list[Finding], Any]) -> None:
    """Equal findings are numbered; whatever the order, the same set of names comes out."""
    found, random = drawn
    names = fingerprints(found)
    assert len(set(names)) == len(found)
    assert all(re.fullmatch(r"[0-9a-f]{16}:\d+", name) for name in names)
    shuffled = list(found)
    random.shuffle(shuffled)
    assert sorted(fingerprints(shuffled)) == sorted(names)
