"""Bootstraps accounts of the emulator with the CDK CLI's own template, under every qualifier that an assembly's assets name."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from lakecheck.rehearsal.adapters.model import Clients

DEFAULT_QUALIFIER: Final = "hnb659fds"
_ROLE: Final = re.compile(r":role/cdk-([a-z0-9]{1,10})-(?:file-publishing|image-publishing|deploy|lookup)-role-")
_VERSION: Final = re.compile(r'"bootstrapStackVersionSsmParameter":\s*"([^"]+)"')
_HIGH_VERSION: Final = "99"
"""More than any stack asks for."""
_ACCOUNT: Final = re.compile(r"(?<!\d)\d{12}(?!\d)")
_SHARED: Final = re.compile(r"arn:[a-z-]+:ssm:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):parameter(?P<name>/.+)")
_BUCKET: Final = re.compile(r"cdk-([a-z0-9]{1,10})-assets-")


def qualifiers(assembly: Path) -> tuple[str, ...]:
    """The bootstrap qualifiers that an assembly's manifests name; the CLI's default when they name none."""
    texts = [
        path.read_text(encoding="utf-8")
        for path in sorted(assembly.rglob("*.json"))
        if path.name.endswith(("manifest.json", "assets.json"))
    ]
    found = {name for text in texts for pattern in (_ROLE, _BUCKET) for name in pattern.findall(text)}
    return tuple(sorted(found)) or (DEFAULT_QUALIFIER,)


def bootstrap(template: str, places: Sequence[tuple[str, str]], names: Sequence[str], clients: Clients) -> int:
    """Makes the bootstrap stack of each qualifier in each account and Region; how many were made.

    Args:
        template: The CLI's own, as `cdk bootstrap --show-template` prints it.
        places: Accounts and Regions.
        names: The qualifiers.
        clients: Makes the emulator's clients.

    Raises:
        DataLakeError: `bootstrap_failed`.
    """
    trusted = ",".join(dict.fromkeys(account for account, _ in places))
    for account, region in places:
        for name in names:
            stack = "CDKToolkit" if name == DEFAULT_QUALIFIER else f"CDKToolkit-{name}"
            given = {"Qualifier": name, "TrustedAccounts": trusted, "CloudFormationExecutionPolicies": ""}
            parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
            client = clients("cloudformation", account=account, region=region)
            client.create_stack(StackName=stack, TemplateBody=template, Parameters=parameters, Capabilities=["CAPABILITY_NAMED_IAM"])
            told = client.describe_stacks(StackName=stack)["Stacks"][0]
            if told["StackStatus"] != "CREATE_COMPLETE":
                msg = f"bootstrapping {account} in {region} ended with {told['StackStatus']}: {told.get('StackStatusReason', '')}"
                raise DataLakeError(msg, code="bootstrap_failed")
    return len(places) * len(names)


def make_missing_buckets(assembly: Path, places: Sequence[tuple[str, str]], clients: Clients) -> list[str]:
    """Makes the buckets that assets go to and no bootstrap stack has made (other synthesizers, names of one's own); their names."""
    made: list[str] = []
    for account, region in places:
        client = clients("s3", account=account, region=region)
        there = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
        for name in sorted({name for name, where in _asset_buckets(assembly, account, region) if where == region} - there - set(made)):
            where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
            client.create_bucket(Bucket=name, **where)
            made.append(name)
    return made


def write_missing_versions(assembly: Path, places: Sequence[tuple[str, str]], clients: Clients) -> None:
    """Writes the versions that stacks ask for under a name of their own, as whoever bootstrapped in another way has written them."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(assembly.rglob("manifest.json"))]
    names = sorted({name for text in texts for name in _VERSION.findall(text)} - {f"/cdk-bootstrap/{DEFAULT_QUALIFIER}/version"})
    for account, region in places:
        client = clients("ssm", account=account, region=region)
        for name in names:
            if not client.get_parameters(Names=[name])["Parameters"]:
                client.put_parameter(Name=name, Value=_HIGH_VERSION, Type="String")


def write_shared_parameters(assembly: Path, places: Sequence[tuple[str, str]], clients: Clients) -> list[str]:
    """Writes the parameters that other accounts share with these, as their stacks have, which are not rehearsed; their ARNs."""
    deployed = {account for account, _ in places}
    texts = [path.read_text(encoding="utf-8") for path in sorted(assembly.rglob("*.template.json"))]
    stated = [one for text in texts for one in json.loads(text).get("Parameters", {}).values()]
    asked = {str(one.get("Default", "")) for one in stated if str(one.get("Type")).startswith("AWS::SSM::Parameter::Value")}
    shared = [(arn, found) for arn in sorted(asked) if (found := _SHARED.fullmatch(arn)) and found["account"] not in deployed]
    for arn, found in shared:
        client = clients("ssm", account=found["account"], region=found["region"])
        client.put_parameter(Name=found["name"], Value=f"stand-in-of-{arn}", Type="String", Overwrite=True)
    return [arn for arn, _ in shared]


def _asset_buckets(assembly: Path, account: str, region: str) -> Iterable[tuple[str, str]]:
    for path in sorted(assembly.rglob("*.assets.json")):
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for asset in manifest.get("files", {}).values():
            for destination in asset["destinations"].values():
                name = destination["bucketName"].replace("${AWS::AccountId}", account).replace("${AWS::Region}", region)
                if account in name or not _ACCOUNT.search(name):
                    yield name, destination.get("region", region).replace("${AWS::Region}", region)
