"""YAML as CloudFormation reads it: the short forms of its functions, dates as text, no aliases, no key twice.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

from typing import Any

import yaml

_WITHOUT_PREFIX = {"Ref", "Condition"}


class TemplateLoader(yaml.SafeLoader):
    """Reads a template into the data its JSON form has."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuses aliases, as CloudFormation does; they also let a small file grow without bound."""
        if self.check_event(yaml.AliasEvent):
            msg = "aliases are not supported in templates"
            raise yaml.composer.ComposerError(None, None, msg, None)
        return super().compose_node(parent, index)


def _mapping(loader: TemplateLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    seen: set[Any] = set()
    for key in keys:
        if not isinstance(key, str | int | float | bool):
            msg = f"found a key that is no text: {key!r}"
            raise yaml.constructor.ConstructorError(None, None, msg, node.start_mark)
        if key in seen:
            msg = f"the key {key!r} stands twice in one mapping"
            raise yaml.constructor.ConstructorError(None, None, msg, node.start_mark)
        seen.add(key)
    values = [loader.construct_object(value, deep=True) for _, value in node.value]
    return dict(zip(map(str, keys), values, strict=True))


def _function(loader: TemplateLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = _mapping(loader, node)  # type: ignore[arg-type]
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in _WITHOUT_PREFIX else f"Fn::{suffix}": value}


def _as_written(_loader: TemplateLoader, node: yaml.ScalarNode) -> str:
    return str(node.value)


def _refused(_loader: TemplateLoader, node: yaml.Node) -> None:
    msg = f"!!{node.tag.rpartition(':')[2]} has no form in JSON"
    raise yaml.constructor.ConstructorError(None, None, msg, node.start_mark)


TemplateLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
for _name in ("binary", "omap", "pairs", "set"):
    TemplateLoader.add_constructor(f"tag:yaml.org,2002:{_name}", _refused)
TemplateLoader.add_constructor("tag:yaml.org,2002:timestamp", _as_written)
TemplateLoader.add_multi_constructor("!", _function)
