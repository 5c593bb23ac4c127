"""access.yaml: what is refused, where, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakecheck.access.invariants.loader import access_schema_text, load_rules
from lakemodel.errors import InvalidInput

CONFIG = Path(__file__).parents[4] / "config"
RULE = "invariants:\n  - id: no-pii\n    says: Nobody reads it.\n    forbid: { do: [read] }\n"


def refused(tmp_path: Path, text: str) -> str:
    file = tmp_path / "access.yaml"
    file.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        load_rules(file)
    return "\n".join(str(finding) for finding in caught.value.findings)


def test_the_references_own_file_reads():
    """What is shipped is valid, with its personas and contracts."""
    loaded = load_rules(CONFIG / "access.yaml")
    assert loaded.lake is not None
    assert loaded.contracts is not None
    assert loaded.classifications[-1] == "restricted"


def test_the_committed_schema_is_the_models():
    """An editor says what the loader says."""
    assert (CONFIG / "access.schema.json").read_text() == access_schema_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 1\n", "the key invariants is missing"),
        (f"version: 2\n{RULE}", "allowed: 1"),
        (f"version: 1\nsurprise: 1\n{RULE}", "unknown key surprise; allowed: buckets, classifications, contracts, invariants, lake, tags"),
        (
            f"version: 1\n{RULE.replace('forbid', 'forbidd')}",
            "allowed: except, forbid, grants, id, personas, require and says. Did you mean",
        ),
        (f"version: 1\n{RULE.replace('do: [read]', 'data: { tabel: [x] }')}", "kind, table, tag and zone. Did you mean table?"),
        (f"version: 1\n{RULE.replace('no-pii', 'No PII')}", "an id is a lower-case letter"),
        (f"version: 1\n{RULE.replace('do: [read]', 'do: [look]')}", "'grant'"),
        (f"version: 1\n{RULE}    require: {{ do: [read] }}\n", "one of forbid, require, personas and grants"),
        (f"version: 1\n{RULE}    except: [{{ principal: x, persona: y, because: long enough }}]\n", "names one of"),
        (f"version: 1\n{RULE}    except: [{{ persona: nobody, because: long enough }}]\n", "declared: none"),
        (f"version: 1\n{RULE}    except: [{{ pipeline: '*/JobRole', because: long enough }}]\n", "{product}"),
        (f"version: 1\n{RULE}    except: [{{ principal: x, because: short }}]\n", "10"),
        (f"version: 1\n{RULE}" + RULE.partition("\n")[2], "stands twice"),
        (f"version: 1\nbuckets: [{{ where: x, classification: public }}]\n{RULE}", "needs because"),
        (f"version: 1\n{RULE.replace('do: [read]', 'do: [read], actions: [s3:GetObject]')}", "write two invariants"),
        (f"version: 1\n{RULE.replace('do: [read]', 'actions: [s3:*]')}", "without wildcards"),
        (f"version: 1\n{RULE.replace('forbid: { do: [read] }', 'personas: query')}", "no lake.yaml is named"),
    ],
)
def test_fails_when(tmp_path: Path, text: str, message: str):
    """Each mistake is named with its place."""
    said = refused(tmp_path, text)
    assert message in said
    assert "access.yaml" in said


def test_fails_when_a_class_is_not_in_lake_yaml(tmp_path: Path):
    """A misspelt class would forbid nothing."""
    (tmp_path / "lake.yaml").write_text((CONFIG / "lake.yaml").read_text())
    text = "version: 1\nlake: lake.yaml\n" + RULE.replace("{ do: [read] }", "{ data: { classification: [secret] } }")
    assert '"secret" as a classification; declared: public, internal, confidential or restricted' in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{ data: { zone: [currated] } }", '"currated" as a zone; declared: landing'),
        ("{ data: { domain: [sale] } }", '"sale" as a domain; declared: sales or travel'),
        ("{ who: { persona: [analyst] } }", '"analyst" as a persona'),
        (
            "{ actions: [ec2:StopInstances], resources: { type: [AWS::EC2::Instance] } }",
            '"AWS::EC2::Instance" as a type, which is not followed',
        ),
    ],
)
def test_fails_when_a_rule_would_be_about_nothing(tmp_path: Path, rule: str, message: str):
    """A misspelt zone, domain or persona, or a type that is not followed, would prove anything."""
    (tmp_path / "lake.yaml").write_text((CONFIG / "lake.yaml").read_text())
    assert message in refused(tmp_path, "version: 1\nlake: lake.yaml\n" + RULE.replace("{ do: [read] }", rule))


def test_fails_when_a_bucket_or_an_allowed_grant_names_nothing(tmp_path: Path):
    """The same holds for buckets' zones, and for the data and personas of grants."""
    (tmp_path / "lake.yaml").write_text((CONFIG / "lake.yaml").read_text())
    grants = "grants: [{ principal: x, permissions: [SELECT], data: { zone: [old] } }, { persona: nobody, permissions: [SELECT] }]"
    text = "version: 1\nlake: lake.yaml\nbuckets: [{ where: x, zone: cold }]\n" + RULE.replace("forbid: { do: [read] }", grants)
    said = refused(tmp_path, text)
    assert '"cold" as a zone' in said
    assert '"old" as a zone' in said
    assert '"nobody" as a persona' in said


def test_names_may_be_in_any_case(tmp_path: Path):
    """Lake Formation keeps tags in lower case; a rule may write them as it likes."""
    (tmp_path / "lake.yaml").write_text((CONFIG / "lake.yaml").read_text())
    file = tmp_path / "access.yaml"
    rule = "{ data: { zone: [Curated], domain: [SALES], classification: [Restricted] } }"
    file.write_text("version: 1\nlake: lake.yaml\n" + RULE.replace("{ do: [read] }", rule))
    assert load_rules(file).rules.invariants
