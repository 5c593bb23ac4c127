"""The rules of policy evaluation, one by one.

From reference_policies_evaluation-logic and the pages that it links to (evaluation-logic_policy-eval-basics-cross-account,
access_policies_boundaries, access_policies#policies_session, reference_policies_elements_principal,
reference_policies_elements_notprincipal) of the IAM user guide, orgs_manage_policies_scps and orgs_manage_policies_rcps of the
Organizations user guide, key-policies of the KMS developer guide.
"""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.formula import FALSE, TRUE, Test as ContextTest, Truth, leaves, unresolved
from lakecheck.iam import (
    Caller,
    CallerKind,
    Context,
    Layer,
    Layers,
    Policy,
    Request,
    Statement,
    decide,
    evaluate,
    parse_policy,
    read_policy,
)
from lakecheck.iam.model import Effect
from lakecheck.values import Unknown, hole

OWN = "111122223333"
OTHER = "444455556666"
ROLE = f"arn:aws:iam::{OWN}:role/team/Reader"
SESSION = f"arn:aws:sts::{OWN}:assumed-role/Plain/alice"
PLAIN = f"arn:aws:iam::{OWN}:role/Plain"
USER = f"arn:aws:iam::{OWN}:user/alice"
FEDERATED = f"arn:aws:sts::{OWN}:federated-user/alice"
ROOT = f"arn:aws:iam::{OWN}:root"
LINKED = f"arn:aws:iam::{OWN}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
OBJECT = "arn:aws:s3:::lake/a.parquet"
KEY = f"arn:aws:kms:eu-west-1:{OWN}:key/1"
TARGET = f"arn:aws:iam::{OWN}:role/Target"


def _doc(effect: str = "Allow", action: Any = "*", resource: Any = "*", **rest: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": {"Effect": effect, "Action": action, "Resource": resource, **rest}}


def _both(*documents: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [document["Statement"] for document in documents]}


ALL = _doc()
NOTHING = {"Version": "2012-10-17", "Statement": []}
DENIED = _doc("Deny")


def _to(*principals: str, effect: str = "Allow", **rest: Any) -> dict[str, Any]:
    return _doc(effect, Principal={"AWS": list(principals)}, **rest)


def _word(principal: str = ROLE, action: str = "s3:GetObject", resource: str = OBJECT, **layers: Any) -> str:
    return decide(principal, action, resource, **layers).word


# --- allow, deny, and what a statement matches ------------------------------------------------------------------------------------------


def test_nothing_is_allowed_without_an_allow():
    """The default is an implicit deny, and the missing layer is named."""
    decision = decide(ROLE, "s3:GetObject", OBJECT)
    assert (decision.word, decision.missing) == ("implicit_deny", (Layer.IDENTITY,))
    assert _word(identity=ALL) == "allowed"


@pytest.mark.parametrize("layer", ["identity", "boundary", "session", "scps", "rcps", "resource_policy", "endpoint"])
def test_a_deny_in_any_layer_wins(layer):
    """An explicit deny beats every Allow, and the statement is told."""
    both = _both(_doc(Principal="*"), _doc("Deny", Principal="*", Sid="No"))
    allowing = {name: _doc(Principal="*") for name in ("boundary", "resource_policy", "endpoint")} | {
        "identity": ALL,
        "session": [ALL],
        "scps": [[ALL]],
    }
    assert _word(**allowing) == "allowed"
    decision = decide(ROLE, "s3:GetObject", OBJECT, **(allowing | {layer: [[both]] if layer == "scps" else both}))
    assert decision.word == "explicit_deny"
    assert [(deny.statement.sid, deny.when) for deny in decision.denies] == [("No", TRUE)]


@pytest.mark.parametrize(
    ("action", "pattern", "matches"),
    [
        ("s3:GetObject", "S3:getobject", True),
        ("S3:GETOBJECT", "s3:Get*", True),
        ("s3:GetObject", "s3:*Object", True),
        ("s3:GetObject", "s3:Get?bject", True),
        ("s3:GetObject", "*", True),
        ("s3:GetObject", "*:GetObject", True),
        ("s3:GetObject", "s3:GetObjectAcl", False),
        ("s3:GetObject", "s3:", False),
        ("s3:GetObject", "s3:GetObject ", False),
        ("s3:GetObject", "s3:GetObject,PutObject", False),
    ],
)
def test_actions_ignore_case(action, pattern, matches):
    """Action and NotAction, with wildcards, in any case."""
    assert _word(action=action, identity=_doc(action=pattern)) == ("allowed" if matches else "implicit_deny")
    statement = {"Effect": "Allow", "NotAction": pattern, "Resource": "*"}
    assert _word(action=action, identity={"Statement": statement}) == ("implicit_deny" if matches else "allowed")


@pytest.mark.parametrize(
    ("resource", "pattern", "matches"),
    [
        (OBJECT, "arn:aws:s3:::lake/*", True),
        (OBJECT, "arn:aws:s3:::lake", False),
        (OBJECT, "arn:aws:s3:::LAKE/*", False),
        (OBJECT, "arn:aws:s3:::l?ke/*.parquet", True),
        (OBJECT, "arn:aws:s3:*", True),
        (OBJECT, "*", True),
        (OBJECT, ["x", "arn:aws:s3:::lake/a.parquet"], True),
        ("*", "*", True),
        ("*", "arn:aws:s3:::*", False),
        ("arn:aws:s3:::lake/ümlaut/*", "arn:aws:s3:::lake/ü*", True),
    ],
)
def test_resources_keep_case(resource, pattern, matches):
    """Resource and NotResource, with wildcards, in this case."""
    assert _word(resource=resource, identity=_doc(resource=pattern)) == ("allowed" if matches else "implicit_deny")
    statement = {"Effect": "Allow", "Action": "*", "NotResource": pattern}
    assert _word(resource=resource, identity={"Statement": statement}) == ("implicit_deny" if matches else "allowed")


def test_variables_in_not_resource():
    """A NotResource with a variable that has no value makes its statement match nothing."""
    statement = {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::lake/${aws:username}/*"}
    document = {"Version": "2012-10-17", "Statement": statement}
    assert _word(USER, identity=document) == "allowed"
    assert _word(USER, resource="arn:aws:s3:::lake/alice/1", identity=document) == "implicit_deny"
    assert _word(ROLE, identity=document) == "implicit_deny"


def test_variables_in_resources():
    """A user's name and a tag stand in a resource; without a value the statement matches nothing; in 2008-10-17 it is text."""
    document = _doc(resource="arn:aws:s3:::lake/${aws:username}/${aws:PrincipalTag/team}/*")
    mine = "arn:aws:s3:::lake/alice/x/1"
    assert _word(USER, resource=mine, identity=document, principal_tags={"Team": "x"}) == "allowed"
    assert _word(USER, resource=mine, identity=document, principal_tags={"Team": "*"}) == "implicit_deny"
    assert _word(USER, resource=mine, identity=document) == "implicit_deny"
    assert _word(ROLE, resource=mine, identity=document, principal_tags={"Team": "x"}) == "implicit_deny"
    assert _word(USER, resource=mine, identity=document | {"Version": "2008-10-17"}, principal_tags={"Team": "x"}) == "implicit_deny"


# --- one account ------------------------------------------------------------------------------------------------------------------------


def test_in_one_account_identity_or_resource_is_enough():
    """Either side's Allow opens; naming the account only passes the decision on."""
    assert _word(identity=ALL) == "allowed"
    assert _word(resource_policy=_to(ROLE)) == "allowed"
    assert _word(resource_policy=_to(PLAIN)) == "implicit_deny"
    for account in (ROOT, OWN):
        assert _word(resource_policy=_to(account)) == "implicit_deny"
        assert _word(resource_policy=_to(account), identity=ALL) == "allowed"


@pytest.mark.parametrize("limit", ["boundary", "session"])
@pytest.mark.parametrize(
    ("principal", "named", "word"),
    [
        (USER, USER, "allowed"),
        (SESSION, SESSION, "allowed"),
        (SESSION, PLAIN, "implicit_deny"),
        (ROLE, ROLE, "implicit_deny"),
        (ROLE, "*", "allowed"),
        (USER, OWN, "implicit_deny"),
        (FEDERATED, FEDERATED, "allowed"),
        (FEDERATED, USER, "implicit_deny"),
    ],
)
def test_how_a_resource_policy_names_the_caller_decides_what_limits_it(limit, principal, named, word):
    """Implicit denies of boundary and session policies limit a grant to a role, not one to a user, a session or everybody."""
    assert _word(principal, resource_policy=_to(named), **{limit: NOTHING}) == word
    assert _word(principal, resource_policy=_to(named), **{limit: DENIED}) == "explicit_deny"


@pytest.mark.parametrize("limit", ["boundary", "session"])
def test_limits_intersect_with_identity_policies(limit):
    """Boundary and session policies never give; what they do not allow is not there."""
    assert _word(**{limit: ALL}) == "implicit_deny"
    assert _word(identity=ALL, **{limit: ALL}) == "allowed"
    decision = decide(ROLE, "s3:GetObject", OBJECT, identity=ALL, **{limit: _doc(action="ec2:*")})
    assert (decision.word, decision.missing) == ("implicit_deny", (Layer(limit),))


# --- across accounts --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [ROLE, ROOT, OWN, "*"])
def test_across_accounts_both_sides_must_allow(named):
    """The caller's own policies and the resource's, which may name the account alone."""
    across = {"resource_account": OTHER}
    assert _word(identity=ALL, resource_policy=_to(named), **across) == "allowed"
    assert decide(ROLE, "s3:GetObject", OBJECT, identity=ALL, **across).missing == (Layer.RESOURCE,)
    assert decide(ROLE, "s3:GetObject", OBJECT, resource_policy=_to(named), **across).missing == (Layer.IDENTITY,)
    assert _word(identity=ALL, resource_policy=_to(named), boundary=NOTHING, **across) == "implicit_deny"
    assert _word(identity=ALL, resource_policy=_to(named), session=NOTHING, **across) == "implicit_deny"


def test_the_account_in_an_arn_is_the_owner():
    """Where the ARN tells the account, it need not be said."""
    queue = f"arn:aws:sqs:eu-west-1:{OTHER}:jobs"
    assert _word(action="sqs:SendMessage", resource=queue, identity=ALL) == "implicit_deny"
    assert _word(action="sqs:SendMessage", resource=queue, identity=ALL, resource_account=OWN) == "allowed"


# --- guardrails -------------------------------------------------------------------------------------------------------------------------


def test_every_level_of_scps_must_allow():
    """Root, units and account each need an Allow; any policy of a level gives it; none at all applies where there is no organisation."""
    assert _word(identity=ALL, scps=[[ALL], [NOTHING, ALL], [ALL]]) == "allowed"
    decision = decide(ROLE, "s3:GetObject", OBJECT, identity=ALL, scps=[[ALL], [NOTHING], [ALL]])
    assert (decision.word, decision.missing) == ("implicit_deny", (Layer.SCP,))
    assert _word(identity=ALL, scps=[[]]) == "implicit_deny"
    assert _word(identity=ALL, scps=[]) == "allowed"
    assert _word(scps=[[ALL]]) == "implicit_deny"


@pytest.mark.parametrize(
    ("principal", "limited"),
    [(ROLE, True), (USER, True), (SESSION, True), (ROOT, True), (LINKED, False), ("glue.amazonaws.com", False), ("*", False)],
)
def test_whom_scps_limit(principal, limited):
    """Service control policies limit roles, users and root users; neither service-linked roles, nor services, nor anonymous callers."""
    opened = {"resource_policy": _doc(Principal="*")}
    assert _word(principal, **opened) == "allowed"
    assert _word(principal, scps=[[NOTHING]], **opened) == ("implicit_deny" if limited else "allowed")
    assert _word(principal, scps=[[DENIED]], **opened) == ("explicit_deny" if limited else "allowed")


@pytest.mark.parametrize(
    ("principal", "action", "resource", "word"),
    [
        (ROLE, "s3:GetObject", OBJECT, "explicit_deny"),
        ("*", "s3:GetObject", OBJECT, "explicit_deny"),
        (ROOT, "s3:GetObject", OBJECT, "explicit_deny"),
        (f"arn:aws:iam::{OTHER}:role/Else", "s3:GetObject", OBJECT, "explicit_deny"),
        (LINKED, "s3:GetObject", OBJECT, "allowed"),
        (ROLE, "glue:GetTable", f"arn:aws:glue:eu-west-1:{OWN}:table/a/b", "allowed"),
        (ROLE, "lakeformation:GetDataAccess", "*", "allowed"),
        (ROLE, "kms:Decrypt", KEY, "explicit_deny"),
        (ROLE, "kms:Decrypt", f"arn:aws:kms:eu-west-1:{OWN}:alias/aws/s3", "allowed"),
    ],
)
def test_rcps_deny_for_some_services(principal, action, resource, word):
    """Resource control policies deny outsiders too, but concern no service-linked role, no other service, no key that AWS manages."""
    layers = {"identity": ALL, "resource_policy": _doc(Principal="*"), "resource_account": OWN}
    assert _word(principal, action, resource, **layers) == "allowed"
    assert _word(principal, action, resource, rcps=_doc("Deny", Principal="*"), **layers) == word


def test_rcps_give_nothing():
    """An Allow in a resource control policy is no permission, and none is needed."""
    assert _word(rcps=_doc(Principal="*")) == "implicit_deny"
    assert _word(identity=ALL, rcps=[]) == "allowed"


def test_an_endpoint_policy_must_allow():
    """A request through an endpoint needs its Allow, for whoever it names."""
    assert _word(identity=ALL, endpoint=_doc(Principal="*")) == "allowed"
    assert _word(identity=ALL, endpoint=_to(OWN)) == "allowed"
    assert _word(identity=ALL, endpoint=ALL) == "allowed"
    decision = decide(ROLE, "s3:GetObject", OBJECT, identity=ALL, endpoint=_to(OTHER))
    assert (decision.word, decision.missing) == ("implicit_deny", (Layer.ENDPOINT,))


# --- keys and roles ---------------------------------------------------------------------------------------------------------------------


def test_a_key_policy_must_allow():
    """Without a statement for the account, IAM policies open nothing; one for the account passes on only what it lists."""
    decrypt = {"action": "kms:Decrypt", "resource": KEY}
    assert _word(identity=ALL, **decrypt) == "implicit_deny"
    assert _word(identity=ALL, key_policy=_to(PLAIN), **decrypt) == "implicit_deny"
    assert _word(identity=ALL, key_policy=_to(ROOT), **decrypt) == "allowed"
    assert _word(key_policy=_to(ROOT), **decrypt) == "implicit_deny"
    assert _word(identity=ALL, key_policy=_doc(action="kms:Describe*", Principal={"AWS": ROOT}), **decrypt) == "implicit_deny"
    assert _word(key_policy=_to(ROLE), **decrypt) == "allowed"
    assert _word(identity=DENIED, key_policy=_to(ROLE), **decrypt) == "explicit_deny"
    assert _word(key_policy=_to(ROLE), boundary=NOTHING, **decrypt) == "implicit_deny"


def test_a_key_of_another_account_needs_both_sides():
    """The key policy and the caller's own policies."""
    stranger = f"arn:aws:iam::{OTHER}:role/Else"
    assert _word(stranger, "kms:Decrypt", KEY, key_policy=_to(stranger)) == "implicit_deny"
    assert _word(stranger, "kms:Decrypt", KEY, key_policy=_to(OTHER), identity=ALL) == "allowed"
    assert _word(stranger, "kms:Decrypt", KEY, key_policy=_to(ROOT), identity=ALL) == "implicit_deny"


def test_actions_on_no_key_need_no_key_policy():
    """Listing keys and naming one are decided by IAM alone."""
    assert _word(action="kms:ListKeys", resource="*", identity=ALL) == "allowed"
    assert _word(action="kms:CreateAlias", resource=f"arn:aws:kms:eu-west-1:{OWN}:alias/a", identity=ALL) == "allowed"


def test_a_trust_policy_must_allow():
    """Assuming a role needs its trust; in one account a trusted principal needs no more, a trusted account passes on; root assumes none."""
    assume = {"action": "sts:AssumeRole", "resource": TARGET}

    def trust(**principal: Any) -> dict[str, Any]:
        return {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}}

    assert _word(identity=ALL, **assume) == "implicit_deny"
    assert _word(identity=ALL, trust_policy=trust(AWS=PLAIN), **assume) == "implicit_deny"
    assert _word(trust_policy=trust(AWS=ROLE), **assume) == "allowed"
    assert _word(trust_policy=trust(AWS=OWN), **assume) == "implicit_deny"
    assert _word(trust_policy=trust(AWS=OWN), identity=ALL, **assume) == "allowed"
    assert _word(ROOT, trust_policy=trust(AWS=OWN), **assume) == "implicit_deny"
    stranger = f"arn:aws:iam::{OTHER}:user/bob"
    assert _word(stranger, trust_policy=trust(AWS=stranger), **assume) == "implicit_deny"
    assert _word(stranger, trust_policy=trust(AWS=stranger), identity=ALL, **assume) == "allowed"
    assert _word("lambda.amazonaws.com", trust_policy=trust(Service="lambda.amazonaws.com"), **assume) == "allowed"
    assert _word("lambda.amazonaws.com", trust_policy=trust(Service="glue.amazonaws.com"), **assume) == "implicit_deny"
    provider = f"arn:aws:iam::{OWN}:saml-provider/idp"
    saml = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithSAML", "Principal": {"Federated": provider}}}
    assert _word(provider, "sts:AssumeRoleWithSAML", TARGET, trust_policy=saml) == "allowed"
    assert _word(ROLE, "sts:AssumeRoleWithSAML", TARGET, trust_policy=saml) == "implicit_deny"


# --- callers ----------------------------------------------------------------------------------------------------------------------------


def test_a_root_user_needs_no_allow_in_its_account():
    """No boundary limits it either; denies of resource policies and guardrails do, and a key policy must name its account."""
    assert _word(ROOT) == "allowed"
    assert _word(ROOT, boundary=NOTHING) == "allowed"
    assert _word(ROOT, resource_policy=_to(ROOT, effect="Deny")) == "explicit_deny"
    assert _word(ROOT, scps=[[NOTHING]]) == "implicit_deny"
    assert _word(ROOT, resource_account=OTHER) == "implicit_deny"
    assert _word(ROOT, resource_policy=_to(OWN), resource_account=OTHER) == "allowed"
    assert _word(ROOT, "kms:Decrypt", KEY, key_policy=_to(ROLE)) == "implicit_deny"
    assert _word(ROOT, "kms:Decrypt", KEY, key_policy=_to(ROOT)) == "allowed"


def test_services_and_anonymous_callers_have_the_resource_policy_alone():
    """A service is named as such or by a star; nobody in particular, by a star."""
    service = _doc(Principal={"Service": ["glue.amazonaws.com"]})
    assert _word("glue.amazonaws.com", resource_policy=service) == "allowed"
    assert _word("sns.amazonaws.com", resource_policy=service) == "implicit_deny"
    assert _word("*", resource_policy=service) == "implicit_deny"
    assert _word("glue.amazonaws.com", identity=ALL) == "implicit_deny"
    for everybody in ("*", {"AWS": "*"}, {"AWS": ["*"]}):
        assert _word("*", resource_policy=_doc(Principal=everybody)) == "allowed"
    assert _word("*", resource_policy=_to(OWN)) == "implicit_deny"


@pytest.mark.parametrize(
    ("condition", "principal", "met"),
    [
        ({"ArnEquals": {"aws:PrincipalArn": PLAIN}}, SESSION, True),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/*"}}, ROLE, True),
        ({"StringEquals": {"aws:PrincipalArn": SESSION}}, SESSION, False),
        ({"StringEquals": {"aws:PrincipalAccount": OWN, "aws:ResourceAccount": OTHER, "s3:ResourceAccount": OTHER}}, ROLE, True),
        ({"StringEquals": {"aws:PrincipalAccount": "anonymous"}}, "*", True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, ROLE, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "glue.amazonaws.com", False),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-1/ou-1/*"}}, ROLE, True),
        ({"StringEquals": {"aws:ResourceOrgID": "o-1"}}, ROLE, False),
        ({"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, SESSION, True),
        ({"StringEquals": {"aws:PrincipalType": "User", "aws:username": "alice"}}, USER, True),
        ({"StringEquals": {"aws:PrincipalType": "Account", "aws:userid": OWN}}, ROOT, True),
        (
            {"StringEquals": {"aws:PrincipalType": "FederatedUser", "aws:PrincipalArn": FEDERATED}, "Null": {"aws:username": "true"}},
            FEDERATED,
            True,
        ),
        ({"StringEquals": {"aws:PrincipalType": "Anonymous"}}, "*", True),
        ({"Null": {"aws:username": "true"}}, ROLE, True),
        ({"Bool": {"aws:PrincipalIsAWSService": "false"}}, ROLE, True),
        (
            {"Bool": {"aws:PrincipalIsAWSService": "true"}, "StringEquals": {"aws:PrincipalServiceName": "glue.amazonaws.com"}},
            "glue.amazonaws.com",
            True,
        ),
        ({"Null": {"aws:PrincipalServiceName": "true", "aws:SourceArn": "true", "aws:SourceAccount": "true"}}, ROLE, True),
        ({"StringEquals": {"kms:CallerAccount": OWN}}, USER, True),
    ],
)
def test_keys_that_follow_from_the_caller_and_the_resource(condition, principal, met):
    """Condition keys that need not be given, from reference_policies_condition-keys."""
    layers = {"identity": ALL, "resource_account": OTHER, "organization": "o-1", "organization_paths": ["o-1/r-1/ou-1/ou-2/"]}
    document = _doc(Principal="*", Condition=condition)
    assert _word(principal, resource_policy=document, **layers) == ("allowed" if met else "implicit_deny")


def test_what_the_context_says_wins_over_what_follows():
    """A given key replaces the derived one."""
    document = _doc(Condition={"StringEquals": {"aws:PrincipalArn": "x"}})
    assert _word(identity=document, context={"AWS:principalarn": "x"}) == "allowed"


# --- principals -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("principal", "named", "matches"),
    [
        (ROLE, f"arn:aws:iam::{OWN}:role/Reader", False),
        (ROLE, f"arn:aws:sts::{OWN}:assumed-role/Reader/alice", False),
        (SESSION, f"arn:aws:sts::{OWN}:assumed-role/Plain/bob", False),
        (SESSION, SESSION, True),
        (SESSION, PLAIN, True),
        (USER, f"arn:aws:iam::{OWN}:user/Alice", False),
        (USER, OTHER, False),
        (USER, OWN, True),
    ],
)
def test_a_deny_names_callers_in_every_way(principal, named, matches):
    """By itself, by its role, by its account; never by another name."""
    assert _word(principal, identity=ALL, resource_policy=_to(named, effect="Deny")) == ("explicit_deny" if matches else "allowed")


def test_a_unique_id_names_whoever_has_it():
    """What is left of a deleted principal in a policy matches by `aws:userid` alone."""
    gone = _to("AROAEXAMPLEEXAMPLE123")
    assert _word(resource_policy=gone) == "implicit_deny"
    assert _word(resource_policy=gone, context={"aws:userid": "AROAEXAMPLEEXAMPLE123:alice"}) == "allowed"
    assert decide(ROLE, "s3:GetObject", OBJECT, resource_policy=gone, complete=False).allowed == ContextTest(
        "aws:userid", "StringLike", ("AROAEXAMPLEEXAMPLE123:*",)
    )


def test_not_principal_spares_whom_it_lists():
    """A Deny spares the listed, an Allow leaves them out; a boundary makes a Deny with NotPrincipal hit in any case."""
    deny = {"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", "NotPrincipal": {"AWS": [USER, OWN]}}}
    assert _word(USER, identity=ALL, resource_policy=deny) == "allowed"
    assert _word(f"arn:aws:iam::{OTHER}:user/eve", identity=ALL, resource_policy=deny, resource_account=OTHER) == "explicit_deny"
    assert _word(USER, identity=ALL, resource_policy=deny, boundary=ALL) == "explicit_deny"
    allow = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "NotPrincipal": {"AWS": USER}}}
    assert _word(USER, resource_policy=allow) == "implicit_deny"
    assert _word(ROLE, resource_policy=allow) == "allowed"
    assert _word("*", resource_policy=allow) == "allowed"


def test_whether_a_short_not_principal_spares_a_session_is_open():
    """With its role alone, or its account alone, AWS does not say; with both it is spared."""
    for listed, truth in (
        ([], Truth.FALSE),
        ([PLAIN], Truth.OPEN),
        ([OWN], Truth.OPEN),
        ([PLAIN, OWN], Truth.TRUE),
        ([OWN, SESSION], Truth.TRUE),
    ):
        deny = {"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", "NotPrincipal": {"AWS": listed}}}
        assert decide(SESSION, "s3:GetObject", OBJECT, identity=ALL, resource_policy=deny, complete=False).truth is truth


def test_a_session_that_is_not_known_may_be_the_named_one():
    """The session's name is for the caller to choose, so it stays a test of `aws:userid`."""
    named = _to(f"arn:aws:sts::{OWN}:assumed-role/Plain/alice")
    decision = decide(PLAIN, "s3:GetObject", OBJECT, resource_policy=named, complete=False)
    assert decision.allowed == ContextTest("aws:userid", "StringLike", ("*:alice",))
    assert _word(PLAIN, resource_policy=named, context={"aws:userid": "AROA1:alice"}) == "allowed"
    assert _word(PLAIN, resource_policy=named, context={"aws:userid": "AROA1:bob"}) == "implicit_deny"


def test_a_generated_name_is_only_itself():
    """A role whose name CloudFormation makes up is named by the same hole and by no other."""
    own, other = (f"arn:aws:iam::{OWN}:role/Prod-{hole(name, generated=True)}" for name in ("Job", "Else"))
    caller = Caller(arn=own, account=OWN)
    for named, truth in ((own, Truth.TRUE), (other, Truth.FALSE)):
        layers = Layers(resource=parse_policy(_to(named), name="bucket"))
        assert evaluate(Request(caller=caller, action="s3:GetObject", resource=OBJECT), layers).truth is truth


# --- what is not known ------------------------------------------------------------------------------------------------------------------


def _three_valued(**layers: Any) -> Any:
    request = Request(caller=Caller(arn=ROLE, account=OWN), action="s3:GetObject", resource=OBJECT, context=Context(complete=False))
    return evaluate(request, Layers(**layers))


def test_an_unknown_policy_may_allow_and_may_deny():
    """Two facts: an unknown policy neither makes a request impossible nor certain, wherever it stands."""
    unknown = parse_policy(Unknown("it is made elsewhere"), name="P")
    known = parse_policy(ALL, name="Q")
    alone = _three_valued(identity=(unknown,))
    assert alone.truth is Truth.OPEN
    assert unresolved(alone.allowed) == {"what else P allows: it is made elsewhere", "what else P denies: it is made elsewhere"}
    assert unresolved(_three_valued(identity=(unknown, known)).allowed) == {"what else P denies: it is made elsewhere"}
    for layer in ("boundary", "resource", "endpoint"):
        assert _three_valued(identity=(known,), **{layer: unknown}).truth is Truth.OPEN
    assert _three_valued(identity=(known,), scps=((unknown,),)).truth is Truth.OPEN
    assert _three_valued(identity=(known,), rcps=(unknown,)).truth is Truth.OPEN
    assert _three_valued(resource=unknown).truth is Truth.OPEN


def test_the_same_reason_in_two_places_is_two_facts():
    """An Allow and a Deny that hang on the same parameter do not cancel each other out."""
    document = {"Statement": [{"Effect": effect, "Action": "s3:*", "Resource": Unknown("the parameter X")} for effect in ("Allow", "Deny")]}
    decision = _three_valued(identity=(parse_policy(document, name="P"),))
    assert decision.truth is Truth.OPEN
    assert len(unresolved(decision.allowed)) == 2
    effect = {"Statement": {"Effect": Unknown("the effect"), "Action": "s3:*", "Resource": "*"}}
    assert _three_valued(identity=(parse_policy(effect, name="P"),)).truth is Truth.OPEN


def test_a_statement_that_is_known_in_part_is_open_only_where_it_may_match():
    """Known members surely match; what the known parts rule out is ruled out."""
    document = _doc(action=["s3:GetObject"], resource=["arn:aws:s3:::lake/*", Unknown("x")])
    assert _three_valued(identity=(parse_policy(document, name="P"),)).truth is Truth.TRUE
    document = _doc(action=["s3:PutObject"], resource=[Unknown("x")])
    assert _three_valued(identity=(parse_policy(document, name="P"),)).truth is Truth.FALSE


def test_a_bad_statement_read_leniently_is_open():
    """What AWS may refuse is neither there nor not there."""
    policy, _ = read_policy({"Statement": [{"Effect": "allow", "Action": "s3:*", "Resource": "*"}]}, name="P")
    assert _three_valued(identity=(policy,)).truth is Truth.OPEN


def test_a_statement_without_principals_in_a_resource_policy_is_open():
    """AWS would refuse it; where all else is known it matches nobody."""
    policy = parse_policy(ALL, name="P")
    assert _three_valued(resource=policy).truth is Truth.OPEN
    assert _word(resource_policy=policy) == "implicit_deny"


def test_conditions_on_what_is_not_known_stay():
    """A Deny outside a network stays as what is needed, not as a no."""
    deny = _doc("Deny", Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}, "Bool": {"aws:ViaAWSService": "false"}})
    decision = _three_valued(identity=(parse_policy(ALL, name="A"), parse_policy(deny, name="D")))
    assert decision.word == "depends"
    assert {leaf.key for leaf in leaves(decision.allowed)} == {"aws:sourcevpce", "aws:viaawsservice"}
    assert _three_valued(identity=(parse_policy(_doc("Deny"), name="D"),)).allowed == FALSE


def test_a_key_that_would_follow_may_be_said_to_be_open():
    """Of a caller of whom nothing is known, even its ARN stays a test."""
    policy = parse_policy(_doc(Principal="*", Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/X"}}), name="P")
    for complete in (True, False):
        context = Context(complete=complete, open=frozenset({"aws:principalarn"}))
        request = Request(caller=Caller(arn=ROLE, account=OWN), action="s3:GetObject", resource=OBJECT, context=context)
        assert evaluate(request, Layers(resource=policy)).allowed == ContextTest("aws:principalarn", "ArnLike", ("arn:aws:iam::*:role/X",))


def test_tags_that_are_not_known_stay_open():
    """A caller's tags are a test unless they are given."""
    document = _doc(
        resource="arn:aws:s3:::lake/${aws:PrincipalTag/Team}.parquet", Condition={"StringEquals": {"aws:PrincipalTag/Env": "prod"}}
    )
    decision = _three_valued(identity=(parse_policy(document, name="P"),))
    tests = {(leaf.key, leaf.values) for leaf in leaves(decision.allowed)}
    assert tests == {("aws:principaltag/Team", ("a",)), ("aws:principaltag/Env", ("prod",))}


def test_the_decision_tells_its_statements():
    """Every statement with a say, in its layer, under its conditions."""
    decision = decide(
        ROLE,
        "s3:GetObject",
        OBJECT,
        identity=_both(_doc(Sid="A"), _doc(Sid="B", action="ec2:*"), _doc("Deny", Sid="C", Condition={"Null": {"aws:SourceVpc": "true"}})),
        resource_policy=_to(ROLE),
        complete=False,
    )
    assert [(each.layer, each.statement.sid) for each in decision.allows] == [(Layer.IDENTITY, "A"), (Layer.RESOURCE, "")]
    assert [(each.statement.sid, each.when) for each in decision.denies] == [("C", ContextTest("aws:sourcevpc", "Null", ("true",)))]
    assert decision.missing == ()


@pytest.mark.parametrize(
    ("action", "resource", "word"),
    [
        ("iam:PutRolePolicy", f"arn:aws:iam::{OWN}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_X_1", "implicit_deny"),
        ("iam:UpdateAssumeRolePolicy", f"arn:aws:iam::{OWN}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_X_1", "implicit_deny"),
        ("iam:GetRole", f"arn:aws:iam::{OWN}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_X_1", "allowed"),
        ("iam:PutRolePolicy", f"arn:aws:iam::{OWN}:role/reserved", "allowed"),
        ("iam:CreatePolicyVersion", "arn:aws:iam::aws:policy/ReadOnlyAccess", "implicit_deny"),
        ("iam:CreatePolicyVersion", f"arn:aws:iam::{OWN}:policy/Own", "allowed"),
        ("kms:UpdateAlias", f"arn:aws:kms:eu-west-1:{OWN}:alias/aws/s3", "implicit_deny"),
        ("kms:UpdateAlias", f"arn:aws:kms:eu-west-1:{OWN}:alias/own", "allowed"),
    ],
)
def test_what_is_of_aws_only_aws_changes(action, resource, word):
    """Whatever a policy allows."""
    assert _word(action=action, resource=resource, resource_account=OWN, identity=ALL) == word


def test_get_caller_identity_is_never_refused():
    """From GetCallerIdentity of the STS API reference: no policy can deny it."""
    assert _word(action="sts:GetCallerIdentity", resource="*", identity=DENIED) == "allowed"


def test_a_policy_made_by_hand_is_as_good_as_a_read_one():
    """Statements in typed form, a service-linked role and a web identity as callers."""
    policy = Policy(name="P", statements=(Statement(index=0, effect=Effect.ALLOW, actions=("s3:*",), resources=("*",)),))
    caller = Caller(arn=LINKED, account=OWN, kind=CallerKind.SERVICE_LINKED_ROLE)
    assert evaluate(Request(caller=caller, action="s3:GetObject", resource=OBJECT), Layers(identity=(policy,))).truth is Truth.TRUE
    web = Caller(arn="cognito-identity.amazonaws.com", account="", kind=CallerKind.FEDERATED)
    trust = {
        "Statement": {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        }
    }
    layers = Layers(resource=parse_policy(trust, name="T"))
    assert (
        evaluate(Request(caller=web, action="sts:AssumeRoleWithWebIdentity", resource=TARGET, resource_account=OWN), layers).truth
        is Truth.TRUE
    )
