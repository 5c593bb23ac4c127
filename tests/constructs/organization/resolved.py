"""What a template says once CloudFormation has filled in the pseudo parameters."""

from __future__ import annotations

from typing import Any

_PSEUDO = {"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com", "AWS::AccountId": "111111111111"}


def resolved(value: Any, *, partition: str = "aws") -> Any:
    """`value` with joins joined and pseudo parameters filled in; other references stay."""
    pseudo = {**_PSEUDO, "AWS::Partition": partition}
    match value:
        case {"Fn::Join": [delimiter, parts]}:
            texts = [resolved(part, partition=partition) for part in parts]
            return str(delimiter).join(texts) if all(isinstance(text, str) for text in texts) else value
        case {"Ref": name} if name in pseudo:
            return pseudo[name]
        case dict():
            return {key: resolved(each, partition=partition) for key, each in value.items()}
        case list():
            return [resolved(each, partition=partition) for each in value]
        case _:
            return value
