"""Where custom resources send their answers: an HTTPS address on loopback, as CloudFormation's is an HTTPS address of S3.

Handlers rightly refuse an address without TLS, so there is a certificate of this process's own, which functions are told to trust.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import ssl
import tempfile
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.functions.runtime_api import answer, received

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES: Final = 4096
"""Of an answer: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html."""


class Box:
    """Takes the answer to one request."""

    def __init__(self) -> None:
        self.body: bytes | None = None
        self._there = threading.Event()

    def put(self, body: bytes) -> None:
        """Takes an answer; the first one counts."""
        if self.body is None:
            self.body = body
            self._there.set()

    def wait(self, seconds: float) -> bool:
        """Waits for the answer; whether it is there."""
        return self._there.wait(seconds)

    def read(self) -> Mapping[str, Any]:
        """The answer.

        Raises:
            ValueError: If it is too long, or no JSON object.
        """
        body = self.body or b""
        if len(body) > MOST_BYTES:
            msg = f"Response object is too long: {len(body)} bytes, and CloudFormation takes {MOST_BYTES}"
            raise ValueError(msg)
        try:
            found = json.loads(body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            msg = "Response is not valid JSON"
            raise ValueError(msg)  # noqa: TRY004 - what the handler sent is the value
        return found


class Responses:
    """Serves addresses that answers are put to, until it is closed."""

    def __init__(self) -> None:
        self._boxes: dict[str, Box] = {}
        self.certificate, key = _certificate()
        """What callers have to trust."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile() as file:
            file.write(self.certificate + key)
            file.flush()
            context.load_cert_chain(file.name)
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def open(self) -> tuple[str, Box]:
        """An address, and what takes the answer that is put to it."""
        name = uuid.uuid4().hex
        self._boxes[name] = box = Box()
        return f"https://localhost:{self._server.server_port}/{name}", box

    def close(self) -> None:
        """Ends."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        boxes = self._boxes

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            timeout = 30

            def do_PUT(self) -> None:
                body = received(self)
                box = boxes.get(self.path.strip("/"))
                if box is not None:
                    box.put(body)
                answer(self, 404 if box is None else 200, b"")

            def log_message(self, *_arguments: Any) -> None:
                pass

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_arguments: Any) -> None:
        """A caller that does not trust the certificate, or was killed, is told so on its own side."""


def _certificate() -> tuple[bytes, bytes]:
    """A certificate for loopback and its key; the emulator brings what makes them."""
    from cryptography import x509  # noqa: PLC0415 - an extra brings it
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    places = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(places), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return signed.public_bytes(serialization.Encoding.PEM), secret
