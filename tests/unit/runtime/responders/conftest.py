"""A security account with a responder and a lake account with what findings are about, both in moto."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from moto.backends import get_backend

from constructs_lib.runtime.responders import respond, undo
from constructs_lib.runtime.responders.access import Access, Need
from constructs_lib.runtime.responders.ledger import Ledger
from constructs_lib.runtime.responders.protection import DEPLOYING
from constructs_lib.runtime.responders.reporting import Evidence, Notices
from constructs_lib.runtime.responders.settings import Settings
from tests.unit.runtime.responders.payloads import ACCOUNT, BUCKET, MANAGEMENT, REGION, ROLE, SECURITY, USER

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Theirs",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "s3:GetBucketLocation",
            "Resource": f"arn:aws:s3:::{BUCKET}",
        }
    ],
}
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}


EMPTIED = ("s3", "iam", "dynamodb", "sns", "sqs", "kms", "lambda", "ssoadmin")
"""Backends of moto that are emptied before each test; the access keys stay, which tell accounts apart."""


class Accounts:
    """Clients in any account, each made once: making one takes longer than a test."""

    def __init__(self) -> None:
        self._sessions = {account: self._session(account) for account in (SECURITY, ACCOUNT, MANAGEMENT)}
        self._clients: dict[tuple[str, str, str], Any] = {}

    def _session(self, account: str) -> boto3.Session:
        answer = boto3.client("sts", region_name=REGION).assume_role(RoleArn=f"arn:aws:iam::{account}:role/test", RoleSessionName="test")
        credentials = answer["Credentials"]
        return boto3.Session(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"], region_name=REGION)

    def client(self, account: str, service: str, region: str = REGION) -> Any:
        key = (account, service, region)
        if key not in self._clients:
            self._clients[key] = self._sessions[account].client(service, region_name=region)
        return self._clients[key]


class SharedAccess(Access):
    """Assumes roles as the real one does, and then hands out shared clients; notes what each was for."""

    def __init__(self, accounts: Accounts) -> None:
        super().__init__(accounts.client(SECURITY, "sts"))
        self.roles: list[str] = []
        self._accounts = accounts

    def client(self, service: str, role: str, region: str, need: Need, *, session: str) -> Any:
        assert need.actions
        assert need.resources
        assert 2 <= len(session) <= 64
        self.roles.append(role)
        return self._accounts.client(role.split(":")[4], service, region)


class World:
    """Both accounts, and what has been told."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts
        self.access: Access = SharedAccess(accounts)
        self.settings = Settings(
            mode="contain",
            table="actions",
            bucket="evidence-bucket",
            topic=f"arn:aws:sns:{REGION}:{SECURITY}:alerts",
            containment_role="governed-lake-containment",
            organization_id="o-exampleorgid",
            accounts=(ACCOUNT,),
            protected_accounts=("222222222222",),
            protected_principals=("BreakGlass", *DEPLOYING),
        )
        self.own("dynamodb").create_table(
            TableName="actions",
            KeySchema=[{"AttributeName": "action", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "action", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.own("s3").create_bucket(Bucket="evidence-bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
        topic = self.own("sns").create_topic(Name="alerts")["TopicArn"]
        queue = self.own("sqs").create_queue(QueueName="told")["QueueUrl"]
        self.own("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{SECURITY}:told")
        self._queue = queue
        self.s3 = self.client("s3")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(OWN_POLICY))
        self.s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "zone", "Value": "curated"}]})
        self.iam = self.client("iam")
        self.iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))

    def client(self, service: str) -> Any:
        """A client in the lake account."""
        return self.accounts.client(ACCOUNT, service)

    def own(self, service: str) -> Any:
        """A client in the security account."""
        return self.accounts.client(SECURITY, service)

    def change(self, **settings: Any) -> None:
        self.settings = replace(self.settings, **settings)

    def _parts(self) -> tuple[Any, ...]:
        return (
            self.settings,
            Ledger(self.own("dynamodb"), self.settings.table),
            Evidence(self.own("s3"), self.settings.bucket),
            Notices(self.own("sns"), self.settings),
            self.access,
        )

    def answer(self, event: Any) -> list[str]:
        return respond.Responder(*self._parts()).answer(event)

    def undo(self, action: str) -> dict[str, str]:
        return undo.Undoer(*self._parts()).undo(action, "it was a drill")

    def told(self) -> list[dict[str, Any]]:
        """What was told since the last time."""
        found = self.own("sqs").receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            self.own("sqs").delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(json.loads(message["Body"])["Message"]) for message in found]

    def actions(self, state: str = "done") -> dict[str, str]:
        """Ids of the actions in a state, by containment."""
        items = self.own("dynamodb").scan(TableName="actions")["Items"]
        return {item["containment"]["S"]: item["action"]["S"] for item in items if "containment" in item and item["state"]["S"] == state}

    def evidence(self, action: str, name: str) -> dict[str, Any]:
        body = self.own("s3").get_object(Bucket="evidence-bucket", Key=f"actions/{action}/{name}.json")["Body"].read()
        found: dict[str, Any] = json.loads(body)
        return found

    def policy(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
        return found

    def tags(self) -> dict[str, str]:
        return {each["Key"]: each["Value"] for each in self.s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"]}

    def role_policies(self) -> list[str]:
        names: list[str] = self.iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
        return names

    def add_user(self) -> str:
        self.iam.create_user(UserName=USER)
        key: str = self.iam.create_access_key(UserName=USER)["AccessKey"]["AccessKeyId"]
        return key


@pytest.fixture(scope="module")
def accounts() -> Iterator[Accounts]:
    with mock_aws():
        yield Accounts()


@pytest.fixture
def world(accounts: Accounts) -> World:
    for name in EMPTIED:
        for account in get_backend(name).values():
            for backend in account.values():
                keys = dict(getattr(backend, "access_keys", {}))
                backend.reset()
                if keys:
                    backend.access_keys.update(keys)
    return World(accounts)
