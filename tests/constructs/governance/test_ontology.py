"""The ontology of LF-Tags: its order of strictness, keys of one's own, what names can be."""

from __future__ import annotations

import pytest

from constructs_lib.governance import LfTagOntology
from lakemodel.errors import DataLakeError
from tests.support import new_stack, resources, template


def test_an_ontology_has_an_order_and_keys_of_ones_own() -> None:
    """The order can be asked; keys of one's own become LF-Tags, in lower case."""
    stack = new_stack()
    classes, own = ["Public", "Internal", "Secret"], {"PII_Review": ["Open", "Passed"]}
    tags = LfTagOntology(stack, "Tags", domains=["sales"], classifications=classes, additional_keys=own)
    assert tags.up_to("internal") == ("public", "internal")
    assert tags.up_to("Secret") == tags.classifications == ("public", "internal", "secret")
    assert tags.stricter_of("internal", "public") == "internal"
    assert tags.stricter_of() == tags.strictest == "secret"
    with pytest.raises(DataLakeError, match="it can be public, internal, secret"):
        tags.up_to("restricted")
    made = [tag["Properties"] for tag in resources(template(stack), "AWS::LakeFormation::Tag").values()]
    assert {"TagKey": "pii_review", "TagValues": ["open", "passed"]} in made
    assert len(made) == 4


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"Domain": ["a"]}, "domain, zone, classification are there already"),
        ({"p_i": ["a"], "P-I": ["a"]}, "are there already"),
        ({"team": []}, "got 0 values for LF-Tag team"),
        ({"team": ["a", "A"]}, "different ones, case aside"),
        ({"team": ["x" * 51]}, "allowed are 1 to 50 letters"),
        ({"t" * 51: ["a"]}, "allowed are 1 to 50 letters"),
        ({"team": ["a;b"]}, "got 'a;b' in LF-Tag team"),
        ({"te*am": ["a"]}, r"got 'te\*am' in LF-Tag"),
    ],
)
def test_fails_when_a_key_of_ones_own_cannot_be(keys: dict[str, list[str]], message: str) -> None:
    """Lengths, signs and names are those that Lake Formation takes."""
    with pytest.raises(DataLakeError, match=message) as raised:
        LfTagOntology(new_stack(), "Tags", domains=["sales"], classifications=["public"], additional_keys=keys)
    assert raised.value.code == "tag_values"
