"""Delivered bytes as plain bytes: decompressed as the first bytes say (not the name), never whole in memory, and to the very end.

Python's own file objects for bzip2 and xz pass silently over what stands behind the last stream, which may be half a delivery; here it
is an error, as it is for gzip. Formats that hold several files, or are no text, are refused with their name.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

import pyarrow as pa

from .errors import UnreadableInput

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK: Final = 1024 * 1024
HEAD: Final = 512
MOST_XZ_MEMORY: Final = 256 * 1024 * 1024
"""What a decompressor of xz may use: the highest level of its tools needs 65 MiB, a file made to do harm asks for 4 GiB."""
REFUSED: Final = (
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x1f\x9d", "compressed with compress"),
    (b"PAR1", "a Parquet file"),
    (b"Obj\x01", "an Avro file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"%PDF-", "a PDF document"),
)
BROKEN: Final = (EOFError, OSError, zlib.error, lzma.LZMAError, UnreadableInput)
"""What reading such a file raises; an `OSError` with an `errno` is the disk's or the network's trouble instead."""

_TAR_AT, _TAR = 257, b"ustar"


class _Decompressed(io.RawIOBase):
    """The plain bytes of a file of one or more compressed streams."""

    def __init__(self, packed: BinaryIO, new: Callable[[], Any], padding: bytes) -> None:
        super().__init__()
        self._packed = packed
        self._new = new
        self._padding = padding
        self._decompressor = new()
        self._started = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            if self._decompressor.eof and not self._next_stream(self._decompressor.unused_data):
                return 0
            given = self._packed.read(CHUNK) if self._decompressor.needs_input else b""
            if self._decompressor.needs_input and not given:
                message = "the compressed file ends before its end"
                raise EOFError(message)
            self._started = True
            data = self._decompressor.decompress(given, len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)

    def _next_stream(self, rest: bytes) -> bool:
        """Whether another stream follows; padding between two is no data."""
        while not (rest := rest.lstrip(self._padding) if self._padding else rest):
            rest = self._packed.read(CHUNK)
            if not rest:
                return False
        self._decompressor = self._new()
        first = self._decompressor.decompress(rest, 0)
        if first:  # pragma: no cover - nothing comes out where nothing is asked for
            message = "the compressed file cannot be read"
            raise OSError(message)
        return True

    def close(self) -> None:
        self._packed.close()
        super().close()


class _Arrow(io.RawIOBase):
    """The plain bytes of a file that pyarrow decompresses."""

    def __init__(self, packed: BinaryIO, codec: str) -> None:
        super().__init__()
        self._packed = packed
        self._stream = pa.CompressedInputStream(pa.PythonFile(packed, mode="r"), codec)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._packed.close()
        super().close()


def _xz() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=MOST_XZ_MEMORY)


_KINDS: Final[tuple[tuple[bytes, Callable[[BinaryIO], Any]], ...]] = (
    (b"\x1f\x8b", lambda packed: gzip.GzipFile(fileobj=packed)),
    (b"BZh", lambda packed: _Decompressed(packed, bz2.BZ2Decompressor, b"")),
    (b"\xfd7zXZ\x00", lambda packed: _Decompressed(packed, _xz, b"\x00")),
    (b"\x28\xb5\x2f\xfd", lambda packed: _Arrow(packed, "zstd")),
    (b"\x04\x22\x4d\x18", lambda packed: _Arrow(packed, "lz4")),
)


def is_compressed(head: bytes) -> bool:
    """Whether a file that begins like this is decompressed."""
    return any(head.startswith(magic) for magic, _ in _KINDS)


def plain(stream: io.BufferedReader, path: str) -> BinaryIO:
    """The file's plain bytes: gzip, bzip2, xz, zstd and LZ4 frames are decompressed.

    Args:
        stream: The file as delivered, at its start.
        path: What messages call it.

    Raises:
        UnreadableInput: If the file, or what is compressed in it, is of a kind that is no text.
    """
    head = stream.peek(HEAD)[:HEAD]
    _refuse(head, path, "the file is")
    for magic, open_packed in _KINDS:
        if head.startswith(magic):
            inside = io.BufferedReader(open_packed(cast("BinaryIO", stream)), buffer_size=CHUNK)
            _refuse(inside.peek(HEAD)[:HEAD], path, "compressed in the file is")
            return cast("BinaryIO", inside)
    return cast("BinaryIO", stream)


def _refuse(head: bytes, path: str, what: str) -> None:
    found = next((kind for magic, kind in REFUSED if head.startswith(magic)), None)
    if head[_TAR_AT:].startswith(_TAR) and b"\x00" in head[:_TAR_AT]:
        found = "a tar archive"
    if found is not None:
        message = f"{path}: {what} {found}; expected text, plain or compressed with gzip, bzip2, xz, zstd or LZ4"
        raise UnreadableInput(message)
