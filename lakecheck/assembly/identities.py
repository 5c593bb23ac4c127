"""What a resource is called: `Ref`, attributes and ARN from its known or generated name."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from lakecheck.assembly.absent import NO_VALUE
from lakecheck.assembly.identity_table import KINDS, Kind
from lakecheck.assembly.services import SERVICES
from lakecheck.values import Unknown, has_hole, hole, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakecheck.assembly.places import Place
    from lakecheck.assembly.resources import Resource

_RANDOM: Final = 13
"""CloudFormation puts at most thirteen characters at the end of a generated name, after the dash."""

_SURELY_KEPT: Final = 16
"""So many characters of the stack's name stay when CloudFormation has to shorten a generated name; how it does is not documented."""

_KEPT_WHOLE: Final = 20
"""A stack's name that is no longer stays whole then, with the first `_KEPT_OF_ID` characters of the logical id: names of real stacks have
24 of each."""

_KEPT_OF_ID: Final = 8

_NOT_MADE_BY_AWS: Final = {
    "AWS::CloudFormation::CustomResource",
    "AWS::CloudFormation::Stack",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """What one resource is called.

    Attributes:
        ref: What `Ref` gives.
        arn: Its ARN; empty when none is known.
        attributes: What `Fn::GetAtt` gives, as far as the table knows.
        names: The holes in these that stand for a name or an id, so that no `:` or `/` is in them.
    """

    ref: str
    arn: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """What an identity is made of.

    Attributes:
        path: The resource for people, unique among all: what its generated parts are called.
        type: `AWS::S3::Bucket`.
        place: Where it is.
        stack_name: The stack's name; empty when it is not known.
        logical_id: The resource's.
        prop: The resolved property at a path with dots, as text; None where it is left out.
    """

    path: str
    type: str
    place: Place
    stack_name: str
    logical_id: str
    prop: Callable[[str], str | None]


def identify(named: Named) -> Identity:
    """What the resource is called.

    Example:
        >>> from lakecheck.assembly.places import Place
        >>> role = Named(path="Prod/Reader", type="AWS::IAM::Role", place=Place("444455556666", "eu-west-1"), stack_name="Prod",
        ...              logical_id="Reader", prop={"RoleName": "reader", "Path": "/lake/"}.get)
        >>> identify(role).ref, identify(role).attributes["Arn"].partition(":iam:")[2]
        ('reader', ':444455556666:role/lake/reader')
    """
    kind = KINDS.get(named.type)
    if kind is None:
        return Identity(_other_ref(named))
    fields = _Fields(named, kind)
    arn = kind.arn.format_map(fields)
    fields["arn"] = arn
    attributes = {"Arn": arn} if arn else {}
    attributes |= {name: text.format_map(fields) for name, text in kind.attributes.items()}
    return Identity(kind.ref.format_map(fields), arn, attributes, frozenset(fields.holes))


def other_attribute(named: Named, name: str) -> str:
    """An attribute that the table does not have: the property of the same name, or a hole of its own.

    The hole is a generated one only for what is the resource's own: `Id`, `Arn`, and both with the type's name before it. Any other may
    turn out to be anything, such as the id of another resource.
    """
    if not is_aws(named.type):
        return hole(f"{named.path}.{shown(name)}")
    given = named.prop(name)
    if given is not None:
        return given
    own = named.type.rpartition("::")[2]
    generated = name.lower() in {"id", "arn", f"{own}id".lower(), f"{own}arn".lower()}
    a_hole = hole(f"{named.path}.{shown(name)}", generated=generated)
    if generated and name.lower().endswith("arn"):
        service = SERVICES.get(named.type.split("::")[1], "")
        return f"arn:{named.place.partition}:{service}{':' if service else ''}{a_hole}"
    return a_hole


def _other_ref(named: Named) -> str:
    """`Ref` of a type that the table does not have: the property that identifies it, or a hole.

    https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-identifier.html
    """
    if not is_aws(named.type):
        return hole(named.path)
    identifier = _identifiers().get(named.type)
    given = named.prop(identifier) if identifier else None
    return hole(named.path, generated=True) if given is None else given


@cache
def _identifiers() -> dict[str, str]:
    return dict(json.loads(files("lakecheck.assembly").joinpath("identifiers.json").read_text(encoding="utf-8")))


def is_aws(resource_type: str) -> bool:
    """Whether AWS makes the resource and names it, not a function or an extension of the user's own, nor another template."""
    return resource_type.startswith("AWS::") and resource_type not in _NOT_MADE_BY_AWS


def arn_of(resource: Resource) -> str:
    """The resource's ARN, perhaps with holes; empty when its type has none that is known."""
    return resource.arn


class _Fields(dict[str, str]):
    """The fields of a format, each made when it is asked for."""

    def __init__(self, named: Named, kind: Kind) -> None:
        place = named.place
        super().__init__(partition=place.partition, region=place.region, account=place.account, suffix=place.suffix)
        self.named = named
        self.kind = kind
        self.holes: set[str] = set()

    def __missing__(self, key: str) -> str:
        special = getattr(self, f"_{key}", None)
        self[key] = special() if special is not None else self._property(key)
        return self[key]

    def _generated(self, what: str = "", *, is_word: bool = False) -> str:
        a_hole = hole(f"{self.named.path}{what}", generated=True, is_word=is_word)
        self.holes.add(a_hole)
        return a_hole

    def _property(self, name: str) -> str:
        value = self.named.prop(name)
        if value is None and name in self.kind.defaults:
            value = self.kind.defaults[name].format_map(self)
        return hole(f"{self.named.path}.{name}") if value is None else value

    def _id(self) -> str:
        """What AWS makes up."""
        return self.kind.start.format_map(self) + self._generated(" id" if self.kind.name else "")

    def _name(self) -> str:
        for name in self.kind.name.split("|"):
            given = self.named.prop(name)
            if given is not None:
                return given
        return self._generated_name()

    def _generated_name(self) -> str:
        """The start that CloudFormation surely uses, and a hole.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
        """
        stack = self.named.stack_name
        if not stack or not self.kind.longest:
            return self._generated()
        known = stack.split("\ue000", 1)[0]
        start = f"{stack}-{self.named.logical_id}-"
        if has_hole(stack):
            start = known[:_SURELY_KEPT]
        elif len(start) + _RANDOM > self.kind.longest:
            start = f"{stack}-{self.named.logical_id[:_KEPT_OF_ID]}" if len(stack) <= _KEPT_WHOLE else stack[:_SURELY_KEPT]
        return start.lower() + self._generated(is_word=True) if self.kind.lower else start + self._generated()

    # --- what is put together otherwise ------------------------------------------------------------------------------------------------

    def _key(self) -> str:
        """A replica has the id of its primary key, which the primary key's ARN ends in."""
        return (self.named.prop("PrimaryKeyArn") or "").rpartition("key/")[2] or self._generated()

    def _lower(self) -> str:
        return _lower(self["name"])

    def _host(self) -> str:
        return self["name"].removeprefix("https://")

    def _instance(self) -> str:
        return self["InstanceArn"].rpartition("/")[2]

    def _slashed(self) -> str:
        return self["name"] if self["name"].startswith("/") else f"/{self['name']}"

    def _function(self) -> str:
        """A function's ARN from the name, partial ARN or ARN that `FunctionName` or `TargetFunctionArn` has."""
        given = self.named.prop("FunctionName") or self.named.prop("TargetFunctionArn") or hole(f"{self.named.path}.FunctionName")
        if given.startswith("arn:"):
            return given
        name = given.rpartition(":function:")[2]
        return "arn:{partition}:lambda:{region}:{account}:function:".format_map(self) + name

    def _cluster(self) -> str:
        return (self.named.prop("Cluster") or "default").rpartition("/")[2]

    def _bus(self) -> str:
        bus = (self.named.prop("EventBusName") or "default").rpartition("event-bus/")[2]
        return "" if bus == "default" else f"{bus}/"

    def _bar(self) -> str:
        return self._bus().replace("/", "|")


def _lower(text: str) -> str:
    parts = text.split("\ue000")
    return "\ue000".join(
        [parts[0].lower(), *(f"{inside}\ue001{after.lower()}" for inside, _, after in (p.partition("\ue001") for p in parts[1:]))]
    )


def as_name(value: Any, path: str) -> str | None:
    """A property that says a name, as text; None where it is left out."""
    if value is None or value is NO_VALUE:
        return None
    if isinstance(value, Unknown):
        return hole(value.reason)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else hole(f"{path}, which is no text")
