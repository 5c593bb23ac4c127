"""DynamoDB: changes of tables that are taken and forgotten, or refused."""

from __future__ import annotations

from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.responses import DynamoHandler


def install() -> None:
    """Mends moto's DynamoDB."""
    _change_encryption()
    _stream_again()


def _change_encryption() -> None:
    """The encryption of a table is taken by moto when the table is made, and never again."""
    handler: Any = DynamoHandler
    original = handler.update_table

    def update_table(self: Any) -> Any:
        stated = self.body.get("SSESpecification")
        if stated is not None:
            table = self.dynamodb_backend.get_table(self.body["TableName"])
            before = table.sse_specification or {}
            table.sse_specification = {**before, **stated} if stated.get("Enabled") else {"Enabled": False}
        return original(self)

    handler.update_table = update_table


def _stream_again() -> None:
    """A stream that was switched off cannot be switched on again in moto, which looks at the label that it had."""
    backend: Any = DynamoDBBackend
    original = backend.update_table_streams

    def update_table_streams(self: Any, table: Any, stream_specification: dict[str, Any]) -> None:
        if not (table.stream_specification or {}).get("StreamEnabled"):
            table.latest_stream_label = None
        original(self, table, stream_specification)

    backend.update_table_streams = update_table_streams
