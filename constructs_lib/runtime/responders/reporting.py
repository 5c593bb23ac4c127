"""What is kept of an action as evidence, and what people are told of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .settings import Settings

_MOST_SUBJECT = 100
_MOST_MESSAGE = 200_000  # SNS takes 256 KiB
_MOST_TEXT = 1_000


class Evidence:
    """Objects in the evidence bucket, one folder for each action.

    Args:
        s3: A boto3 client.
        bucket: The bucket; it is versioned, so nothing that was kept is lost by being written again.
    """

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def keep(self, action: str, name: str, content: Mapping[str, Any]) -> None:
        """Writes `content` as JSON."""
        body = json.dumps(content, indent=1, sort_keys=True, default=str).encode()
        self._s3.put_object(Bucket=self._bucket, Key=f"actions/{action}/{name}.json", Body=body, ContentType="application/json")


class Notices:
    """The topic that people are told on.

    Args:
        sns: A boto3 client.
        settings: Names the topic and the mode.
    """

    def __init__(self, sns: Any, settings: Settings) -> None:
        self._sns = sns
        self._settings = settings

    def tell(self, outcome: str, what: str, **details: Any) -> None:
        """Publishes one message: a line for people, then everything as JSON.

        Args:
            outcome: One word for what became of it.
            what: A sentence. Parts of it come from whoever caused the finding: it is cut and made one line.
            details: What else is worth knowing.
        """
        line = _one_line(what)
        content = {"outcome": outcome, "what": line, "mode": self._settings.mode, **details}
        message = json.dumps(content, indent=1, default=str)[:_MOST_MESSAGE]
        subject = re.sub(r"[^\x20-\x7e]", "?", f"Data lake response: {outcome}: {line}")[:_MOST_SUBJECT]
        self._sns.publish(
            TopicArn=self._settings.topic,
            Subject=subject,
            Message=message,
            MessageAttributes={"outcome": {"DataType": "String", "StringValue": outcome}},
        )


def _one_line(value: str) -> str:
    return " ".join(value.split())[:_MOST_TEXT]
