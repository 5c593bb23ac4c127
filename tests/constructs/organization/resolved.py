"""What a template says once CloudFormation has filled in the pseudo parameters."""

from __future__ import annotations

from typing import Any

_PSEUDO = {"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com", "AWS::AccountId": "111111111111"}


def resolved(value: Any) -> Any:
    """`value` with joins joined and pseudo parameters filled in; other references stay."""
    match value:
        case {"Fn::Join": [delimiter, parts]}:
            texts = [resolved(part) for part in parts]
            return str(delimiter).join(texts) if all(isinstance(text, str) for text in texts) else value
        case {"Ref": name} if name in _PSEUDO:
            return _PSEUDO[name]
        case dict():
            return {key: resolved(each) for key, each in value.items()}
        case list():
            return [resolved(each) for each in value]
        case _:
            return value
