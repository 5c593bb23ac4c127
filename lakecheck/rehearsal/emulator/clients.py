"""boto3's clients of the emulator, for any account: no credentials of this machine are ever used, nothing leaves it."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import Any, Final

_ROLE: Final = "rehearsal"
MANAGEMENT: Final = "123456789012"
"""The emulator's own account, from which roles of the others are assumed."""

_NOTHING_OF_THIS_MACHINE: Final[dict[str, Any]] = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""A profile that does not exist, or settings of one that does, would reach our clients too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """Credentials of one account of the emulator."""

    account: str
    access_key: str
    secret_key: str
    token: str

    def environment(self, endpoint: str, region: str) -> dict[str, str]:
        """What a process needs to call the emulator in this account, and nothing else: no profile, no file, no metadata service."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_SESSION_TOKEN": self.token,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }


class EmulatorClients:
    """Makes clients, each once: making them costs more than calling them.

    Args:
        endpoint: `http://localhost:<port>`.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._credentials: dict[tuple[str, str], Credentials] = {}
        self._clients: dict[tuple[str, str, str, str], Any] = {}
        self._lock = threading.RLock()

    def credentials(self, account: str, role: str = _ROLE) -> Credentials:
        """Credentials of an account, as a role of it; the emulator lets anybody assume any role."""
        with self._lock:
            if (account, role) not in self._credentials:
                sts = self._make("sts", "us-east-1", "testing", "testing", None)
                arn = f"arn:aws:iam::{account}:role/{role}"
                answer = sts.assume_role(RoleArn=arn, RoleSessionName="rehearsal")["Credentials"]
                self._credentials[account, role] = Credentials(
                    account=account,
                    access_key=answer["AccessKeyId"],
                    secret_key=answer["SecretAccessKey"],
                    token=answer["SessionToken"],
                )
            return self._credentials[account, role]

    def __call__(self, service: str, *, account: str, region: str, role: str = _ROLE) -> Any:
        """The client of a service in an account and a Region."""
        with self._lock:
            key = (service, account, region, role)
            if key not in self._clients:
                found = self.credentials(account, role)
                self._clients[key] = self._make(service, region, found.access_key, found.secret_key, found.token)
            return self._clients[key]

    def forget(self) -> None:
        """Forgets all credentials: the emulator behind them is another one now."""
        with self._lock:
            self._credentials.clear()
            self._clients.clear()

    def _make(self, service: str, region: str, access_key: str, secret_key: str, token: str | None) -> Any:
        import boto3  # noqa: PLC0415 - an extra brings it
        import botocore.session  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        session = boto3.Session(
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            aws_session_token=token,
            region_name=region,
            botocore_session=botocore.session.Session(session_vars=_NOTHING_OF_THIS_MACHINE),
        )
        config = Config(
            proxies={},
            retries={"total_max_attempts": 1},
            connect_timeout=10,
            read_timeout=900,
            s3={"addressing_style": "path"},
            max_pool_connections=50,
            inject_host_prefix=False,  # `sync-localhost` is nowhere
        )
        return session.client(service, endpoint_url=self.endpoint, config=config)  # type: ignore[call-overload]
