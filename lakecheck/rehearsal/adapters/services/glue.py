"""Glue besides its catalog's tables: databases, jobs, triggers, crawlers, connections, registries, encryption.

What `Ref` and `Fn::GetAtt` give is on each type's page below
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Glue.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from lakecheck.rehearsal.adapters.model import ID, Adapter, Read, Resource, call, is_absent, prop, tag_map

_UNENCRYPTED: Final = {
    "EncryptionAtRest": {"CatalogEncryptionMode": "DISABLED"},
    "ConnectionPasswordEncryption": {"ReturnConnectionPasswordEncrypted": False},
}


def _named(path: str) -> Callable[[Resource], dict[str, Any]]:
    """An input structure with its name, also where the template leaves that to CloudFormation."""
    return lambda resource: {**resource.get(path, {}), "Name": resource.physical_id}


def _but_name(*names: str) -> Callable[[Resource], dict[str, Any]]:
    """All properties but those that a change does not take."""
    return lambda resource: {key: value for key, value in resource.properties.items() if key not in {"Name", "Tags", *names}}


def _reading(read: Read, kind: str, path: str = "") -> Callable[[Resource], Mapping[str, Any] | None]:
    """Reads a thing and, where tags are stated, its tags.

    Args:
        read: How the thing is read.
        kind: What stands before the name in its ARN.
        path: The property that holds what is read; empty when its parts are the properties.
    """

    def reading(resource: Resource) -> Mapping[str, Any] | None:
        found = read.run(resource, "glue")
        if found is None:
            return None
        properties = {**found} if not path else {path: found, "CatalogId": found.get("CatalogId")}
        return {**properties, **_tags(resource, resource.arn("glue", f"{kind}/{resource.physical_id}"))}

    return reading


def _tags(resource: Resource, arn: str) -> dict[str, Any]:
    """The tags in the form in which they are stated: a mapping, or a list of pairs."""
    stated = resource.get("Tags")
    if not stated:
        return {}
    found = resource.client("glue").get_tags(ResourceArn=arn)["Tags"]
    if isinstance(stated, Mapping):
        return {"Tags": {key: found[key] for key in stated if key in found}}
    return {"Tags": [{"Key": tag["Key"], "Value": found[tag["Key"]]} for tag in stated if tag["Key"] in found]}


def _retag(resource: Resource, kind: str) -> None:
    client, arn = resource.client("glue"), resource.arn("glue", f"{kind}/{resource.physical_id}")
    wanted, there = tag_map(resource) or {}, client.get_tags(ResourceArn=arn)["Tags"]
    if gone := [key for key in there if key not in wanted]:
        client.untag_resource(ResourceArn=arn, TagsToRemove=gone)
    if wanted:
        client.tag_resource(ResourceArn=arn, TagsToAdd=wanted)


def _changing(operation: str, kind: str, *, everything: bool = False, **given: Any) -> Callable[[Resource], None]:
    """Changes a thing by one call, and its tags."""

    def change(resource: Resource) -> None:
        call(operation, everything=everything, **given).run(resource, "glue")
        _retag(resource, kind)

    return change


def _connection(resource: Resource) -> dict[str, Any]:
    """The input, with the properties that the API asks for and the template may leave out."""
    return {"ConnectionProperties": {}, **_named("ConnectionInput")(resource)}


def _keys(resource: Resource) -> dict[str, Any]:
    """What is encrypted, in the API's words: `S3Encryption` is there what is `S3Encryptions` here."""
    stated = resource.get("EncryptionConfiguration", {})
    return {"S3Encryption" if name == "S3Encryptions" else name: value for name, value in stated.items()}


def _read_keys(resource: Resource) -> Mapping[str, Any] | None:
    found = Read(call("get_security_configuration", Name=ID), at="SecurityConfiguration").run(resource, "glue")
    if found is None:
        return None
    encryption = found["EncryptionConfiguration"]
    return {**found, "EncryptionConfiguration": {**encryption, "S3Encryptions": encryption.get("S3Encryption")}}


def _schedule(resource: Resource) -> Any:
    """A crawler's schedule is a text in the API."""
    return resource.get("Schedule.ScheduleExpression")


def _create_database(resource: Resource) -> None:
    given = {**resource.get("DatabaseInput", {}), "Name": resource.physical_id}
    call("create_database", CatalogId=prop("CatalogId"), DatabaseInput=given, Tags=tag_map).run(resource, "glue")


def _database_id(resource: Resource) -> str:
    stated = resource.get("DatabaseInput.Name") or resource.get("DatabaseName")
    return str(stated or resource.generated_name(most=255, lower=True))


def _registry(resource: Resource) -> dict[str, Any]:
    stated = resource.get("Registry", {})
    pairs = {"RegistryName": stated.get("Name"), "RegistryArn": stated.get("Arn")}
    return {key: value for key, value in pairs.items() if value}


def _schema_id(resource: Resource) -> dict[str, Any]:
    return {"SchemaArn": resource.physical_id}


def _read_schema(resource: Resource) -> Mapping[str, Any] | None:
    found = Read(call("get_schema", SchemaId=_schema_id), words={"Name": "SchemaName"}).run(resource, "glue")
    if found is None:
        return None
    latest = {"LatestVersion": True}
    version = resource.client("glue").get_schema_version(SchemaId=_schema_id(resource), SchemaVersionNumber=latest)
    stated = {"Arn": found["RegistryArn"], "Name": found["RegistryName"]}
    checkpoint = {"VersionNumber": found["SchemaCheckpoint"], "IsLatest": found["SchemaCheckpoint"] == found["LatestSchemaVersion"]}
    definition = {"SchemaDefinition": version["SchemaDefinition"], "Registry": stated, "CheckpointVersion": checkpoint}
    return {**found, **definition, **_tags(resource, resource.physical_id)}


def _first_version(resource: Resource) -> str:
    found = resource.client("glue").get_schema_version(SchemaId=_schema_id(resource), SchemaVersionNumber={"VersionNumber": 1})
    return str(found["SchemaVersionId"])


def _read_registry(resource: Resource) -> Mapping[str, Any] | None:
    found = Read(call("get_registry", RegistryId={"RegistryArn": resource.physical_id}), words={"Name": "RegistryName"}).run(
        resource, "glue"
    )
    return None if found is None else {**found, **_tags(resource, resource.physical_id)}


def _read_optimizer(resource: Resource) -> Mapping[str, Any] | None:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

    try:
        answer = call("get_table_optimizer", everything=True).run(resource, "glue")
    except ClientError as error:
        if is_absent(error):
            return None
        raise
    described = answer["TableOptimizer"]
    where = {name: answer.get(name) for name in ("CatalogId", "DatabaseName", "TableName")}
    return {**where, "Type": described["type"], "TableOptimizerConfiguration": _capitalised(described["configuration"])}


def _capitalised(value: Any) -> Any:
    """Names as the template writes them: this part of Glue's API begins them with a small letter."""
    if isinstance(value, Mapping):
        return {key[:1].upper() + key[1:]: _capitalised(item) for key, item in value.items()}
    return value


def _encryption(resource: Resource) -> dict[str, Any]:
    """The settings in the API's words: the key of passwords has another name there."""
    stated = resource.get("DataCatalogEncryptionSettings", {})
    passwords = stated.get("ConnectionPasswordEncryption")
    renamed = {"AwsKmsKeyId" if key == "KmsKeyId" else key: value for key, value in (passwords or {}).items()}
    return {**stated, "ConnectionPasswordEncryption": renamed or None}


def _read_encryption(resource: Resource) -> Mapping[str, Any]:
    found = call("get_data_catalog_encryption_settings", CatalogId=ID).run(resource, "glue")["DataCatalogEncryptionSettings"]
    passwords = found.get("ConnectionPasswordEncryption", {})
    renamed = {"KmsKeyId" if key == "AwsKmsKeyId" else key: value for key, value in passwords.items()}
    return {"DataCatalogEncryptionSettings": {**found, "ConnectionPasswordEncryption": renamed}}


ADAPTERS = (
    Adapter(
        type="AWS::Glue::Database",
        service="glue",
        identifier=_database_id,
        create=_create_database,
        update=_changing("update_database", "database", CatalogId=prop("CatalogId"), Name=ID, DatabaseInput=_named("DatabaseInput")),
        delete=call("delete_database", CatalogId=prop("CatalogId"), Name=ID),
        read=_reading(Read(call("get_database", CatalogId=prop("CatalogId"), Name=ID), at="Database"), "database", "DatabaseInput"),
        note="no right of Lake Formation's is enforced: whoever asks reads; FederatedDatabase is not kept; an update of a resource link "
        "changes the link, where AWS changes its target",
    ),
    Adapter(
        type="AWS::Glue::TableOptimizer",
        service="glue",
        identifier="{DatabaseName}|{TableName}|{Type}|{CatalogId}",
        create=call("create_table_optimizer", everything=True),
        update=call("update_table_optimizer", everything=True),
        delete=call("delete_table_optimizer", everything=True),
        read=_read_optimizer,
        note="moto has no table optimizers: these are kept with the table, which has to be one of Iceberg's, and never run",
    ),
    Adapter(
        type="AWS::Glue::Job",
        service="glue",
        name="Name",
        longest_name=255,
        create=call("create_job", everything=True, Name=ID, Tags=tag_map),
        update=_changing("update_job", "job", JobName=ID, JobUpdate=_but_name()),
        delete=call("delete_job", JobName=ID),
        read=_reading(Read(call("get_job", JobName=ID), at="Job"), "job"),
        note="JobMode and MaintenanceWindow are kept and have no effect on runs",
    ),
    Adapter(
        type="AWS::Glue::SecurityConfiguration",
        service="glue",
        name="Name",
        longest_name=255,
        create=call("create_security_configuration", Name=ID, EncryptionConfiguration=_keys),
        delete=call("delete_security_configuration", Name=ID),
        read=_read_keys,
        note="kept; nothing is encrypted by it",
    ),
    Adapter(
        type="AWS::Glue::DataCatalogEncryptionSettings",
        service="glue",
        name="CatalogId",
        create=call("put_data_catalog_encryption_settings", CatalogId=ID, DataCatalogEncryptionSettings=_encryption),
        update=call("put_data_catalog_encryption_settings", CatalogId=ID, DataCatalogEncryptionSettings=_encryption),
        delete=call("put_data_catalog_encryption_settings", CatalogId=ID, DataCatalogEncryptionSettings=_UNENCRYPTED),
        read=_read_encryption,
        # The answer does not name the catalog; it is that of the account that was asked for.
        unread=("CatalogId",),
        note="kept; nothing is encrypted by it",
    ),
    Adapter(
        type="AWS::Glue::Crawler",
        service="glue",
        name="Name",
        longest_name=255,
        create=call("create_crawler", everything=True, Name=ID, Schedule=_schedule, Tags=tag_map),
        update=_changing("update_crawler", "crawler", everything=True, Name=ID, Schedule=_schedule),
        delete=call("delete_crawler", Name=ID),
        read=_reading(Read(call("get_crawler", Name=ID), at="Crawler"), "crawler"),
        note="a crawl finds nothing",
    ),
    Adapter(
        type="AWS::Glue::Connection",
        service="glue",
        name="ConnectionInput.Name",
        longest_name=255,
        create=call("create_connection", CatalogId=prop("CatalogId"), ConnectionInput=_connection, Tags=tag_map),
        update=call("update_connection", CatalogId=prop("CatalogId"), Name=ID, ConnectionInput=_connection),
        delete=call("delete_connection", CatalogId=prop("CatalogId"), ConnectionName=ID),
        read=_reading(Read(call("get_connection", CatalogId=prop("CatalogId"), Name=ID), at="Connection"), "connection", "ConnectionInput"),
        unread=("CatalogId", "ConnectionInput.AuthenticationConfiguration", "ConnectionInput.ValidateCredentials"),
        note="kept; nothing is connected to",
    ),
    Adapter(
        type="AWS::Glue::Trigger",
        service="glue",
        name="Name",
        longest_name=255,
        create=call("create_trigger", everything=True, Name=ID, Tags=tag_map),
        update=_changing("update_trigger", "trigger", Name=ID, TriggerUpdate=_but_name("WorkflowName", "Type", "StartOnCreation")),
        delete=call("delete_trigger", Name=ID),
        read=_reading(Read(call("get_trigger", Name=ID), at="Trigger"), "trigger"),
        unread=("StartOnCreation",),
        note="kept; it starts nothing",
    ),
    Adapter(
        type="AWS::Glue::Workflow",
        service="glue",
        name="Name",
        longest_name=255,
        create=call("create_workflow", everything=True, Name=ID, Tags=tag_map),
        update=call("update_workflow", everything=True, Name=ID),
        delete=call("delete_workflow", Name=ID),
        read=Read(call("get_workflow", Name=ID), at="Workflow"),
        note="kept; a run of it does nothing; its tags are not returned",
    ),
    Adapter(
        type="AWS::Glue::Registry",
        service="glue",
        create=call("create_registry", everything=True, returns="RegistryArn", RegistryName=prop("Name"), Tags=tag_map),
        update=call("update_registry", RegistryId=lambda resource: {"RegistryArn": resource.physical_id}, Description=prop("Description")),
        delete=call("delete_registry", RegistryId=lambda resource: {"RegistryArn": resource.physical_id}),
        read=_read_registry,
        attributes={"Arn": "{id}"},
    ),
    Adapter(
        type="AWS::Glue::Schema",
        service="glue",
        create=call("create_schema", everything=True, returns="SchemaArn", SchemaName=prop("Name"), RegistryId=_registry, Tags=tag_map),
        update=call("update_schema", SchemaId=_schema_id, Compatibility=prop("Compatibility"), Description=prop("Description")),
        delete=call("delete_schema", SchemaId=_schema_id),
        read=_read_schema,
        attributes={"Arn": "{id}", "InitialSchemaVersionId": _first_version},
        note="definitions are not looked at, nor whether one is compatible with another; CheckpointVersion is not changed",
    ),
    Adapter(type="AWS::Glue::Classifier", service="glue", read=None, note="moto has no classifiers"),
    Adapter(type="AWS::Glue::DataQualityRuleset", service="glue", read=None, note="moto has no rulesets of data quality"),
)
