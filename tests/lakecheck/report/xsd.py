"""Validates XML by a schema of the simple kind that JUnit's are: named elements, choices and sequences of them, attributes, patterns.

What it does not know of a schema it refuses, so that nothing is taken for valid unseen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_XS = "{http://www.w3.org/2001/XMLSchema}"
_TEXTS = {"xs:string"}


class Schema:
    """A schema that was read."""

    def __init__(self, path: Path) -> None:
        root = ET.parse(path).getroot()  # noqa: S314 - a file of the tests
        self._elements = {each.attrib["name"]: each for each in root.findall(f"{_XS}element")}
        self._complex = {each.attrib["name"]: each for each in root.findall(f"{_XS}complexType")}
        self._patterns = {
            each.attrib["name"]: each.find(f"{_XS}restriction/{_XS}pattern").attrib["value"]  # type: ignore[union-attr]
            for each in root.findall(f"{_XS}simpleType")
        }

    def problems(self, element: ET.Element) -> Iterator[str]:
        """What the schema does not allow, in it and below."""
        declared = self._elements.get(element.tag)
        if declared is None:
            yield f"no element {element.tag}"
            return
        if "type" in declared.attrib and declared.attrib["type"] in _TEXTS:
            if len(element) or element.attrib:
                yield f"{element.tag} is text only"
            return
        kind = self._complex[declared.attrib["type"]] if "type" in declared.attrib else declared.find(f"{_XS}complexType")
        assert kind is not None
        yield from self._attributes(element, kind)
        yield from self._content(element, kind)
        for child in element:
            yield from self.problems(child)

    def _attributes(self, element: ET.Element, kind: ET.Element) -> Iterator[str]:
        declared = {each.attrib["name"]: each.attrib for each in kind.findall(f"{_XS}attribute")}
        for name, value in element.attrib.items():
            if name not in declared:
                yield f"{element.tag} has no attribute {name}"
            elif declared[name]["type"] not in _TEXTS and not re.fullmatch(self._patterns[declared[name]["type"]], value):
                yield f"{element.tag} {name} is {value!r}"
        required = {name for name, each in declared.items() if each.get("use") == "required"}
        yield from (f"{element.tag} lacks {name}" for name in sorted(required - element.attrib.keys()))

    def _content(self, element: ET.Element, kind: ET.Element) -> Iterator[str]:
        particles = [each for each in kind if each.tag != f"{_XS}attribute"]
        model = "".join(_model(each) for each in particles)
        children = "".join(f"<{child.tag}>" for child in element)
        if not re.fullmatch(model, children):
            yield f"{element.tag} has {children}"
        texts = [element.text, *(child.tail for child in element)]
        if kind.get("mixed") != "true" and any(text and (text.strip() or not particles) for text in texts):
            yield f"{element.tag} has text"


def _model(particle: ET.Element) -> str:
    """A content model as a regular expression over the children's names."""
    if particle.tag == f"{_XS}element":
        inner = f"<{re.escape(particle.get('ref') or particle.attrib['name'])}>"
    elif particle.tag == f"{_XS}sequence":
        inner = "".join(map(_model, particle))
    elif particle.tag == f"{_XS}choice":
        inner = "|".join(map(_model, particle))
    else:
        raise NotImplementedError(particle.tag)
    least, most = particle.get("minOccurs", "1"), particle.get("maxOccurs", "1")
    return f"(?:{inner}){{{least},{'' if most == 'unbounded' else most}}}"
