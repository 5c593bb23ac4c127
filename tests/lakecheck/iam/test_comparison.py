"""What two policies allow, compared: AWS's published verdicts, its rules one by one, and random policies against trying requests."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from lakecheck.formula import Truth
from lakecheck.iam import Caller, Context, Request
from lakecheck.iam.comparison import allows, check_access_not_granted, check_no_new_access, read_compared

ARN = f"arn:{'aws'}:"
ACCOUNT, OTHER = "111111111111", "333333333333"
RESULT = {Truth.TRUE: "PASS", Truth.FALSE: "FAIL", Truth.OPEN: "UNKNOWN"}


def statement(effect: str = "Allow", **elements: Any) -> dict[str, Any]:
    """A statement; on every resource where it names none."""
    return {
        "Effect": effect,
        **({} if {"Resource", "NotResource", "Principal", "NotPrincipal"} & elements.keys() else {"Resource": "*"}),
        **elements,
    }


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def compared(reference: dict[str, Any], candidate: dict[str, Any]) -> tuple[str, Any]:
    """The result, and the witness, which the evaluation of statements has to confirm."""
    is_resource = "rincipal" in str((reference, candidate))
    one, other = (read_compared(each, name=name, resource_policy=is_resource) for each, name in ((reference, "R"), (candidate, "C")))
    verdict = check_no_new_access(one, other, resource_policy=is_resource)
    assert (verdict.witness is not None) is (verdict.truth is Truth.FALSE)
    return RESULT[verdict.truth], verdict.witness


def role(name: str, account: str = ACCOUNT) -> str:
    """A role's ARN."""
    return f"{ARN}iam::{account}:role/{name}"


EVERYTHING = statement(Action="*")
OBJECTS = f"{ARN}s3:::sensitive/*"
NO_OBJECTS = document(EVERYTHING, statement("Deny", Action=["s3:PutObject", "s3:GetObject"], Resource=OBJECTS))
TAGGED = document(EVERYTHING, statement("Deny", Action="ec2:RunInstances", Condition={"Null": {"aws:RequestTag/own": "true"}}))
PATHS = document(
    EVERYTHING,
    statement("Deny", Action="sts:AssumeRole", NotResource=f"{ARN}iam::*:role/free/*"),
    statement("Deny", Action=["iam:PutRolePolicy", "iam:CreateUser"]),
)
OTHER_ACTIONS = statement(Principal="*", NotAction="sts:AssumeRole")
ACCOUNTS = document(statement(Principal={"AWS": [ACCOUNT, "222222222222"]}, Action="sts:AssumeRole"), OTHER_ACTIONS)
SERVICES = document(statement(Principal={"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}, Action="sts:AssumeRole"), OTHER_ACTIONS)
PROVIDER = f"{ARN}iam::{ACCOUNT}:oidc-provider/Mine"
PROVIDERS = document(
    statement(Principal={"Federated": PROVIDER}, Action="sts:AssumeRoleWithWebIdentity"),
    statement(Principal="*", NotAction=["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"]),
)
WRITERS = document(
    statement(Principal={"AWS": [role("A"), role("B")]}, Action="s3:PutObject", Resource="*"),
    statement(
        Principal={"AWS": "*"}, Action="s3:PutObject", Resource="*", Condition={"ArnLike": {"aws:PrincipalArn": [role("A"), role("B")]}}
    ),
    statement(Principal="*", NotAction="s3:PutObject", Resource="*"),
)
RUN = statement(Action="ec2:RunInstances")

# What https://github.com/aws-samples/iam-access-analyzer-custom-policy-check-samples says of policies of these shapes.
PUBLISHED = [
    (NO_OBJECTS, [statement(Action="s3:GetObject", Resource=f"{ARN}s3:::other/*")], "PASS"),
    (NO_OBJECTS, [statement(Action="s3:*"), statement("Deny", Action="*", Resource=OBJECTS)], "PASS"),
    (NO_OBJECTS, [statement(Action="s3:PutObject", Resource=OBJECTS)], "FAIL"),
    (NO_OBJECTS, [statement(Action="s3:GetObject", Resource=f"{ARN}s3:*:*:*sens*/*")], "FAIL"),
    (NO_OBJECTS, [statement(Action="s3:*")], "FAIL"),
    (TAGGED, [statement(Action="ec2:RunInstances", Condition={"StringEquals": {"aws:RequestTag/own": "v"}})], "PASS"),
    (TAGGED, [statement(Action="ec2:DescribeInstances")], "PASS"),
    (TAGGED, [RUN, statement("Deny", Action="ec2:RunInstances", Condition={"StringNotEquals": {"aws:RequestTag/own": "v"}})], "PASS"),
    (TAGGED, [statement(Action="ec2:RunInstances", Condition={"Null": {"aws:RequestTag/own": "false"}})], "PASS"),
    (TAGGED, [RUN], "FAIL"),
    (TAGGED, [statement(Action="ec2:*")], "FAIL"),
    (PATHS, [statement(Action="sts:AssumeRole", Resource=role("free/One"))], "PASS"),
    (
        PATHS,
        [statement(Action="sts:AssumeRole"), statement("Deny", Action="sts:AssumeRole", NotResource=f"{ARN}iam::*:role/free/One")],
        "PASS",
    ),
    (PATHS, [statement(Action="sts:AssumeRole", Resource=role("else/One"))], "FAIL"),
    (PATHS, [statement(Action="iam:PutRolePolicy", Resource=role("Admin"))], "FAIL"),
    (ACCOUNTS, [statement(Principal={"AWS": ACCOUNT}, Action="sts:AssumeRole")], "PASS"),
    (ACCOUNTS, [statement(Principal={"AWS": role("One", "222222222222")}, Action="sts:AssumeRole")], "PASS"),
    (ACCOUNTS, [statement(Principal={"Federated": PROVIDER}, Action="sts:AssumeRoleWithWebIdentity")], "PASS"),
    (ACCOUNTS, [statement(Principal={"Service": "glue.amazonaws.com"}, Action="sts:AssumeRole")], "FAIL"),
    (ACCOUNTS, [statement(Principal={"AWS": OTHER}, Action="sts:AssumeRole")], "FAIL"),
    (ACCOUNTS, [statement(Principal={"AWS": role("One", OTHER)}, Action="sts:AssumeRole")], "FAIL"),
    (SERVICES, [statement(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")], "PASS"),
    (SERVICES, [statement(Principal={"Service": "glue.amazonaws.com"}, Action="sts:AssumeRole")], "FAIL"),
    (SERVICES, [statement(Principal={"AWS": role("One")}, Action="sts:AssumeRole")], "FAIL"),
    (PROVIDERS, [statement(Principal={"Federated": PROVIDER}, Action="sts:AssumeRoleWithWebIdentity")], "PASS"),
    (PROVIDERS, [statement(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")], "PASS"),
    (PROVIDERS, [statement(Principal={"Federated": "graph.facebook.com"}, Action="sts:AssumeRoleWithWebIdentity")], "FAIL"),
    (
        PROVIDERS,
        [
            statement(Principal={"Federated": "*"}, Action="sts:AssumeRoleWithWebIdentity"),
            statement("Deny", Principal={"Federated": f"{PROVIDER}2"}, Action="sts:AssumeRoleWithWebIdentity"),
        ],
        "FAIL",
    ),
    (WRITERS, [statement(Principal={"AWS": role("A")}, Action="s3:PutObject", Resource=OBJECTS)], "PASS"),
    (
        WRITERS,
        [statement(Principal="*", Action="s3:PutObject", Resource=OBJECTS, Condition={"ArnLike": {"aws:PrincipalArn": role("B")}})],
        "PASS",
    ),
    (WRITERS, [statement(Principal="*", Action="s3:GetObject", Resource=OBJECTS)], "PASS"),
    (WRITERS, [statement(Principal="*", Action="s3:*", Resource=OBJECTS)], "FAIL"),
    (WRITERS, [statement(Principal={"AWS": role("C")}, Action="s3:PutObject", Resource=OBJECTS)], "FAIL"),
    (
        WRITERS,
        [statement(Principal="*", Action="s3:PutObject", Resource=OBJECTS, Condition={"ArnLike": {"aws:PrincipalArn": role("C")}})],
        "FAIL",
    ),
]


@pytest.mark.parametrize(("reference", "statements", "result"), PUBLISHED)
def test_aws_says_so(reference: dict[str, Any], statements: list[dict[str, Any]], result: str) -> None:
    """The samples of AWS for its own check get the verdicts that it publishes."""
    assert compared(reference, document(*statements))[0] == result


HOME = f"{ARN}s3:::lake/home/${{aws:username}}/*"
ANYBODY = {"Principal": "*", "Action": "s3:*", "Resource": "*"}
RULES = [
    ([], [], "PASS"),
    ([], [statement("Deny", Action="*")], "PASS"),
    ([], [statement(Action="s3:GetObject")], "FAIL"),
    ([statement(Action="S3:GETOBJECT")], [statement(Action="s3:getobject")], "PASS"),
    ([statement(Action="s3:*", Resource="a/B")], [statement(Action="s3:*", Resource="a/b")], "FAIL"),
    ([statement(Action=["s3:Get*", "s3:Put*"])], [statement(Action="s3:*")], "FAIL"),
    ([statement(Action="s3:*", Resource=f"{ARN}s3:::*")], [statement(Action="s3:ListAllMyBuckets")], "FAIL"),
    ([statement(NotAction="iam:*")], [statement(Action="ec2:*")], "PASS"),
    ([statement(NotAction="iam:*")], [statement(NotAction="iam:Get*")], "FAIL"),
    ([statement(Action="s3:*", NotResource="a/secret/*")], [statement(Action="s3:*", Resource="a/s*/x")], "FAIL"),
    ([statement(Action="s3:*", NotResource="a/secret/*")], [statement(Action="s3:*", Resource="a/p*/x")], "PASS"),
    ([statement(Action="sts:AssumeRole")], [statement(Action="sts:GetCallerIdentity")], "FAIL"),
    ([statement(Action="s3:*", Resource=HOME)], [statement(Action="s3:*", Resource=HOME)], "PASS"),
    ([statement(Action="s3:*", Resource=f"{ARN}s3:::lake/home/*")], [statement(Action="s3:*", Resource=HOME)], "PASS"),
    ([statement(Action="s3:*", Resource=HOME)], [statement(Action="s3:*", Resource=f"{ARN}s3:::lake/home/*")], "FAIL"),
    ([statement(**ANYBODY)], [statement(Principal={"Service": "glue.amazonaws.com"}, Action="s3:*", Resource="*")], "PASS"),
    ([statement(Principal={"AWS": ACCOUNT}, Action="s3:*", Resource="*")], [statement(**ANYBODY)], "FAIL"),
    (
        [statement(Principal={"AWS": ACCOUNT}, Action="s3:*", Resource="*")],
        [statement(**ANYBODY, Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}})],
        "PASS",
    ),
    (
        [statement(**ANYBODY, Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}})],
        [statement(Principal={"AWS": f"{ARN}iam::{ACCOUNT}:root"}, Action="s3:*", Resource="*")],
        "PASS",
    ),
    (
        [statement(NotPrincipal={"AWS": role("A")}, Action="s3:*", Resource="*")],
        [statement(Principal={"AWS": role("B")}, Action="s3:*", Resource="*")],
        "PASS",
    ),
    (
        [statement(Principal={"AWS": role("app-*")}, Action="s3:*", Resource="*")],
        [statement(Principal={"AWS": role("app-1")}, Action="s3:*", Resource="*")],
        "PASS",
    ),
    (
        [statement(Principal={"AWS": role("app-*")}, Action="s3:*", Resource="*")],
        [statement(Principal={"AWS": role("web-1")}, Action="s3:*", Resource="*")],
        "FAIL",
    ),
    (
        [statement(Principal={"AWS": role("A")}, Action="s3:*", Resource="*")],
        [statement(Principal={"AWS": f"{ARN}sts::{ACCOUNT}:assumed-role/A/session"}, Action="s3:*", Resource="*")],
        "PASS",
    ),
    (
        [statement(Principal={"AWS": f"{ARN}sts::{ACCOUNT}:assumed-role/A/session"}, Action="s3:*", Resource="*")],
        [statement(Principal={"AWS": role("A")}, Action="s3:*", Resource="*")],
        "FAIL",
    ),
    (
        [statement(Action="s3:*", Condition={"IpAddress": {"aws:SourceIp": ["10.0.0.0/9", "10.128.0.0/9"]}})],
        [statement(Action="s3:*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})],
        "PASS",
    ),
    (
        [statement(Action="s3:*", Condition={"Bool": {"aws:SecureTransport": "true"}})],
        [statement(Action="s3:*"), statement("Deny", Action="*", Condition={"Bool": {"aws:SecureTransport": "false"}})],
        "PASS",
    ),
    (
        [statement(Action="s3:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})],
        [statement(Action="s3:*"), statement("Deny", Action="*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})],
        "FAIL",
    ),
]


@pytest.mark.parametrize(("reference", "candidate", "result"), RULES)
def test_rules_one_by_one(reference: list[dict[str, Any]], candidate: list[dict[str, Any]], result: str) -> None:
    """Empty policies, case, Not elements, variables, principals of each kind, conditions."""
    assert compared(document(*reference), document(*candidate))[0] == result


@pytest.mark.parametrize(
    ("principal", "result"), [("11", "UNKNOWN"), (f"{ARN}iam:eu-west-1:{ACCOUNT}:role/A", "FAIL"), ("AIDAEXAMPLE1234567890", "FAIL")]
)
def test_a_principal_that_is_none_is_never_nobody(principal: str, result: str) -> None:
    """Somebody whom nothing here knows is not taken for nobody."""
    assert compared(document(), document(statement(Principal={"AWS": principal}, Action="s3:*", Resource="*")))[0] == result


def test_a_witness_reads_like_a_request() -> None:
    """Action and keys stand in it as the policies spell them, a key that has to be missing has no values."""
    _, witness = compared(TAGGED, document(statement(Sid="Run", Action="ec2:*")))
    assert (witness.principal, witness.action) == (None, "ec2:RunInstances")
    assert witness.context == {"aws:RequestTag/own": ()}
    assert witness.statement.sid == "Run"
    _, witness = compared(ACCOUNTS, document(statement(Principal={"AWS": OTHER}, Action="sts:AssumeRole")))
    assert witness.principal == role("Other", OTHER)


PIECES = st.lists(
    st.builds(
        lambda effect, act, where, when: {"Effect": effect, **act, **where, **({"Condition": when} if when else {})},
        st.sampled_from(["Allow", "Allow", "Deny"]),
        st.sampled_from([{"Action": a} for a in ("s:a", "s:*", "*", "S:A*", "s:?b")] + [{"NotAction": ["s:a", "t:*"]}]),
        st.sampled_from([{"Resource": r} for r in ("*", "r", "r*", "*r", "a?", "${aws:username}")] + [{"NotResource": "r*"}]),
        st.sampled_from(
            [
                None,
                {"StringEquals": {"k": ["x", "y"]}},
                {"StringNotLike": {"k": "x*"}},
                {"Null": {"k": "true"}},
                {"StringEqualsIfExists": {"k": "y"}, "StringNotEquals": {"l": "x"}},
            ]
        ),
    ),
    max_size=4,
)
REQUESTS = [
    Request(
        caller=Caller(arn=role("A"), account=ACCOUNT),
        action=action,
        resource=resource,
        context=Context(values={key: value for key, value in (("k", k), ("l", other), ("aws:username", user)) if value}),
    )
    for action, resource, k, other, user in product(
        ("s:a", "s:ab", "s:cb", "s:c", "t:a"),
        ("r", "rr", "ar", "ax", "z"),
        ((), ("x",), ("y",), ("xz",), ("z",)),
        ((), ("x",)),
        ((), ("r",), ("z",)),
    )
]


@settings(max_examples=60, deadline=None)
@given(reference=PIECES, candidate=PIECES)
def test_random_policies_agree_with_their_requests(reference: list[dict[str, Any]], candidate: list[dict[str, Any]]) -> None:
    """PASS where no request shows a difference, FAIL only with a witness; never both, and hardly ever unknown."""
    one, other = (read_compared(document(*each), name="P", resource_policy=False) for each in (reference, candidate))
    verdict = check_no_new_access(one, other)
    shown = any(allows(other, each, resource_policy=False) and not allows(one, each, resource_policy=False) for each in REQUESTS)
    assert verdict.truth is not Truth.TRUE or not shown
    if verdict.truth is Truth.OPEN:
        assert "${" in str((reference, candidate))
    denied = read_compared(document(*candidate, {"Effect": "Deny", "Action": "s:*", "Resource": "r*"}), name="P", resource_policy=False)
    if verdict.truth is Truth.TRUE:
        assert check_no_new_access(one, denied).truth is not Truth.FALSE


@pytest.mark.parametrize(
    ("statements", "actions", "resources", "result"),
    [
        ([statement(Action="s3:Get*")], ["s3:GetObject"], [], "FAIL"),
        ([statement(Action="s3:Get*")], ["S3:PUT*", "ec2:*"], [], "PASS"),
        ([statement(Action="s3:Get*")], ["s3:*Object"], [], "FAIL"),
        ([statement(Action="s3:*"), statement("Deny", Action="s3:DeleteBucket")], ["s3:DeleteBucket"], [], "PASS"),
        ([statement(Action="s3:*"), statement("Deny", Action="s3:DeleteBucket")], ["s3:DeleteBucket*"], [], "FAIL"),
        ([statement(Action="s3:*", Resource=f"{ARN}s3:::lake/*")], [], [f"{ARN}s3:::lake/a"], "FAIL"),
        ([statement(Action="s3:*", Resource=f"{ARN}s3:::lake/*")], [], [f"{ARN}s3:::lake", f"{ARN}s3:::lak/*"], "PASS"),
        ([statement(Action="s3:Get*", Resource="a"), statement(Action="s3:Put*", Resource="b")], ["s3:Put*"], ["a"], "PASS"),
        ([statement(Action="s3:Get*", Resource="a"), statement(Action="s3:Put*", Resource="b")], ["s3:Put*"], ["?"], "FAIL"),
        ([statement(Action="s3:*", Condition={"Bool": {"aws:SecureTransport": "true"}})], ["s3:Put*"], [], "FAIL"),
        ([statement(NotAction="iam:*")], ["iam:PassRole"], [], "PASS"),
        ([statement("Deny", Action="*")], ["*"], [], "PASS"),
    ],
)
def test_what_must_not_be_granted(statements: list[dict[str, Any]], actions: list[str], resources: list[str], result: str) -> None:
    """Any of the actions on any of the resources; without one of the lists, on any."""
    policy = read_compared(document(*statements), name="P", resource_policy=False)
    assert RESULT[check_access_not_granted(policy, [(actions, resources)]).truth] == result


def test_two_hundred_denies_take_no_time_to_speak_of() -> None:
    """The same denies give nothing new; one less is found."""
    denies = [
        statement(
            "Deny", Action=["s3:GetObject", "s3:PutObject"], Resource=f"{ARN}s3:::lake-{n}/*", Condition={"StringNotEquals": {"k": f"v{n}"}}
        )
        for n in range(200)
    ]
    assert compared(document(EVERYTHING, *denies), document(EVERYTHING, *denies))[0] == "PASS"
    result, witness = compared(document(EVERYTHING, *denies), document(EVERYTHING, *denies[:-1]))
    assert (result, witness.resource) == ("FAIL", f"{ARN}s3:::lake-199/x")


def test_too_much_is_unknown() -> None:
    """With a cap that is too low there is no verdict, but why there is none."""
    one, other = (read_compared(each, name="P", resource_policy=False) for each in (TAGGED, document(statement(Action="ec2:*"))))
    verdict = check_no_new_access(one, other, cap=0)
    assert verdict.truth is Truth.OPEN
    assert verdict.reasons


def test_so_many_resources_that_not_all_are_looked_at_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found among the first is still found; where nothing is, there may be more."""
    monkeypatch.setattr("lakecheck.iam.comparison._MOST_PAIRS", 20)
    wide = document(statement(Action="s3:*", Resource=[f"{ARN}s3:::lake-{n}/*" for n in range(30)]))
    assert compared(wide, wide)[0] == "UNKNOWN"
    assert compared(document(), wide)[0] == "FAIL"
    monkeypatch.undo()
    assert compared(wide, wide)[0] == "PASS"


@pytest.mark.parametrize(
    ("pattern", "known", "real"),
    [
        ("s3:Get*", "s3:GetObjectTagging", "s3:GetObject"),
        ("s3:*", "s3:GetObject", "s3:ListAllMyBuckets"),
        ("kms:*", "kms:Decrypt", "kms:Encrypt"),
        ("secretsmanager:Get*", "secretsmanager:GetRandomPassword", "secretsmanager:GetSecretValue"),
    ],
)
def test_a_witness_has_an_action_that_there_is(pattern: str, known: str, real: str) -> None:
    """A wildcard is shown by a real action that it adds, where one is known."""
    _, witness = compared(document(statement(Action=known)), document(statement(Action=pattern)))
    assert witness.action == real
