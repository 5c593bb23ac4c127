"""Answers findings: reads them off the queue, and contains, or says what it would do.

Everything may happen twice, or stop between any two calls: a message that was not answered to the end comes again, and goes on from where
the ledger says. What cannot be read, or fails for good, goes to the dead-letter queue after a few attempts, and people are told.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ..custom_resources.cfn_response import LOG
from ..custom_resources.retry import CLIENT_CONFIG, code_of
from . import ledger as states, plays
from .access import Access, NothingToDoError, NotPossibleError, Target
from .containments import CONTAINMENTS
from .findings import MalformedError
from .ledger import Ledger, action_id
from .protection import reason_to_spare
from .reporting import Evidence, Notices
from .settings import CONTAIN, Settings
from .sources import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .containments import Containment
    from .findings import Finding, Resource

GONE = frozenset({"NoSuchBucket", "NoSuchEntity", "NotFoundException", "ResourceNotFoundException"})
"""What says that the resource is not there any more."""


class Responder:
    """Answers findings.

    Args:
        settings: How.
        ledger: What was done before.
        evidence: Where it is kept.
        notices: How people are told.
        access: Clients in the accounts that findings are about.
        containments: What can be done, by name.
    """

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        evidence: Evidence,
        notices: Notices,
        access: Access,
        containments: Mapping[str, Containment] = CONTAINMENTS,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._evidence = evidence
        self._notices = notices
        self._access = access
        self._containments = containments

    def answer(self, envelope: Any) -> list[str]:
        """Answers every finding in an event; returns what became of each, in its order.

        One that fails does not keep the others from being answered.

        Raises:
            MalformedError: If it is no event.
            ClientError: The first one that may pass.
        """
        outcomes: list[str] = []
        failures: list[Exception] = []
        for finding in read(envelope):
            for step in self._steps(finding):
                try:
                    outcomes.append(step())
                except (ClientError, BotoCoreError, RuntimeError) as error:
                    LOG.warning("finding %s could not be answered: %s", finding.id, error)
                    failures.append(error)
        if failures:
            raise failures[0]
        return outcomes

    def _steps(self, finding: Finding) -> list[Any]:
        if finding.closed:
            LOG.info("finding %s is %s", finding.id, finding.closed)
            return [lambda: "closed"]
        if finding.sample:
            return [lambda: self._tell_once("sample", finding, "a sample, made up to try things out: nothing is done")]
        steps = list(plays.steps(finding, minimum_severity=self._settings.minimum_severity))
        if not steps:
            return [lambda: self._tell_once("recorded", finding, self._why_nothing(finding))]
        return [lambda name=name, resource=resource: self._step(finding, name, resource) for name, resource in steps]

    def _why_nothing(self, finding: Finding) -> str:
        if not plays.fitting(finding):
            return f"nothing is foreseen for findings of type {finding.type}"
        if finding.severity < self._settings.minimum_severity:
            return f"severity {finding.severity:g} is below {self._settings.minimum_severity:g}, or it names nothing that can be contained"
        return "it names nothing that can be contained"

    def _step(self, finding: Finding, name: str, resource: Resource) -> str:
        action = action_id(finding, name, resource)
        spared = reason_to_spare(finding, resource, self._settings)
        if spared:
            return self._tell_once("spared", finding, f"{name} is not done: {spared}", action=action, resource=resource)
        if self._settings.mode == CONTAIN:
            return self._contain(finding, name, resource, action)
        return self._plan(finding, name, resource, action)

    def _plan(self, finding: Finding, name: str, resource: Resource, action: str) -> str:
        containment, target = self._containments[name], self._target(action, resource, self._ledger.timestamp())
        try:
            what = f"would {containment.plan(target, containment.look(target))}"
        except (NothingToDoError, NotPossibleError) as error:
            what = f"would not do {name}: {error}"
        except ClientError as error:
            if code_of(error) not in GONE:
                raise
            what = f"would not do {name}: {resource} is not there"
        return self._tell_once("planned", finding, what, action=action, resource=resource)

    def _contain(self, finding: Finding, name: str, resource: Resource, action: str) -> str:
        facts = {"resource": json.dumps(_facts(resource), sort_keys=True), "containment": name, "finding": finding.id}
        state = self._ledger.begin(
            action, self._settings.most_per_hour, **facts, source=finding.source, type=finding.type, title=finding.title
        )
        if state in {states.DONE, states.UNDOING, states.UNDONE}:
            return self._again(finding, resource, action, self._ledger.get(action) or {})
        if state == states.HELD:
            what = f"{name} of {resource} is held back: {self._settings.most_per_hour} containments were begun within the hour"
            return self._tell_once("held", finding, what, action=action, resource=resource)
        try:
            return self._do(finding, name, resource, action)
        except NothingToDoError as error:
            outcome, why = states.NOTHING, str(error)
        except NotPossibleError as error:
            outcome, why = states.FAILED, str(error)
        except ClientError as error:
            if code_of(error) not in GONE:
                raise
            outcome, why = states.FAILED, f"{resource} is not there: {error}"
        self._ledger.set(action, outcome, only_from=states.BEGUN, why=why)
        return self._tell_once(outcome, finding, why, action=action, resource=resource)

    def _do(self, finding: Finding, name: str, resource: Resource, action: str) -> str:
        """What was there is kept before anything is changed; a second attempt does not look again, because it would see our own change."""
        containment = self._containments[name]
        record = self._ledger.get(action) or {}
        target = self._target(action, resource, str(record.get("at", self._ledger.timestamp())))
        before = json.loads(record["before"]) if record.get("before") else self._ledger.remember_before(action, containment.look(target))
        self._evidence.keep(action, "finding", finding.raw)
        self._evidence.keep(action, "before", before)
        what = containment.plan(target, before)
        after = containment.apply(target, before)
        self._evidence.keep(action, "after", after)
        if not self._ledger.set(action, states.DONE, only_from=states.BEGUN, what=what, done=self._ledger.timestamp()):
            containment.undo(target, before)  # somebody has undone it while it was done
            return "undone"
        return self._tell_once("contained", finding, f"did: {what}", action=action, resource=resource, before=before)

    def _again(self, finding: Finding, resource: Resource, action: str, known: Mapping[str, Any]) -> str:
        """A finding that was answered: told if nobody was, and if it goes on nevertheless."""
        if known.get("state") == states.DONE:
            told = self._tell_once("contained", finding, f"did: {known.get('what', '')}", action=action, resource=resource)
            if finding.updated <= str(known.get("done", "")):
                return told
            what = f"goes on although {known.get('containment')} was done; look at it"
            return self._tell_once("goes_on", finding, what, action=action, resource=resource, moment=finding.updated)
        if finding.updated > str(known.get("undone", "")) and known.get("state") == states.UNDONE:
            what = f"goes on; {known.get('containment')} was undone by hand and is not done again"
            return self._tell_once("goes_on", finding, what, action=action, resource=resource, moment=finding.updated)
        return "undone"

    def _target(self, action: str, resource: Resource, at: str) -> Target:
        return Target(action=action, resource=resource, at=at, settings=self._settings, access=self._access)

    def tell_failure(self, message: str, error: Exception) -> None:
        """Tells that a message goes to the dead-letter queue."""
        self._notices.tell("failed", f"message {message} could not be answered and goes to the dead-letter queue: {error}")

    def _tell_once(
        self,
        outcome: str,
        finding: Finding,
        what: str,
        *,
        action: str = "",
        resource: Resource | None = None,
        moment: str = "",
        **details: Any,
    ) -> str:
        """Records what became of a finding and tells it; again only if it stopped before it was told."""
        note = f"{outcome}#{action or f'{finding.source}#{finding.id}'}#{moment}"
        subject = f"{finding.title} ({finding.type}): {what}"
        if not self._ledger.note(note, "noted", what=what[:1_000]) and (self._ledger.get(note) or {}).get("state") == "told":
            return outcome
        if not action:
            self._evidence.keep(f"none/{finding.source}-{states.digest(finding.id)}", "finding", finding.raw)
        self._notices.tell(
            outcome,
            subject,
            action=action or None,
            resource=None if resource is None else _facts(resource),
            finding={
                "source": finding.source,
                "id": finding.id,
                "type": finding.type,
                "account": finding.account,
                "severity": finding.severity,
            },
            undo=f'invoke the undo function with {{"action": "{action}"}}' if outcome == "contained" else None,
            **details,
        )
        self._ledger.set(note, "told")
        return outcome


def _facts(resource: Resource) -> dict[str, Any]:
    return {
        "kind": resource.kind,
        "name": resource.name,
        "account": resource.account,
        "region": resource.region,
        "facts": dict(resource.facts),
    }


def make_responder(settings: Settings) -> Responder:
    """The responder with the clients of its own account."""
    return Responder(
        settings,
        Ledger(boto3.client("dynamodb", config=CLIENT_CONFIG), settings.table),
        Evidence(boto3.client("s3", config=CLIENT_CONFIG), settings.bucket),
        Notices(boto3.client("sns", config=CLIENT_CONFIG), settings),
        Access(boto3.client("sts", config=CLIENT_CONFIG)),
    )


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda's entry: messages of the queue, each an event; or one event, when it is invoked with it.

    Returns which messages failed, for SQS to deliver these alone again; or what became of the one event.

    See https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html.
    """
    del context
    settings = Settings.from_environment()
    responder = make_responder(settings)
    if "Records" not in event:
        return {"outcomes": responder.answer(event)}
    failed = [record["messageId"] for record in event["Records"] if not _answered(responder, record, settings)]
    return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}


def _answered(responder: Responder, record: Mapping[str, Any], settings: Settings) -> bool:
    message = str(record.get("messageId"))
    try:
        try:
            envelope = json.loads(record["body"])
        except (KeyError, TypeError, ValueError) as error:
            msg = "the message is no JSON"
            raise MalformedError(msg) from error
        LOG.info("message %s: %s", message, responder.answer(envelope))
    except Exception as error:  # noqa: BLE001 - a message must not take the others of its batch along
        LOG.exception("message %s failed", message)
        if int((record.get("attributes") or {}).get("ApproximateReceiveCount", 1)) >= settings.last_attempt:
            responder.tell_failure(message, error)
        return False
    return True
