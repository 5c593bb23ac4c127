"""What targets are given of an event."""

from __future__ import annotations

import json

import pytest

from lakecheck.rehearsal.executions.inputs import at, text_for

EVENT = {
    "source": "aws.s3",
    "detail": {"object": {"key": 'a "b".csv', "version-id": "v1", "size": 5}, "tags": ["x", "y"], "none": None},
}


def test_the_whole_event_a_part_of_it_or_a_constant() -> None:
    assert json.loads(text_for({}, EVENT, {})) == EVENT
    assert json.loads(text_for({"InputPath": "$.detail.tags"}, EVENT, {})) == ["x", "y"]
    assert text_for({"Input": '{"constant": true}'}, EVENT, {}) == '{"constant": true}'


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.detail.object['version-id']", "v1"),
        ("$.detail.object.version-id", "v1"),
        ("$.detail.tags[1]", "y"),
        ("$.detail.tags[2]", "absent"),
        ("$.detail.nothing.more", "absent"),
        ("$.detail.none", None),
    ],
)
def test_paths_lead_to_values(path: str, found: object) -> None:
    assert at(EVENT, path, "absent") == found


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('{"key": <key>, "size": <size>}', '{"key": "a \\"b\\".csv", "size": 5}'),
        ('{"key": "got <key>!"}', '{"key": "got a \\"b\\".csv!"}'),
        ('"<key> of <size>"', '"a \\"b\\".csv of 5"'),
        ("<key> of <size>\nand <tags>", 'a "b".csv of 5\nand ["x", "y"]'),
        ('{"all": <aws.events.event.json>}', json.dumps({"all": EVENT})),
        ('{"gone": <gone>, "text": "<gone>"}', '{"gone": null, "text": ""}'),
    ],
)
def test_a_template_has_values_as_json_or_as_text(template: str, text: str) -> None:
    paths = {"key": "$.detail.object.key", "size": "$.detail.object.size", "tags": "$.detail.tags", "gone": "$.gone"}
    target = {"InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}}
    assert text_for(target, EVENT, {"aws.events.event.json": EVENT}) == text
