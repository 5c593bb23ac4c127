"""Our statements in the account's Glue catalog policy: an account has one, others write it too, and CloudFormation has no resource for it.

A put names the hash of what was read, so nothing that others write at the same time is lost. Each statement's `Sid` ends in a digest of
the custom resource, so that two that declare the same statement do not take it from each other.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from ..custom_resources.cfn_response import LOG, handle
from ..custom_resources.retry import CLIENT_CONFIG, Retry, code_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..custom_resources.cfn_response import Deadline, LambdaContext, Request

_MOST_BYTES = 10_240  # https://docs.aws.amazon.com/general/latest/gr/glue.html
_ROUNDS = 8
_CHANGED = frozenset({"ConditionCheckFailureException", "ConcurrentModificationException"})
_LISTS = ("Action", "Resource")


class CatalogPolicyError(Exception):
    """A catalog policy that could not be brought about; says why and what to do."""


class CatalogPolicy:
    """The account's catalog policy.

    Args:
        glue: A boto3 client.
        retry: How to call it.
    """

    def __init__(self, glue: Any, retry: Retry) -> None:
        self._glue = glue
        self._retry = retry

    def apply(self, request: Request) -> dict[str, str]:
        """Makes the policy have the request's `Statements`, and on delete not; others' statements stay as they are.

        Raises:
            CatalogPolicyError: If the policy would be too long, or is written by somebody else all the time.
        """
        digest = hashlib.sha256(f"{request.stack} {request.logical_id}".encode()).hexdigest()[:8]
        declared = [] if request.kind == "Delete" else request.properties.get("Statements") or []
        ours = [{**statement, "Sid": f"{statement['Sid']}{digest}"} for statement in declared]
        for attempt in range(_ROUNDS):
            policy, found = self._get()
            there = _statements(policy)
            target = [statement for statement in there if not str(statement.get("Sid", "")).endswith(digest)] + ours
            if [_canonical(statement) for statement in there] == [_canonical(statement) for statement in target]:
                return {}
            if self._put({**policy, "Statement": target}, found):
                return {}
            LOG.warning("the catalog policy was changed by somebody else meanwhile; attempt %s", attempt + 1)
            self._retry.pause(attempt)
        msg = f"the catalog policy changed under each of {_ROUNDS} attempts: something else in this account writes it; make it stop"
        raise CatalogPolicyError(msg)

    def _get(self) -> tuple[dict[str, Any], str | None]:
        """The policy with its hash; none without one."""
        try:
            answer = self._retry.call(self._glue.get_resource_policy)
        except ClientError as error:
            if code_of(error) == "EntityNotFoundException":
                return {"Version": "2012-10-17"}, None
            raise
        if not answer.get("PolicyInJson"):
            return {"Version": "2012-10-17"}, None
        policy: dict[str, Any] = json.loads(answer["PolicyInJson"])
        return policy, answer["PolicyHash"]

    def _put(self, policy: Mapping[str, Any], found: str | None) -> bool:
        """Whether the policy was still the one that was read when it was put, or deleted as nothing is left in it."""
        document = json.dumps(policy, separators=(",", ":"))
        if len(document.encode()) > _MOST_BYTES:
            msg = (
                f"the catalog policy would have {len(document.encode())} bytes, allowed are {_MOST_BYTES}; "
                "take statements out that Lake Formation grants have replaced"
            )
            raise CatalogPolicyError(msg)
        condition = {"PolicyExistsCondition": "NOT_EXIST"} if found is None else {"PolicyHashCondition": found}
        try:
            if policy["Statement"]:
                # Where RAM shares exist, Glue takes a policy only from who knows that both grant: that is what TRUE says.
                self._retry.call(self._glue.put_resource_policy, PolicyInJson=document, EnableHybrid="TRUE", **condition)
            else:
                self._retry.call(self._glue.delete_resource_policy, **condition)
        except ClientError as error:
            if code_of(error) not in _CHANGED and (code_of(error) != "EntityNotFoundException" or policy["Statement"]):
                raise
            return False
        return True


def _statements(policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    statements = policy.get("Statement") or []
    return [statements] if isinstance(statements, dict) else list(statements)


def _canonical(statement: Mapping[str, Any]) -> dict[str, Any]:
    """The statement in one spelling: a list of one and the one alone are the same."""
    principal = statement.get("Principal")
    spelled = {kind: _listed(who) for kind, who in principal.items()} if isinstance(principal, dict) else principal
    return {**statement, "Principal": spelled, **{key: _listed(statement[key]) for key in _LISTS if key in statement}}


def _listed(value: Any) -> list[str]:
    return sorted([value] if isinstance(value, str) else value)


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Lambda's entry: one create, update or delete of our statements."""

    def apply(request: Request, deadline: Deadline) -> dict[str, str]:
        return CatalogPolicy(boto3.client("glue", config=CLIENT_CONFIG), Retry(deadline)).apply(request)

    handle(event, context, apply)
