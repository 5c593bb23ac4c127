"""SNS: attributes of topics that are kept and not returned."""

from __future__ import annotations

from typing import Any, Final

from moto.sns.responses import SNSResponse

_KEPT: Final = {
    "SignatureVersion": "signature_version",
    "TracingConfig": "tracing_config",
    "ArchivePolicy": "archive_policy",
    "FifoThroughputScope": "fifo_throughput_scope",
}


def install() -> None:
    """Returns all attributes of a topic: moto keeps every attribute that is set, and returns a part of them."""
    response: Any = SNSResponse
    original = response.get_topic_attributes

    def get_topic_attributes(self: Any) -> Any:
        answer = original(self)
        topic = self.backend.get_topic(self._get_param("TopicArn"))
        kept = {name: getattr(topic, attribute) for name, attribute in _KEPT.items() if getattr(topic, attribute, None)}
        answer.result["Attributes"].update(kept)
        return answer

    response.get_topic_attributes = get_topic_attributes
