"""CloudFormation waits for a custom resource as long as its function may run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules._plain import number, period
from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_AT: Final = "ServiceTimeout"
_DEFAULT: Final = 3.0
_FUNCTION: Final = "AWS::Lambda::Function"


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    functions = _functions(snapshot)
    for kind, resources in snapshot.by_type.items():
        if kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource":
            for one in resources:
                token = one.properties.get("ServiceToken")
                if isinstance(token, str) and token in functions and number(one.properties.get(_AT)) is not None:
                    yield one


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    function = _functions(snapshot)[resource.properties["ServiceToken"]]
    waits = number(resource.properties[_AT]) or 0.0
    stated = function.properties.get("Timeout")
    works = _DEFAULT if stated is None else number(stated)
    if works is None:
        yield Complaint(at=_AT, message=f"how long {function.origin} may run is not known", is_unknown=True)
    elif waits < works:
        yield Complaint(
            at=_AT,
            message=f"is {period(waits)}, while {function.origin} may run for {period(works)}; allowed is as long or longer",
        )


@once
def _functions(snapshot: Snapshot) -> Mapping[str, Resource]:
    return {function.arn: function for function in snapshot.by_type.get(_FUNCTION, ()) if function.arn}


def _case(waits: int | None, works: int | None) -> dict[str, Any]:
    function = {"Code": {"ZipFile": ""}, "Handler": "index.handler", "Role": "arn:aws:iam::444455556666:role/Settings", "Timeout": works}
    settings = {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, _AT: waits}
    return {
        "Function": {"Type": _FUNCTION, "Properties": {name: value for name, value in function.items() if value is not None}},
        "Settings": {"Type": "Custom::Settings", "Properties": {name: value for name, value in settings.items() if value is not None}},
    }


RULE = Rule(
    id="pipeline.custom_resource_timeout",
    title="CloudFormation does not give a custom resource up before its function ends",
    rationale=(
        "When ServiceTimeout passes, the deployment fails and rolls back, while the function still changes things: the rollback and "
        "the late run then work against each other."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html",
    severity=Severity.WARNING,
    remedy="Make ServiceTimeout longer than the function's Timeout.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_case(1200, 900), _case(60, None)),
        failing=(_case(300, 900),),
        not_applicable=(_case(None, 900),),
    ),
)
