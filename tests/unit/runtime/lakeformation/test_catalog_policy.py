"""Our statements in a catalog policy that others write too."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.runtime.lakeformation.catalog_policy import CatalogPolicy, CatalogPolicyError
from tests.unit.runtime.lakeformation.fake import error
from tests.unit.runtime.lakeformation.support import STACK, Clock, request, retry

OURS = {
    "Sid": "Shares",
    "Effect": "Allow",
    "Principal": {"Service": "ram.amazonaws.com"},
    "Action": ["glue:ShareResource"],
    "Resource": ["arn:aws:glue:eu-west-1:444444444401:catalog"],
}
THEIRS = {"Sid": "Theirs", "Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "glue:GetTable", "Resource": "*"}
DECLARED = {"Statements": [OURS]}


class FakeGlue:
    """A catalog policy with a hash, which refuses a put or delete on another condition, and one without knowing of RAM's shares."""

    def __init__(self, *statements: dict[str, Any]) -> None:
        self.policy: str | None = json.dumps({"Version": "2012-10-17", "Statement": list(statements)}) if statements else None
        self.meddling: list[dict[str, Any]] = []
        self.errors: list[ClientError] = []
        self.puts = 0

    def statements(self) -> list[dict[str, Any]]:
        return [] if self.policy is None else list(json.loads(self.policy)["Statement"])

    def _hash(self) -> str | None:
        return None if self.policy is None else hashlib.md5(self.policy.encode(), usedforsecurity=False).hexdigest()

    def get_resource_policy(self) -> dict[str, Any]:
        if self.policy is None:
            raise error("EntityNotFoundException", "Policy not found")
        return {"PolicyInJson": self.policy, "PolicyHash": self._hash()}

    def _check(self, hash_condition: str | None, exists: str) -> None:
        self.puts += 1
        if self.errors:
            raise self.errors.pop(0)
        if self.meddling:
            self.policy = json.dumps({"Version": "2012-10-17", "Statement": [*self.statements(), self.meddling.pop(0)]})
        if (hash_condition is not None and hash_condition != self._hash()) or (exists == "NOT_EXIST" and self.policy is not None):
            raise error("ConditionCheckFailureException", "Policy hash condition not met")
        assert hash_condition or exists == "NOT_EXIST", "without a condition others' statements may be lost"

    def put_resource_policy(
        self,
        *,
        PolicyInJson: str,  # noqa: N803 - the API's names
        EnableHybrid: str,  # noqa: N803
        PolicyHashCondition: str | None = None,  # noqa: N803
        PolicyExistsCondition: str = "NONE",  # noqa: N803
    ) -> dict[str, Any]:
        self._check(PolicyHashCondition, PolicyExistsCondition)
        assert EnableHybrid == "TRUE"
        self.policy = PolicyInJson
        return {"PolicyHash": self._hash()}

    def delete_resource_policy(self, *, PolicyHashCondition: str) -> dict[str, Any]:  # noqa: N803
        self._check(PolicyHashCondition, "NONE")
        self.policy = None
        return {}


def apply(glue: FakeGlue, kind: str, properties: dict[str, Any] = DECLARED, clock: Clock | None = None, **ids: str) -> None:
    CatalogPolicy(glue, retry(clock)).apply(request(kind, properties, **ids))


def test_the_statement_comes_and_goes_and_others_stay() -> None:
    """It is added once to what others have, and only it is taken out."""
    glue = FakeGlue(THEIRS)
    apply(glue, "Create")
    apply(glue, "Create")
    assert glue.puts == 1
    theirs, ours = glue.statements()
    assert theirs == THEIRS
    assert {**ours, "Sid": ours["Sid"][: len("Shares")]} == OURS
    apply(glue, "Delete")
    assert glue.statements() == [THEIRS]


def test_an_account_without_a_policy_gets_one_and_loses_it() -> None:
    """Nothing is left of it, and a second delete does nothing."""
    glue = FakeGlue()
    apply(glue, "Create")
    assert len(glue.statements()) == 1
    apply(glue, "Delete")
    assert glue.policy is None
    apply(glue, "Delete")
    assert glue.puts == 2


@pytest.mark.parametrize("there", [(), (THEIRS,)])
def test_what_others_write_meanwhile_is_kept(there: tuple[dict[str, Any], ...]) -> None:
    """The put is refused, as the policy is another one, and made again with what is there now; with and without a policy before."""
    glue, other = FakeGlue(*there), {**THEIRS, "Sid": "Meanwhile"}
    glue.meddling = [other]
    apply(glue, "Create")
    assert glue.statements()[:-1] == [*there, other]
    glue.meddling = [THEIRS]
    apply(glue, "Delete")
    assert glue.statements() == [*there, other, THEIRS]


def test_somebody_who_writes_all_the_time_is_named() -> None:
    """Not waited for without end."""
    glue = FakeGlue(THEIRS)
    glue.meddling = [{**THEIRS, "Sid": f"S{number}"} for number in range(20)]
    with pytest.raises(CatalogPolicyError, match="something else in this account writes it"):
        apply(glue, "Create")


def test_a_policy_that_would_be_too_long_is_refused_before_it_is_put() -> None:
    """The limit and the remedy are said."""
    glue = FakeGlue({**THEIRS, "Resource": [f"arn:aws:glue:eu-west-1:1:table/{number:0200}" for number in range(49)]})
    with pytest.raises(CatalogPolicyError, match=r"would have \d+ bytes, allowed are 10240; take statements out"):
        apply(glue, "Create")
    assert glue.puts == 0


def test_another_spelling_of_the_same_statement_is_not_put_again() -> None:
    """Glue may answer with a list of one where there was the one alone, and the other way round."""
    glue = FakeGlue()
    apply(glue, "Create")
    (ours,) = glue.statements()
    respelled = {**ours, "Action": "glue:ShareResource", "Principal": {"Service": ["ram.amazonaws.com"]}}
    glue.policy = json.dumps({"Version": "2012-10-17", "Statement": respelled})
    apply(glue, "Update")
    assert glue.puts == 1


def test_an_update_replaces_the_statement() -> None:
    """The old one of the same resource goes in the same put."""
    glue = FakeGlue(THEIRS)
    apply(glue, "Create")
    apply(glue, "Update", {"Statements": [{**OURS, "Sid": "Other"}]})
    assert [statement["Sid"][:5] for statement in glue.statements()] == ["Their", "Other"]


@pytest.mark.parametrize("ids", [{"logical_id": "Renamed"}, {"stack": f"{STACK}x"}])
def test_two_that_declare_the_same_do_not_take_it_from_each_other(ids: dict[str, str]) -> None:
    """As when a custom resource gets another logical id: the new one is made before the old one is deleted."""
    glue = FakeGlue()
    apply(glue, "Create")
    apply(glue, "Create", **ids)
    apply(glue, "Delete")
    assert len(glue.statements()) == 1
    apply(glue, "Delete", **ids)
    assert glue.policy is None


def test_a_put_whose_answer_got_lost_is_found_done() -> None:
    """Passing errors are tried again; other errors come out."""
    glue, clock = FakeGlue(THEIRS), Clock()
    glue.errors = [error("InternalServiceException"), error("OperationTimeoutException")]
    apply(glue, "Create", clock=clock)
    assert len(clock.pauses) == 2
    glue.errors = [error("AccessDeniedException", "explicit deny")]
    with pytest.raises(ClientError, match="explicit deny"):
        apply(glue, "Delete")
