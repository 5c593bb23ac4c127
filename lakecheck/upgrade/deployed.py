"""Reads the stacks of an assembly as they are deployed, by boto3, which the extra `aws` brings; nothing is written and nothing guessed.

Called are, in each account and Region of the assembly: `sts:GetCallerIdentity`, `cloudformation:DescribeStacks`, `GetTemplate` and, for
nested stacks, `ListStackResources`. Templates are taken as they were submitted (`TemplateStage=Original`): HEAD's are, too, so that what a
transform makes is made alike on both sides; the processed template would show every serverless function as new.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html

Stacks that HEAD has not cannot be found this way: they stay deployed, and nothing is said of them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lakecheck.assembly.documents import Unreadable, parse_object, without_metadata
from lakecheck.assembly.model import Assembly, StackTemplate
from lakecheck.assembly.places import Place as Partition
from lakecheck.progress import quiet
from lakemodel.errors import DataLakeError, InvalidInput
from lakemodel.findings import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.progress import Tell

_NESTED: Final = "AWS::CloudFormation::Stack"
_NEVER_MADE: Final = frozenset({"REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_COMPLETE"})
"""A stack with such a status has no resource: only a change set was made, or its creation was rolled back."""
_SESSION: Final = "lakecheck"
_HIDDEN: Final = "****"
_DEPTH: Final = 10
_READ: Final = "Let it cloudformation:DescribeStacks, GetTemplate and ListStackResources there, or name another --profile or --role-name."


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployed:
    """What is deployed of an assembly.

    Attributes:
        assembly: The stacks that exist, in HEAD's order, under HEAD's names.
        parameters: The values they were deployed with, by `Path:Name`; without those that CloudFormation does not show.
        missing: Names of stacks that do not exist yet.
    """

    assembly: Assembly
    parameters: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def for_head(self, head: Assembly) -> dict[str, str]:
        """Those values that HEAD's templates still have parameters for: a deployment keeps what it is not told to change."""
        declared = {
            f"{stack.path}:{name}"
            for stack in head.stacks
            for name in (stack.template.get("Parameters") if isinstance(stack.template.get("Parameters"), dict) else {}) or ()
        }
        return {name: value for name, value in self.parameters.items() if name in declared}


def read_deployed(
    head: Assembly, *, profile: str | None = None, role_name: str | None = None, region: str | None = None, progress: Tell = quiet
) -> Deployed:
    """Reads every stack of HEAD as it is deployed.

    Args:
        head: Whose stacks are meant.
        profile: AWS profile; the default credentials when left out.
        role_name: Role to assume in each account; none when left out, which does for one account.
        region: For stacks that are bound to no Region; the profile's when left out.
        progress: Told what goes on; nobody when left out.

    Raises:
        DataLakeError: `aws_extra_missing`, if boto3 is not installed; `upgrade.credentials`, if there are no credentials.
        InvalidInput: With everything that could not be read: what is not readable is never taken for not there.
    """
    reader = _Reader(head, _Sessions(profile, role_name, region))
    for stack in head.stacks:
        if stack.parent is None:
            progress(f"upgrade: reading {stack.stack_name}")
            reader.read(stack)
    if reader.findings:
        raise InvalidInput(reader.findings)
    assembly = Assembly(directory="what is deployed", version=head.version, stacks=tuple(reader.stacks), is_template=head.is_template)
    return Deployed(assembly=assembly, parameters=reader.parameters, missing=tuple(reader.missing))


class _Sessions:
    """A CloudFormation client for each account and Region."""

    def __init__(self, profile: str | None, role_name: str | None, region: str | None) -> None:
        try:
            import boto3  # noqa: PLC0415 - an extra
            from botocore.config import Config  # noqa: PLC0415
            from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
        except ModuleNotFoundError:
            msg = "boto3 is not installed, so that nothing deployed can be read; install the extra: pip install 'governed-lake[aws]'"
            raise DataLakeError(msg, code="aws_extra_missing") from None
        self.errors: tuple[type[Exception], ...] = (BotoCoreError, ClientError)
        self._boto3: Any = boto3
        self._config = Config(retries={"mode": "standard", "max_attempts": 10})
        self._role_name = role_name
        self._clients: dict[tuple[str | None, str], Any] = {}
        self._assumed: dict[str, Any] = {}
        try:
            self._own: Any = boto3.Session(profile_name=profile, region_name=region)
            self._region = self._own.region_name
            start = self._region if self._region is not None else "us-east-1"
            self._account = self._own.client("sts", region_name=start, config=self._config).get_caller_identity()["Account"]
        except self.errors as error:
            msg = f"there are no credentials that work: {said(error)}; name a --profile, or log in"
            raise DataLakeError(msg, code="upgrade.credentials") from None

    def client(self, stack: StackTemplate) -> Any:
        """The client for a stack.

        Raises:
            ValueError: If it is in another account than the credentials, and no role to assume is named; or in no Region.
        """
        region = stack.region if stack.region is not None else self._region
        if region is None:
            msg = "it is bound to no Region, and the profile has none; name one by --region"
            raise ValueError(msg)
        key = (stack.account, region)
        if key not in self._clients:
            session = self._session(stack.account, region)
            self._clients[key] = session.client("cloudformation", region_name=region, config=self._config)
        return self._clients[key]

    def _session(self, account: str | None, region: str) -> Any:
        if account is None or (account == self._account and self._role_name is None):
            return self._own
        if self._role_name is None:
            msg = f"it is in account {account}, and the credentials are of {self._account}; name a role to assume in each by --role-name"
            raise ValueError(msg)
        if account not in self._assumed:
            partition = Partition(account, region).partition
            role = f"arn:{partition}:iam::{account}:role/{self._role_name}"
            sts = self._own.client("sts", region_name=region, config=self._config)
            found = sts.assume_role(RoleArn=role, RoleSessionName=_SESSION)["Credentials"]
            self._assumed[account] = self._boto3.Session(
                aws_access_key_id=found["AccessKeyId"],
                aws_secret_access_key=found["SecretAccessKey"],
                aws_session_token=found["SessionToken"],
            )
        return self._assumed[account]


class _Reader:
    """Collects stacks; what cannot be read becomes a finding, and the reading goes on."""

    def __init__(self, head: Assembly, sessions: _Sessions) -> None:
        self._sessions = sessions
        self._nested = {(stack.parent, stack.parent_logical_id): stack.path for stack in head.stacks if stack.parent is not None}
        self.stacks: list[StackTemplate] = []
        self.parameters: dict[str, str] = {}
        self.missing: list[str] = []
        self.findings: list[Finding] = []

    def read(self, stack: StackTemplate) -> None:
        """Reads one stack and those nested in it."""
        where = f"{stack.stack_name} in {stack.account or 'the account'}/{stack.region or 'the Region'}"
        try:
            client = self._sessions.client(stack)
            described = self._describe(client, stack.stack_name)
            if described is None:
                self.missing.append(stack.stack_name)
                return
            status = str(described.get("StackStatus"))
            if status.endswith("_IN_PROGRESS"):
                self._refuse(where, f"it is being deployed ({status}), so that nobody knows yet what it is", "Wait until it is done.")
                return
            self._parameters(stack.path, described)
            self.stacks += self._templates(client, described, stack, stack.path, stack.stack_name)
        except Unreadable as error:
            self.findings.append(error.finding)
        except ValueError as error:
            self._refuse(where, str(error), _READ)
        except self._sessions.errors as error:
            self._refuse(where, f"it cannot be read: {said(error)}", _READ)

    def _refuse(self, where: str, message: str, remedy: str) -> None:
        self.findings.append(Finding(Place(where), "upgrade.deployed", message, remedy))

    def _describe(self, client: Any, name: str) -> dict[str, Any] | None:
        """The stack; None when CloudFormation says that there is none, which is another answer than that one may not ask."""
        try:
            found: dict[str, Any] = client.describe_stacks(StackName=name)["Stacks"][0]
        except self._sessions.errors as error:
            answer = getattr(error, "response", {}).get("Error", {})
            if answer.get("Code") == "ValidationError" and "does not exist" in str(answer.get("Message")):
                return None
            raise
        return None if found.get("StackStatus") in _NEVER_MADE else found

    def _parameters(self, path: str, described: Mapping[str, Any]) -> None:
        for each in described.get("Parameters") or ():
            value = each.get("ParameterValue")
            if value is not None and value != _HIDDEN:
                self.parameters[f"{path}:{each['ParameterKey']}"] = value

    def _templates(
        self, client: Any, described: Mapping[str, Any], stack: StackTemplate, path: str, name: str, *, parent: StackTemplate | None = None
    ) -> Iterator[StackTemplate]:
        """The template of a stack, then those nested in it."""
        template, size = self._template(client, described["StackId"], name)
        made = StackTemplate(
            environment=stack.environment,
            account=stack.account,
            region=stack.region,
            stack_name=stack.stack_name if parent is None else path,
            path=path,
            parent=None if parent is None else parent.path,
            file=f"{name}.template.json",
            size=size,
            template=template,
            bare=without_metadata(template),
            construct_paths=dict(_construct_paths(template)),
            sources={},
            termination_protection=described.get("EnableTerminationProtection") is True,
            parent_logical_id="" if parent is None else name,
        )
        yield made
        nested = {key for key, each in made.resources.items() if isinstance(each, dict) and each.get("Type") == _NESTED}
        if not nested or path.count("/") > stack.path.count("/") + _DEPTH:
            return
        pages = client.get_paginator("list_stack_resources").paginate(StackName=described["StackId"])
        for each in (summary for page in pages for summary in page["StackResourceSummaries"]):
            logical_id, physical = each["LogicalResourceId"], each.get("PhysicalResourceId")
            if logical_id not in nested or not physical:
                continue
            inner = self._describe(client, physical)
            if inner is not None:
                below = self._nested.get((path, logical_id), f"{path}/{logical_id}")
                yield from self._templates(client, inner, stack, below, logical_id, parent=made)

    def _template(self, client: Any, stack_id: str, name: str) -> tuple[dict[str, Any], int]:
        body = client.get_template(StackName=stack_id, TemplateStage="Original")["TemplateBody"]
        text = body if isinstance(body, str) else json.dumps(body)
        return parse_object(Path(f"{name}.template"), text.encode()), len(text.encode())


def _construct_paths(template: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    resources = template.get("Resources")
    for logical_id, resource in (resources if isinstance(resources, dict) else {}).items():
        metadata = resource.get("Metadata") if isinstance(resource, dict) else None
        path = metadata.get("aws:cdk:path") if isinstance(metadata, dict) else None
        if isinstance(path, str):
            yield logical_id, path


def said(error: Exception) -> str:
    """AWS's words for an error, on one line."""
    answer = getattr(error, "response", {}).get("Error", {})
    return f"{answer.get('Code')}: {answer.get('Message')}" if answer else " ".join(str(error).split())
