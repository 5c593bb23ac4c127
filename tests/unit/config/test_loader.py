"""The shape of lake.yaml: what is accepted, how each mistake is told, that all are told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from lakemodel import yaml_source
from lakemodel.config import (
    Baseline,
    Domain,
    Environment,
    LakeConfig,
    Organization,
    OrganizationBaseline,
    Owner,
    PermissionSetPrincipal,
    Persona,
    Policies,
    Protection,
    ReadScope,
    Response,
    RolePrincipal,
    Singleton,
    Zone,
)
from lakemodel.config.loader import load_config, read_config
from lakemodel.errors import InvalidInput
from tests.unit.config.support import REFERENCE, REMOVED, ROOT, changed, document, findings, put, said, valid

if TYPE_CHECKING:
    from pathlib import Path


def test_the_reference_is_valid() -> None:
    """config/lake.yaml has three environments with own accounts each, two domains and the personas of the field."""
    config = load_config(REFERENCE)
    assert list(config.environments) == ["dev", "staging", "prod"]
    assert {name: settings.protection for name, settings in config.environments.items()} == {
        "dev": Protection.STANDARD,
        "staging": Protection.STRICT,
        "prod": Protection.STRICT,
    }
    assert set(config.domains) == {"sales", "travel"}
    assert set(config.personas) >= {"data_analyst", "pii_reader", "data_steward", "data_scientist", "data_engineer"}
    assert config.strictest_classification == "restricted"
    readers = [name for name, persona in config.personas.items() if "restricted" in (persona.read.classifications or ())]
    assert readers == ["pii_reader"]


def test_the_minimal_example_is_valid() -> None:
    """The file that the documentation begins with."""
    config = load_config(ROOT / "examples" / "config" / "minimal.yaml")
    assert list(config.environments) == ["prod"]
    assert config.environments["prod"].protection is Protection.STRICT


def test_the_documentation_names_every_key_and_default() -> None:
    """A key that the page does not explain, or a default that it states wrongly, fails here."""
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")
    rows = {cells[1].strip(" `"): cells[-2].strip() for cells in (line.split("|") for line in page.splitlines()) if len(cells) > 3}
    for model, prefix in [
        (LakeConfig, ""),
        (Organization, ""),
        (OrganizationBaseline, "organization.baseline."),
        (Environment, ""),
        (Baseline, "baseline."),
        (Domain, ""),
        (Persona, ""),
        (ReadScope, "read."),
        (Policies, ""),
    ]:
        for name, field in model.model_fields.items():
            nested = any(key.startswith(f"{name}.") for key in rows)
            assert nested or prefix + name in rows, name
            if isinstance(field.default, bool | int | Owner | Response | Singleton):
                assert str(getattr(field.default, "value", field.default)).lower() in rows[prefix + name], name


def test_what_is_left_out_has_its_default() -> None:
    """The documented defaults: the safe choice everywhere."""
    config = read_config(document(changed(policies=REMOVED, personas=REMOVED)))
    environment = config.environments["dev"]
    assert config.personas == {}
    assert environment.recovery_region is None
    assert environment.allow_destroy is False
    assert environment.table_optimizers is True
    assert config.singletons("dev").audit_trail is Singleton.CREATE
    assert config.singletons("dev").threat_detection is Singleton.CREATE
    assert environment.baseline.existing_admins == "keep"
    assert config.policies.model_dump() == dict.fromkeys(
        ("number_without_precision", "unknown_type", "illegal_name", "missing_domain"), "error"
    )
    persona = read_config(document(valid())).personas["analyst"]
    assert persona.scan_limit_gib == 100
    assert persona.read.domains is None


def test_values_are_typed() -> None:
    """Zones are zones, principals what they were written as."""
    personas = read_config(document(valid())).personas
    assert personas["analyst"].principal == PermissionSetPrincipal(permission_set="Analyst")
    assert personas["reader"].principal == RolePrincipal(role="Reader", trusted_account="analytics")
    assert personas["reader"].read.zones == [Zone.CURATED, Zone.QUARANTINE]
    assert personas["reader"].read.zones[0].is_governed


def test_the_place_the_found_the_allowed_the_remedy(tmp_path: Path) -> None:
    """An error reads as promised: file:line path: what was found; what is allowed. What to do."""
    file = tmp_path / "lake.yaml"
    file.write_text(REFERENCE.read_text().replace("protection: standard", "protecton: standard", 1))
    with pytest.raises(InvalidInput) as caught:
        load_config(file, display="config/lake.yaml")
    line = REFERENCE.read_text().splitlines().index("    protection: standard") + 1
    missing, unknown = str(caught.value).splitlines()
    assert missing.startswith(
        f"config/lake.yaml:{line - 4} environments.dev: the key protection is missing; it has no default. Add protection. "
    )
    assert unknown == (
        f"config/lake.yaml:{line} environments.dev.protecton: found the unknown key protecton; allowed in environments.dev: lakes, "
        "consumers, region, protection, recovery_region, allow_destroy, private_network, raw_lock_days, table_optimizers "
        "and baseline. Did you mean protection?"
    )


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"domain": {}}, "domain", "allowed at the top: version, organization,"),
        (
            {"personas.analyst.principal": {"permission_set": "A", "role": "B"}},
            "personas.analyst.principal.role",
            ": permission_set, group and session_hours. Remove it.",
        ),
        ({"personas.reader.principal.rol": "A"}, "personas.reader.principal.rol", "Did you mean role?"),
        ({"personas.reader.principal": {"role": "A"}}, "personas.reader.principal", "Add trusted_account."),
        (
            {"personas.reader.principal": {}},
            "personas.reader.principal",
            "{ permission_set: NAME } or { role: NAME, trusted_account: ACCOUNT }",
        ),
        ({"personas.reader.principal": "Reader"}, "personas.reader.principal", 'found the text "Reader"'),
        ({"organization.management": 444444444499}, "organization.management", 'Quote it: "444444444499".'),
        ({"organization.management": "44444444449"}, "organization.management", "12 digits in quotes"),
        ({"organization.management": "١١١١١١١١١١١١"}, "organization.management", "12 digits in quotes"),  # noqa: RUF001 - digits, but not ASCII
        ({"organization": 5}, "organization", "found the number 5; a mapping is expected"),
        ({"organization": None}, "organization", "found nothing; a mapping is expected"),
        ({"version": 2}, "version", "found the number 2; allowed: 1"),
        ({"version": True}, "version", "found true; allowed: 1"),
        ({"version": "1"}, "version", 'found the text "1"; allowed: 1'),
        ({"environments.dev.allow_destroy": "no"}, "environments.dev.allow_destroy", "Write true or false, without quotes."),
        ({"environments.dev.allow_destroy": 0}, "environments.dev.allow_destroy", "found the number 0; true or false is expected"),
        ({"environments.dev.protection": "strikt"}, "environments.dev.protection", "allowed: standard or strict. Did you mean strict?"),
        (
            {"environments.dev.baseline": {"audit_trail": "no"}},
            "environments.dev.baseline.audit_trail",
            "allowed: create, adopt or organization",
        ),
        ({"environments": {}}, "environments", "at least one entry is needed"),
        ({"environments.dev.consumers": {}}, "environments.dev.consumers", "at least one entry is needed"),
        ({"domains.sales.owner": "the sales team"}, "domains.sales.owner", "an address is like"),
        ({"domains.sales.owner": "ä@example.com"}, "domains.sales.owner", "an address is like"),
        ({"personas.reader.principal.role": "Lesér"}, "personas.reader.principal.role", "1 to 64 of A-Z"),
        ({"personas.analyst.scan_limit_gib": 0}, "personas.analyst.scan_limit_gib", "allowed: at least 1"),
        ({"personas.analyst.scan_limit_gib": 10_001}, "personas.analyst.scan_limit_gib", "allowed: at most 10,000"),
        ({"personas.analyst.scan_limit_gib": "100"}, "personas.analyst.scan_limit_gib", "a whole number is expected"),
        ({"personas.analyst.scan_limit_gib": 1.5}, "personas.analyst.scan_limit_gib", "a whole number is expected"),
        ({"personas.analyst.read.zones": ["landing"]}, "personas.analyst.read.zones[0]", "allowed: curated, consumption or quarantine"),
        ({"personas.analyst.read.zones": []}, "personas.analyst.read.zones", "at least one entry is needed"),
        ({"classifications": []}, "classifications", "at least one entry is needed"),
        ({"policies.unknown_type": "strin"}, "policies.unknown_type", "allowed: error or string. Did you mean string?"),
        ({"policies.missing_domain": "sales"}, "policies.missing_domain", "allowed: error"),
        ({"policies.missing_domain": {}}, "policies.missing_domain", "the key use is missing"),
        ({"policies.number_without_precision": {"decimal": "38"}}, "policies.number_without_precision.decimal", 'such as "38,2"'),
        ({"policies.number_without_precision": {"decimal": 38.2}}, "policies.number_without_precision.decimal", 'Quote it: "38.2".'),
    ],
)
def test_refuses_values_that_are_not_allowed(changes: dict[str, Any], path: str, words: str) -> None:
    """Each is refused at its own place, in words that say what is allowed."""
    told = {finding.place.path: str(finding) for finding in findings(put(valid(), changes))}
    assert words in told[path]
    assert all(finding.remedy for finding in findings(put(valid(), changes)))


@pytest.mark.parametrize("name", ["Dev", "1dev", "dev-eu", "", "d" * 31, "dév", "dev\n"])
def test_refuses_names_that_cannot_become_ids(name: str) -> None:
    """Names of environments, accounts, domains and personas are lower case, digits and underscores, at most 30 characters."""
    data = valid()
    data["environments"][name] = data["environments"].pop("dev")
    codes = {finding.place.path: finding.code for finding in findings(data)}
    assert codes[yaml_source.dotted(("environments", name))] == "config.pattern"


def test_names_of_any_environment_are_accepted() -> None:
    """Environments may be named anything that is a name, `no` and thirty characters included."""
    data = valid()
    data["environments"]["no"] = data["environments"].pop("dev")
    data["environments"]["p" * 30] = data["environments"].pop("prod")
    assert set(read_config(document(data)).environments) == {"no", "p" * 30}


def test_says_everything_at_once() -> None:
    """Shape and cross-checks come together, sorted by line, each once."""
    data = put(
        valid(),
        {
            "organization.extra": 1,
            "organization.security": "222222222222",
            "environments.dev.protection": "none",
            "environments.prod.region": "us-west-1",
            "environments.prod.allow_destroy": True,
            "domains.travel.lake": "other",
            "personas.analyst.read.classifications": ["publc"],
            "policies.missing_domain.use": "salse",
        },
    )
    found = findings(data)
    assert [(finding.place.path, finding.code) for finding in found] == [
        ("organization.security", "config.duplicate_account"),
        ("organization.extra", "config.unknown_key"),
        ("environments.dev.protection", "config.choice"),
        ("environments.prod.region", "config.region_without_service"),
        ("environments.prod.allow_destroy", "config.strict_destroy"),
        ("domains.travel.lake", "config.unknown_account"),
        ("personas.analyst.read.classifications[0]", "config.unknown_classification"),
        ("policies.missing_domain.use", "config.unknown_domain"),
    ]
    lines = [finding.place.line for finding in found]
    assert None not in lines
    assert lines == sorted(lines)


def test_a_missing_part_does_not_hide_the_rest() -> None:
    """Cross-checks run on what is there even when whole sections are missing or wrong."""
    told = said(changed(organization=REMOVED, environments__dev=7, personas__reader__read=[]))
    assert told == {
        "": "config.missing_key",
        "environments.dev": "config.type",
        "personas.reader.read": "config.type",
        "domains.sales.lake": "config.unknown_account",
        "domains.travel.lake": "config.unknown_account",
        "personas.analyst.account": "config.unknown_account",
        "personas.reader.account": "config.unknown_account",
        "personas.reader.principal.trusted_account": "config.unknown_account",
    }


def test_an_unreadable_file_is_a_finding(tmp_path: Path) -> None:
    """No file, no YAML, no mapping: InvalidInput each time, never a traceback."""
    for content in (None, b"", b"\xff", b"a: [", b"- 1"):
        path = tmp_path / "lake.yaml"
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(InvalidInput, match=r"lake\.yaml"):
            load_config(path)


@given(st.binary(max_size=300))
@example(b"version: 1\n")
@example(b"environments: {dev: {lakes: [1], consumers: {a: {b: c}}, region: {}, recovery_region: 5}}\n")
@example(b"personas: {a: {principal: {permission_set: [1]}, account: {}, read: {zones: [[]], classifications: {}, domains: [{}]}}}\n")
@example(b"policies: {number_without_precision: {decimal: '\xc2\xb2,\xc2\xb2'}}\n")
def test_any_bytes_are_a_configuration_or_invalid_input(content: bytes) -> None:
    """Whatever a file holds, reading it ends in one of the two."""
    try:
        config = read_config(yaml_source.parse(content, file="x"))
    except InvalidInput as error:
        assert error.findings  # noqa: PT017 - both outcomes are right
    else:
        assert isinstance(config, LakeConfig)


PATHS = [
    "version",
    "organization",
    "organization.management",
    "environments",
    "environments.dev",
    "environments.dev.lakes",
    "environments.dev.lakes.main",
    "environments.dev.region",
    "environments.dev.recovery_region",
    "environments.dev.baseline",
    "domains",
    "domains.sales",
    "domains.sales.lake",
    "classifications",
    "personas",
    "personas.analyst",
    "personas.analyst.principal",
    "personas.analyst.principal.permission_set",
    "personas.analyst.read",
    "personas.analyst.read.zones",
    "personas.analyst.read.classifications",
    "policies",
    "policies.number_without_precision",
    "policies.number_without_precision.decimal",
    "policies.missing_domain",
]
TEXTS = st.sampled_from(["", "main", "eu-west-1", "cn-north-1", "quarantine", "38,2", "0,0", "no", "@role", "[key]"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 10**13) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(TEXTS, children, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.sampled_from(PATHS), VALUES, min_size=1, max_size=4))
def test_any_value_anywhere_is_a_configuration_or_invalid_input(changes: dict[str, Any]) -> None:
    """A valid file with anything put anywhere is refused with places and remedies, or is valid."""
    data = valid()
    for path in sorted(changes, key=len, reverse=True):
        put(data, {path: changes[path]})
    try:
        read_config(document(data))
    except InvalidInput as error:
        assert all(finding.place.file == "lake.yaml" and finding.place.line and finding.remedy for finding in error.findings)  # noqa: PT017 - see above
