"""Documents as people write them, from the page on the grammar of IAM's policy language (reference_policies_grammar)."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, strategies as st

from lakecheck.iam import Effect, Policy, PolicyKind, parse_policy, read_policy
from lakecheck.values import Unknown, hole
from lakemodel.errors import InvalidInput

ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def _parsed(statement: Any, **rest: Any) -> Policy:
    return parse_policy({"Version": "2012-10-17", "Statement": statement, **rest}, name="doc")


def _refused(document: Any, kind: PolicyKind = PolicyKind.ANY) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        parse_policy(document, name="doc", kind=kind)
    assert all(finding.place.file == "doc" and finding.message and finding.remedy for finding in caught.value.findings)
    return [(finding.code, finding.place.path) for finding in caught.value.findings]


def test_one_text_and_one_object_stand_for_lists():
    """A single statement, action and resource read as lists of one."""
    (statement,) = _parsed(ALLOW).statements
    assert (statement.index, statement.effect, statement.actions, statement.resources) == (0, Effect.ALLOW, ("s3:GetObject",), ("*",))
    assert statement.principals is None
    assert statement.unknown == ()


def test_element_names_operators_and_quantifiers_are_read_in_any_case():
    """What AWS takes in any case comes out in IAM's spelling; keys and values stay as written."""
    condition = {"foranyvalue:stringLIKEifexists": {"AWS:TagKeys": "A"}}
    (statement,) = _parsed({"effect": "Deny", "NOTACTION": "S3:get*", "notresource": ["b"], "CONDITION": condition}).statements
    assert statement.not_actions == ("S3:get*",)
    assert statement.actions is None
    assert statement.not_resources == ("b",)
    (test,) = statement.conditions
    assert (test.operator, test.quantifier, test.if_exists, test.key) == ("StringLike", "ForAnyValue", True, "AWS:TagKeys")


def test_numbers_and_booleans_are_values():
    """Condition values that are no texts become the texts that AWS makes of them."""
    (statement,) = _parsed({**ALLOW, "Condition": {"Bool": {"a:b": [True, False]}, "NumericLessThan": {"a:c": [10, 1.5, 2.0]}}}).statements
    assert [test.values for test in statement.conditions] == [("true", "false"), ("10", "1.5", "2")]


@pytest.mark.parametrize(
    ("document", "version"),
    [
        ({}, "2008-10-17"),
        ({"Version": "2008-10-17"}, "2008-10-17"),
        ({"Version": "2012-10-17"}, "2012-10-17"),
        ({"Version": date(2012, 10, 17)}, "2012-10-17"),
    ],
)
def test_the_version_defaults_to_the_old_one(document, version):
    """Without Version a document is of 2008-10-17; YAML's date is the text that it was."""
    assert parse_policy({"Statement": [], **document}, name="doc").version == version


def test_json_text_is_a_document():
    """Text and bytes of JSON read as the object."""
    text = json.dumps({"Statement": ALLOW, "Id": "any"})
    for document in (text, text.encode()):
        assert parse_policy(document, name="doc").statements[0].actions == ("s3:GetObject",)


def test_empty_lists_are_taken():
    """Empty lists are no mistake to AWS; nothing is made up for them."""
    (statement,) = _parsed({"Effect": "Allow", "Action": [], "Resource": [], "Condition": {"StringEquals": {"a:b": []}}}).statements
    assert (statement.actions, statement.resources, statement.conditions[0].values) == ((), (), ())
    assert _parsed([]).statements == ()


def test_principals_by_kind():
    """A star, one text and an object of kinds in any case all read as principals by kind."""
    for written, read in (
        ("*", {"AWS": ("*",)}),
        ("arn:aws:iam::111122223333:root", {"AWS": ("arn:aws:iam::111122223333:root",)}),
        ({"aws": "111122223333", "SERVICE": ["a.amazonaws.com"]}, {"AWS": ("111122223333",), "Service": ("a.amazonaws.com",)}),
    ):
        assert _parsed({**ALLOW, "Principal": written}).statements[0].principals == read
    statement = _parsed({**ALLOW, "NotPrincipal": {"AWS": "111122223333"}}).statements[0]
    assert statement.principals is None
    assert statement.not_principals == {"AWS": ("111122223333",)}


@pytest.mark.parametrize(
    ("document", "findings"),
    [
        ("{", [("policy.not_json", "")]),
        ('{"Statement": [], "Statement": []}', [("policy.repeated_element", "")]),
        ([], [("policy.not_an_object", "")]),
        (None, [("policy.not_an_object", "")]),
        ({}, [("policy.no_statement", "")]),
        ({"Statement": "Allow"}, [("policy.statement", "Statement")]),
        ({"Statement": [ALLOW, 3]}, [("policy.statement", "Statement[1]")]),
        ({"Statement": [], "Version": "2012-10-18"}, [("policy.version", "Version")]),
        ({"Statement": [], "Statements": []}, [("policy.unknown_element", "Statements")]),
        ({"Statement": [], "statement": []}, [("policy.repeated_element", "statement")]),
        ({"Statement": {**ALLOW, "Conditions": {}}}, [("policy.unknown_element", "Statement.Conditions")]),
        ({"Statement": [{**ALLOW, "Effect": "allow"}]}, [("policy.effect", "Statement[0].Effect")]),
        ({"Statement": [{**ALLOW, "Effect": "Permit"}]}, [("policy.effect", "Statement[0].Effect")]),
        ({"Statement": [{"Action": "*", "Resource": "*"}]}, [("policy.effect", "Statement[0]")]),
        ({"Statement": [{**ALLOW, "NotAction": "s3:*"}]}, [("policy.both", "Statement[0]")]),
        ({"Statement": [{**ALLOW, "NotResource": "*"}]}, [("policy.both", "Statement[0]")]),
        ({"Statement": [{**ALLOW, "Principal": "*", "NotPrincipal": "*"}]}, [("policy.both", "Statement[0]")]),
        ({"Statement": [{"Effect": "Allow", "Resource": "*"}]}, [("policy.missing_element", "Statement[0]")]),
        ({"Statement": [{**ALLOW, "Action": ["s3:*", "GetObject"]}]}, [("policy.action", "Statement[0].Action[1]")]),
        ({"Statement": [{**ALLOW, "Resource": ["*", None]}]}, [("policy.not_a_text", "Statement[0].Resource[1]")]),
        ({"Statement": [{**ALLOW, "Principal": {"Aws": "*", "Robot": "x"}}]}, [("policy.unknown_element", "Statement[0].Principal.Robot")]),
        ({"Statement": [{**ALLOW, "Principal": {"AWS": "arn:aws:iam::1:role/*"}}]}, [("policy.principal", "Statement[0].Principal.AWS")]),
        ({"Statement": [{**ALLOW, "Condition": []}]}, [("policy.condition", "Statement[0].Condition")]),
        ({"Statement": [{**ALLOW, "Condition": {"StringIs": {"a:b": "c"}}}]}, [("policy.operator", "Statement[0].Condition.StringIs")]),
        ({"Statement": [{**ALLOW, "Condition": {"Bool": {"a:b": {}}}}]}, [("policy.condition", "Statement[0].Condition.Bool.a:b")]),
        ({"Statement": [{**ALLOW, "Sid": "A"}, {**ALLOW, "Sid": "B"}, {**ALLOW, "Sid": "A"}]}, [("policy.sid_twice", "Statement[2].Sid")]),
    ],
)
def test_fails_when_aws_would_refuse(document, findings):
    """Each refusal names the document and the path in it."""
    assert _refused(document) == findings


@pytest.mark.parametrize(
    ("kind", "statement", "finding"),
    [
        (PolicyKind.IDENTITY, {**ALLOW, "Principal": "*"}, ("policy.not_allowed_here", "Statement.Principal")),
        (PolicyKind.IDENTITY, {"Effect": "Allow", "Action": "*"}, ("policy.missing_element", "Statement")),
        (PolicyKind.RESOURCE, ALLOW, ("policy.missing_element", "Statement")),
        (PolicyKind.TRUST, {**ALLOW, "Principal": "*"}, ("policy.not_allowed_here", "Statement.Resource")),
    ],
)
def test_fails_when_the_kind_of_policy_forbids_it(kind, statement, finding):
    """Principals belong to resource and trust policies, resources to all but trust policies."""
    assert _refused({"Statement": statement}, kind) == [finding]
    assert parse_policy({"Statement": statement}, name="doc").statements


def test_nothing_that_aws_may_refuse_vanishes():
    """Read leniently, a bad statement may match or not; one whose effect is not clear may do either."""
    policy, findings = read_policy(
        {"Statement": [{**ALLOW, "Effect": "Permit"}, {**ALLOW, "Condition": {"Nope": {"a:b": "c"}}}, 7]}, name="doc"
    )
    assert len(findings) == 3
    assert [(each.index, each.effect.value, bool(each.unknown)) for each in policy.statements] == [
        (0, "Allow", True),
        (0, "Deny", True),
        (1, "Allow", True),
    ]
    assert len(policy.unknown) == 1
    nothing, findings = read_policy("no json", name="doc")
    assert nothing.unknown
    assert findings


def test_a_list_that_is_known_in_part_surely_matches_the_known_part():
    """The known members make a statement of their own; the unknown one makes one that may match anything."""
    sure, maybe = _parsed({**ALLOW, "Action": ["s3:GetObject", Unknown("a parameter")]}).statements
    assert (sure.actions, sure.unknown) == (("s3:GetObject",), ())
    assert (maybe.actions, maybe.unknown, maybe.index) == (("*",), ("a parameter",), 0)


def test_an_unknown_exception_never_widens_what_is_sure():
    """Of a NotAction that is known in part only the known part is surely spared."""
    (maybe,) = _parsed({"Effect": "Deny", "NotAction": ["iam:*", Unknown("x")], "Resource": "*"}).statements
    assert (maybe.not_actions, maybe.unknown) == (("iam:*",), ("x",))


@pytest.mark.parametrize(
    ("operator", "kept_when_possible", "is_certain"),
    [("StringEquals", 0, True), ("StringNotEquals", 1, False), ("ForAllValues:StringLike", 0, True)],
)
def test_unknown_values_of_a_condition(operator, kept_when_possible, is_certain):
    """One more value makes a positive test easier to meet and a negated one harder."""
    statements = _parsed({**ALLOW, "Condition": {operator: {"a:b": ["c", Unknown("x")]}}}).statements
    assert len(statements[-1].conditions) == kept_when_possible
    assert statements[-1].unknown == ("x",)
    assert (len(statements) == 2 and len(statements[0].conditions) == 1) == is_certain


def test_unknown_documents_and_statements_leave_the_policy_open():
    """An unknown whole, list or statement is a reason of the policy; texts with holes are none."""
    assert parse_policy(Unknown("elsewhere"), name="doc").unknown == ("elsewhere",)
    assert _parsed(Unknown("list")).unknown == ("list",)
    assert _parsed([ALLOW, Unknown("one")]).unknown == ("one",)
    assert _parsed({**ALLOW, "Resource": f"arn:aws:s3:::{hole('x')}/*"}).unknown == ()
    both = _parsed({**ALLOW, "Effect": Unknown("an effect")}).statements
    assert [each.effect for each in both] == [Effect.ALLOW, Effect.DENY]


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["Allow", "Deny", "*", "s3:*", "2012-10-17"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Statement", "Effect", "Action", "NotAction", "Resource", "Principal", "Condition", "StringEquals", "AWS", "Sid", "ß", ""]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_JSON)
def test_no_document_breaks_the_reader(document):
    """Whatever is read, there is a policy or findings, never another exception; without findings strict reading gives the same."""
    policy, findings = read_policy(document, name="doc")
    if not findings:
        assert parse_policy(document, name="doc").statements == policy.statements
    elif not policy.statements:
        assert policy.unknown or findings
