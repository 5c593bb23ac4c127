"""What has to fit together in lake.yaml: accounts, names, references, Regions, protection."""

from __future__ import annotations

from typing import Any

import pytest

from lakemodel import yaml_source
from lakemodel.config.loader import read_config
from lakemodel.config.regions import region_table
from lakemodel.errors import InvalidInput
from lakemodel.limits import Quota, limit
from tests.unit.config.support import REMOVED, changed, document, findings, put, said, valid


def only(data: dict[str, Any]) -> tuple[str, str, str]:
    """Path, code and text of the one finding."""
    (finding,) = findings(data)
    return finding.place.path, finding.code, str(finding)


def test_the_valid_data_is_valid() -> None:
    """Every refusal below is caused by its one change."""
    assert read_config(document(valid())).domains.keys() == {"sales", "travel"}


@pytest.mark.parametrize(
    ("path", "account", "other"),
    [
        ("environments.dev.consumers.analytics", "444444444401", "environments.dev.lakes.main"),
        ("environments.prod.lakes.main", "444444444401", "environments.dev.lakes.main"),
        ("environments.prod.consumers.analytics", "444444444402", "environments.dev.consumers.analytics"),
        ("environments.dev.lakes.main", "111111111111", "organization.management"),
        ("environments.dev.lakes.main", "222222222222", "organization.log_archive"),
        ("environments.dev.consumers.analytics", "333333333333", "organization.security"),
        ("organization.security", "111111111111", "organization.management"),
    ],
)
def test_fails_when_an_account_has_two_parts(path: str, account: str, other: str) -> None:
    """Within an environment, across environments, with the organisation's accounts; both places are named."""
    place, code, text = only(put(valid(), {path: account}))
    assert (place, code) == (path, "config.duplicate_account")
    assert f"account {account} is already {other} (line " in text


def test_fails_when_an_account_id_with_a_leading_zero_is_not_quoted() -> None:
    """It would be read as text here, but as an octal number elsewhere."""
    source = document(valid())
    text = str(source.data).replace("'444444444401'", "012345678901").replace("True", "true")
    with pytest.raises(
        InvalidInput, match=r'environments\.dev\.lakes\.main: found 012345678901 without quotes; .* Quote it: "012345678901"\.'
    ):
        read_config(yaml_source.parse(text.encode(), file="lake.yaml"))


def two_lakes(**persona: Any) -> dict[str, Any]:
    """Sales in the lake main, travel in the lake trips, and a persona in the account of main."""
    data = put(valid(), {"domains.travel.lake": "trips", "personas.reader.account": "main"})
    data["personas"]["reader"]["read"].update(persona)
    for number, environment in enumerate(data["environments"].values()):
        environment["lakes"]["trips"] = f"44444444449{number}"
    return data


@pytest.mark.parametrize("domains", [["sales", "travel"], ["travel"]])
def test_fails_when_a_lakes_persona_reads_another_lake(domains: list[str]) -> None:
    """Nothing would link the other lake's databases into this account, so the persona would read nothing there."""
    place, code, text = only(two_lakes(domains=domains))
    assert (place, code) == ("personas.reader.read.domains", "config.other_lake")
    assert "a persona of the lake account main reads that lake alone, and travel is elsewhere; allowed here: sales. List" in text


def test_fails_when_a_lakes_persona_reads_every_lake() -> None:
    """No domains are all domains."""
    data = two_lakes()
    del data["personas"]["reader"]["read"]["domains"]
    assert only(data)[:2] == ("personas.reader", "config.other_lake")


def test_personas_of_consumers_read_every_lake_and_those_of_lakes_their_own() -> None:
    """Links go to consumer accounts; a lake needs none for itself."""
    data = two_lakes(domains=["sales"])
    assert data["personas"]["analyst"]["read"].get("domains") is None
    assert read_config(document(data)).personas["reader"].account == "main"


def test_fails_when_a_name_is_of_a_lake_and_of_a_consumer() -> None:
    """A persona's account would be ambiguous."""
    data = valid()
    data["environments"]["dev"]["consumers"]["main"] = "444444444409"
    assert said(data) == {"environments.dev.consumers.main": "config.account_name"}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("domains.sales.lake", "found the lake othr, which dev and prod lack; in every environment: main"),
        ("personas.analyst.account", "found the account othr, which dev and prod lack; in every environment: main and analytics"),
        ("personas.reader.principal.trusted_account", "found the account othr, which dev and prod lack"),
        ("personas.reader.read.domains", "found the domain othr, which is not declared; declared: sales and travel"),
        (
            "personas.analyst.read.classifications",
            "found the classification othr, which is not declared; declared: public, internal and restricted",
        ),
        ("policies.missing_domain.use", "found the domain othr, which is not declared"),
    ],
)
def test_fails_when_a_reference_leads_nowhere(path: str, words: str) -> None:
    """The finding says what there is."""
    value = ["othr"] if path.endswith(("domains", "classifications")) else "othr"
    assert any(words in str(finding) for finding in findings(put(valid(), {path: value})))


def test_fails_when_an_account_is_missing_in_one_environment() -> None:
    """The environment that lacks it is named, and the close name proposed."""
    data = valid()
    data["environments"]["prod"]["lakes"] = {"main": "444444444421", "second": "444444444423"}
    place, code, text = only(put(data, {"domains.sales.lake": "second"}))
    assert (place, code) == ("domains.sales.lake", "config.unknown_account")
    assert "which dev lacks; in every environment: main. Use one of them, or add second to environments.dev.lakes." in text


def test_a_misspelled_name_is_recognised() -> None:
    """A close name is proposed."""
    assert "Did you mean analytics?" in only(changed(personas__analyst__account="analitics"))[2]


@pytest.mark.parametrize(("kind", "name"), [("permission_set", "ANALYST"), ("role", "READER")])
def test_fails_when_two_personas_are_one_principal(kind: str, name: str) -> None:
    """IAM knows no upper and lower case; the grants of both would add up."""
    data = valid()
    principal = {kind: name} | ({"trusted_account": "analytics"} if kind == "role" else {})
    data["personas"]["second"] = data["personas"]["analyst"] | {"principal": principal}
    assert said(data) == {f"personas.second.principal.{kind}": "config.duplicate_principal"}
    data["personas"]["second"]["account"] = "main"
    read_config(document(data))


def test_fails_when_a_persona_takes_the_break_glass_role() -> None:
    """Both would be made in the same account under one name."""
    assert said(changed(personas__reader__principal__role="breakglass")) == {"personas.reader.principal.role": "config.break_glass_role"}


def test_fails_when_open_zones_have_no_classifications() -> None:
    """Leaving them out would open the strictest class; only quarantine alone may."""
    assert said(changed(personas__analyst__read={"zones": ["curated"]})) == {"personas.analyst.read": "config.no_classifications"}
    assert said(changed(personas__analyst__read={"zones": ["quarantine", "consumption"]})) == {
        "personas.analyst.read": "config.no_classifications"
    }
    read_config(document(changed(personas__analyst__read={"zones": ["quarantine"]})))


def test_fails_when_a_grant_would_open_nothing() -> None:
    """All of quarantine is in the strictest class."""
    told = said(changed(personas__reader__read={"zones": ["quarantine"], "classifications": ["internal"]}))
    assert told == {"personas.reader.read.zones": "config.void_grant"}


def test_fails_when_named_products_are_read_where_none_is_declared() -> None:
    """Contracts declare tables of curated, and quarantine beside them; derived ones have no contract that could name a persona."""
    read = {"zones": ["curated", "consumption"], "classifications": ["public"], "products": "named"}
    assert said(changed(personas__analyst__read=read)) == {"personas.analyst.read.zones": "config.void_grant"}
    assert (
        read_config(document(changed(personas__analyst__read=read | {"zones": ["curated"]}))).personas["analyst"].read.products == "named"
    )
    read_config(document(changed(personas__analyst__read=read | {"products": "all"})))
    assert said(changed(personas__analyst__read=read | {"products": "some"})) == {"personas.analyst.read.products": "config.choice"}


@pytest.mark.parametrize("part", ["zones", "classifications", "domains"])
def test_fails_when_a_list_repeats_an_entry(part: str) -> None:
    """A repetition is a mistake somewhere."""
    data = valid()
    entries = data["personas"]["reader"]["read"][part]
    entries.append(entries[0])
    assert said(data) == {f"personas.reader.read.{part}[{len(entries) - 1}]": "config.repeated"}


def test_fails_when_a_classification_is_listed_twice() -> None:
    """The order would say two things."""
    assert said(changed(classifications=["public", "internal", "restricted", "internal"])).keys() >= {"classifications[3]"}


@pytest.mark.parametrize(("first", "second"), [("data_eng", "dataeng"), ("a_b", "ab"), ("a__b", "a_b"), ("a_1", "a1"), ("ab_", "ab")])
@pytest.mark.parametrize("part", ["domains", "personas", "environments"])
def test_fails_when_names_become_one_construct_id(part: str, first: str, second: str) -> None:
    """Distinct names that are the same in PascalCase, but for case, are refused where the second stands."""
    data = valid()
    if part == "environments":
        data[part] = {first: data[part]["dev"], second: data[part]["prod"]}
    else:
        data[part][first] = dict(next(iter(data[part].values())), **({"account": "main"} if part == "personas" else {}))
        data[part][second] = dict(data[part][first], **({"principal": {"permission_set": "Other"}} if part == "personas" else {}))
    assert said(data) == {f"{part}.{second}": "config.name_collision"}


def test_fails_when_a_domain_is_another_ones_database() -> None:
    """`sales_quarantine` is the database of the quarantine of `sales`."""
    for suffix in ("quarantine", "consumption"):
        data = valid()
        data["domains"][f"sales_{suffix}"] = data["domains"]["sales"]
        assert said(data) == {f"domains.sales_{suffix}": "config.database_collision"}
    data = valid()
    data["domains"]["sales_curated"] = data["domains"]["sales"]
    read_config(document(data))


@pytest.mark.parametrize("name", ["default", "information_schema"])
def test_fails_when_a_domain_is_a_reserved_database(name: str) -> None:
    """Athena has these."""
    data = valid()
    data["domains"][name] = data["domains"]["sales"]
    assert said(data) == {f"domains.{name}": "config.reserved_name"}


def test_fails_when_there_are_more_domains_than_tag_values() -> None:
    """The quota of values per LF-Tag key bounds the number of domains."""
    data = valid()
    data["domains"] |= {f"d{number}": data["domains"]["sales"] for number in range(limit(Quota.LF_TAG_VALUES).value)}
    place, code, text = only(data)
    assert (place, code) == ("domains", "config.too_many")
    assert "at most 1,000 values" in text


def test_fails_when_a_region_is_unknown() -> None:
    """The date of the table is said, and the close name proposed."""
    place, code, text = only(changed(environments__dev__region="eu-wst-1"))
    assert (place, code) == ("environments.dev.region", "config.unknown_region")
    assert f"the table of Regions of {region_table().as_of} does not know it" in text
    assert "Did you mean eu-west-1?" in text


def test_fails_when_a_region_lacks_a_needed_service() -> None:
    """The missing service, the table's date, the Regions that have everything and the way out are named."""
    place, code, text = only(changed(environments__dev__region="us-west-1"))
    assert (place, code) == ("environments.dev.region", "config.region_without_service")
    assert f"us-west-1 has no glue_table_optimizers by the table of Regions of {region_table().as_of}" in text
    assert "eu-west-1" in text
    assert "set table_optimizers to false" in text
    read_config(document(put(changed(environments__dev__region="us-west-1"), {"environments.dev.table_optimizers": False})))


def test_fails_when_environments_are_in_two_partitions() -> None:
    """An organisation is in one partition; all of another partition is fine."""
    data = put(valid(), {f"environments.{name}.table_optimizers": False for name in ("dev", "prod")})
    data["environments"]["dev"]["region"] = "cn-north-1"
    assert said(data) == {"environments.prod.region": "config.partition"}
    data["environments"]["prod"]["region"] = "cn-northwest-1"
    read_config(document(data))


@pytest.mark.parametrize(
    ("region", "code"),
    [("eu-west-1", "config.recovery_region"), ("cn-north-1", "config.recovery_region"), ("eu-central-9", "config.unknown_region")],
)
def test_fails_when_the_recovery_region_cannot_be(region: str, code: str) -> None:
    """It is another Region of the same partition."""
    assert said(changed(environments__prod__recovery_region=region)) == {"environments.prod.recovery_region": code}


def test_a_recovery_region_needs_storage_only() -> None:
    """A Region without table optimizers can hold copies."""
    assert (
        read_config(document(changed(environments__prod__recovery_region="eu-west-3"))).environments["prod"].recovery_region == "eu-west-3"
    )


def test_fails_when_a_strict_environment_may_be_destroyed() -> None:
    """Data there is never destroyed; a standard one may allow it."""
    assert said(changed(environments__prod__allow_destroy=True)) == {"environments.prod.allow_destroy": "config.strict_destroy"}
    assert read_config(document(changed(environments__dev__allow_destroy=True))).environments["dev"].allow_destroy


def test_fails_when_a_strict_environment_is_weaker() -> None:
    """A standard one has a copy in another Region, the strict one has none."""
    assert said(changed(environments__dev__recovery_region="eu-central-1")) == {"environments.prod": "config.strict_weaker"}


@pytest.mark.parametrize("decimal", ["39,2", "0,0", "10,11"])
def test_fails_when_a_decimal_cannot_be(decimal: str) -> None:
    """Precision from 1 to 38, scale up to the precision."""
    told = said(changed(policies__number_without_precision={"decimal": decimal}))
    assert told == {"policies.number_without_precision.decimal": "config.decimal"}


@pytest.mark.parametrize("decimal", ["38,38", "1,0", "38,0"])
def test_decimals_at_the_edge(decimal: str) -> None:
    """The bounds themselves are allowed."""
    read_config(document(changed(policies__number_without_precision={"decimal": decimal})))


def test_policies_may_be_left_out() -> None:
    """Nothing refers to policies."""
    read_config(document(changed(policies=REMOVED)))
