"""What the Serverless transform makes of a template: the functions and state machines with their roles, rules and schedules.

Only what has to do with rights, and with what starts: APIs, tables and other events of the transform are left as they are.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TRANSFORM: Final = "AWS::Serverless-2016-10-31"

_FUNCTION: Final = "AWS::Serverless::Function"
_STATE_MACHINE: Final = "AWS::Serverless::StateMachine"
_PREFIX: Final = "AWS::Serverless::"
_HARMLESS: Final = frozenset(f"{_PREFIX}{name}" for name in ("Api", "HttpApi", "LayerVersion", "SimpleTable", "WebSocketApi"))
_SERVICES: Final = {_FUNCTION: "lambda.amazonaws.com", _STATE_MACHINE: "states.amazonaws.com"}
_MADE: Final = {_FUNCTION: "AWS::Lambda::Function", _STATE_MACHINE: "AWS::StepFunctions::StateMachine"}
_ROLES: Final = {_FUNCTION: "Role", _STATE_MACHINE: "RoleArn"}
_RULES: Final = frozenset({"CloudWatchEvent", "EventBridgeRule", "Schedule"})
_SCHEDULE: Final = "ScheduleV2"
_OF_RULE: Final = {"EventBusName": "EventBusName", "Pattern": "EventPattern", "Schedule": "ScheduleExpression", "State": "State"}
_OF_ROLE: Final = {"PermissionsBoundary": "PermissionsBoundary", "RolePath": "Path", "Tags": ""}
_READ: Final = ("s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation", "s3:GetObjectVersion", "s3:GetLifecycleConfiguration")
_WRITE: Final = ("s3:PutObject", "s3:PutObjectAcl", "s3:PutLifecycleConfiguration")
_TAGGING: Final = tuple(f"s3:{verb}Object{kind}Tagging" for verb in ("Get", "Put", "Delete") for kind in ("", "Version"))
_BUCKET: Final = ("arn:${AWS::Partition}:s3:::${Of}", "arn:${AWS::Partition}:s3:::${Of}/*")
_KEY: Final = ("arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/${Of}",)
_GENERATE: Final = tuple(f"kms:GenerateDataKey{kind}" for kind in ("", "WithoutPlaintext", "Pair", "PairWithoutPlaintext"))
_POLICIES: Final[Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]]] = {
    "S3ReadPolicy": ("BucketName", _READ, _BUCKET),
    "S3WritePolicy": ("BucketName", _WRITE, _BUCKET),
    "S3CrudPolicy": ("BucketName", (*_READ, *_WRITE, "s3:DeleteObject"), _BUCKET),
    "S3FullAccessPolicy": ("BucketName", (*_READ, *_WRITE, "s3:GetObjectAcl", "s3:DeleteObject", *_TAGGING), _BUCKET),
    "KMSDecryptPolicy": ("KeyId", ("kms:Decrypt",), _KEY),
    "KMSEncryptPolicy": ("KeyId", ("kms:Encrypt",), _KEY),
    "KMSEncryptPolicy_v2": ("KeyId", ("kms:Encrypt", *_GENERATE), _KEY),
    "LambdaInvokePolicy": (
        "FunctionName",
        ("lambda:InvokeFunction",),
        ("arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Of}*",),
    ),
    "StepFunctionsExecutionPolicy": (
        "StateMachineName",
        ("states:StartExecution",),
        ("arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:${Of}",),
    ),
}
"""The policy templates that have to do with data: the parameter, the actions and the resources; any other is not known.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-template-list.html
"""


def is_unseen(kind: str) -> bool:
    """Whether a type that is left after the transform stands for something with rights of its own."""
    return kind.startswith(_PREFIX) and kind not in _HARMLESS


def transforms(template: Mapping[str, Any]) -> tuple[Any, ...]:
    """The macros that a template declares, by name where they have one."""
    declared = template.get("Transform", [])
    listed = declared if isinstance(declared, list) else [declared]
    return tuple(each.get("Name") if isinstance(each, dict) else each for each in listed)


def expanded(template: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, str]]:
    """The template after the transform, and by logical id what of it is not followed; itself when it does not declare the transform.

    Args:
        template: A template without metadata.

    Example:
        >>> made, _ = expanded({"Transform": TRANSFORM, "Resources": {"Load": {"Type": "AWS::Serverless::Function", "Properties": {}}}})
        >>> {name: resource["Type"] for name, resource in made["Resources"].items()}
        {'Load': 'AWS::Lambda::Function', 'LoadRole': 'AWS::IAM::Role'}
    """
    resources = template.get("Resources")
    if TRANSFORM not in transforms(template) or not isinstance(resources, dict):
        return template, {}
    made: dict[str, Any] = {}
    notes: dict[str, str] = {}
    everywhere = template.get("Globals")
    for logical_id, resource in resources.items():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        if not isinstance(kind, str) or kind not in _MADE:
            made[logical_id] = resource
        else:
            shared = everywhere.get(kind.removeprefix(_PREFIX)) if isinstance(everywhere, dict) else None
            both = _with_role(logical_id, resource, kind, shared if isinstance(shared, dict) else {})
            made |= {name: one for name, one in both if name == logical_id or name not in resources}
            if _is_made_up(resource):
                notes[logical_id] = "what makes its properties is not followed, so the role it gets is not seen"
        if isinstance(resource, dict) and resource.get("Connectors"):
            notes[logical_id] = "its connectors are not followed: what rights they give is not seen"
    return {**template, "Resources": made}, notes


def _with_role(logical_id: str, resource: Mapping[str, Any], kind: str, shared: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The function or state machine, and the role that it gets unless it names one."""
    if _is_made_up(resource):
        yield logical_id, {**resource, "Type": _MADE[kind]}
        return
    properties = {**shared, **(resource.get("Properties") or {})}
    yield from _started_by(logical_id, resource, kind, properties)
    role = properties.get("Role")
    if role is None:
        yield logical_id, _made(resource, kind, properties, {"Fn::GetAtt": [f"{logical_id}Role", "Arn"]})
        yield f"{logical_id}Role", _role(logical_id, resource, kind, properties)
        return
    yield logical_id, _made(resource, kind, properties, role)
    if _perhaps_nothing(role):
        # The transform makes the role all the same, on the condition that none is named.
        yield f"{logical_id}Role", _role(logical_id, resource, kind, properties)


def _started_by(logical_id: str, resource: Mapping[str, Any], kind: str, properties: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The rules and schedules that start it, and where a function's asynchronous calls end that failed."""
    condition = {"Condition": resource["Condition"]} if "Condition" in resource else {}
    arn = {"Fn::GetAtt": [logical_id, "Arn"]} if kind == _FUNCTION else {"Ref": logical_id}
    events = properties.get("Events")
    for name, event in events.items() if isinstance(events, dict) else ():
        given = event.get("Properties") if isinstance(event, dict) else None
        if not isinstance(given, dict) or event.get("Type") not in {*_RULES, _SCHEDULE}:
            continue
        letters = given.get("DeadLetterConfig")
        own = letters.get("Arn") if isinstance(letters, dict) else None
        made = {"Fn::Sub": f"arn:${{AWS::Partition}}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{logical_id}{name}Queue"}
        target = {"Arn": arn} if letters is None else {"Arn": arn, "DeadLetterConfig": {"Arn": made if own is None else own}}
        if event["Type"] == _SCHEDULE:
            schedule = {"ScheduleExpression": given.get("ScheduleExpression"), "Target": target}
            yield f"{logical_id}{name}", {"Type": "AWS::Scheduler::Schedule", "Properties": schedule, **condition}
        else:
            rule = {cfn: given[sam] for sam, cfn in _OF_RULE.items() if sam in given}
            yield (
                f"{logical_id}{name}",
                {"Type": "AWS::Events::Rule", "Properties": {**rule, "Targets": [{"Id": name, **target}]}, **condition},
            )
    invoked = properties.get("EventInvokeConfig")
    if isinstance(invoked, dict) and kind == _FUNCTION:
        asynchronous = {"FunctionName": {"Ref": logical_id}, "Qualifier": "$LATEST", **invoked}
        yield f"{logical_id}EventInvokeConfig", {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": asynchronous, **condition}


def _is_made_up(resource: Mapping[str, Any]) -> bool:
    own = resource.get("Properties") or {}
    return not isinstance(own, dict) or any(str(key).startswith("Fn::") for key in own)


def _perhaps_nothing(role: Any) -> bool:
    either = role.get("Fn::If") if isinstance(role, dict) else None
    return isinstance(either, list) and {"Ref": "AWS::NoValue"} in either


def _made(resource: Mapping[str, Any], kind: str, properties: Mapping[str, Any], role: Any) -> dict[str, Any]:
    given = {key: value for key, value in properties.items() if key not in {"Role", "Policies", "CodeUri", "DefinitionUri"}}
    names = {"FunctionName": "FunctionName", "Name": "StateMachineName"}
    given |= {cfn: properties[sam] for sam, cfn in names.items() if sam in properties}
    given |= {_ROLES[kind]: role}
    letters = properties.get("DeadLetterQueue")
    if isinstance(letters, dict) and kind == _FUNCTION:
        given["DeadLetterConfig"] = {"TargetArn": letters.get("TargetArn")}
    if code := _location(properties.get("CodeUri"), "S3Bucket", "S3Key"):
        given["Code"] = code
    if definition := _location(properties.get("DefinitionUri"), "Bucket", "Key"):
        given["DefinitionS3Location"] = definition
    return {**resource, "Type": _MADE[kind], "Properties": given}


def _location(uri: Any, bucket: str, key: str) -> dict[str, Any] | None:
    if isinstance(uri, dict) and "Bucket" in uri:
        return {bucket: uri["Bucket"], key: uri.get("Key", "")}
    if isinstance(uri, str) and uri.startswith("s3://"):
        name, _, path = uri.removeprefix("s3://").partition("/")
        return {bucket: name, key: path}
    return None


def _role(logical_id: str, resource: Mapping[str, Any], kind: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    managed: list[Any] = []
    if kind == _FUNCTION:
        base = "service-role/AWSLambdaVPCAccessExecutionRole" if properties.get("VpcConfig") else "service-role/AWSLambdaBasicExecutionRole"
        managed.append({"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{base}"})
    if properties.get("Tracing"):
        managed.append({"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AWSXrayWriteOnlyAccess"})
    inline: list[Any] = []
    policies = properties.get("Policies", [])
    for number, policy in enumerate(policies if isinstance(policies, list) else [policies]):
        document = _document(policy)
        if document is None:
            managed.append(policy)
        else:
            inline.append({"PolicyName": f"{logical_id}RolePolicy{number}", "PolicyDocument": document})
    trust = {"Effect": "Allow", "Principal": {"Service": _SERVICES[kind]}, "Action": "sts:AssumeRole"}
    made = {
        "AssumeRolePolicyDocument": properties.get("AssumeRolePolicyDocument", {"Version": "2012-10-17", "Statement": [trust]}),
        "ManagedPolicyArns": managed,
        "Policies": inline,
    }
    made |= {cfn: properties[sam] for sam, cfn in _OF_ROLE.items() if cfn and sam in properties}
    return {"Type": "AWS::IAM::Role", "Properties": made, **({"Condition": resource["Condition"]} if "Condition" in resource else {})}


def _document(policy: Any) -> Any:
    """The document of an inline policy or of one of SAM's policy templates; None for a managed policy."""
    if not isinstance(policy, dict):
        return None
    statement = policy.get("Statement", policy.get("statement"))
    if statement is not None:
        return {key[:1].upper() + key[1:]: value for key, value in policy.items()}
    if len(policy) != 1:
        return None
    (name, values), *_ = policy.items()
    if str(name) in {"Ref", "Condition"} or str(name).startswith("Fn::"):
        return None
    known = _POLICIES.get(name)
    if known is None or not isinstance(values, dict) or known[0] not in values:
        return {"Fn::Transform": {"Name": f"the policy template {name} of AWS::Serverless"}}
    parameter, actions, resources = known
    on = [{"Fn::Sub": [text, {"Of": values[parameter]}]} for text in resources]
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [*actions], "Resource": on}]}
