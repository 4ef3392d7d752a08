"""Files taken apart, changed in a part, and put together again with right lengths and sums."""

from __future__ import annotations

import gzip
import io
import json
import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

from mutated_json import mutated

Flip = Callable[[bytes], bytes]

BYTES = {"F64": 8, "F32": 4, "F16": 2, "I64": 8, "I32": 4, "I8": 1, "U8": 1, "BOOL": 1}
"""Bytes of a number, by its type's name in safetensors."""
MOST_DATA = 1 << 16
PNG = b"\x89PNG\r\n\x1a\n"


class Envelope(NamedTuple):
    """How files of a kind are taken apart, and put together.

    Parameters
    ----------
    opened : callable
        The parts of a file; what it raises says that the file is none of the kind.
    closed : callable
        A file of parts.
    """

    opened: Callable[[bytes], list[bytes]]
    closed: Callable[[Sequence[bytes]], bytes]

    def mutated(self, content: bytes, rng: Random, flip: Flip) -> bytes:
        """A file of which some parts are changed; JSON remains JSON most of the time."""
        try:
            parts = self.opened(content)
            for _ in range(rng.choice((1, 1, 1, 2, 4))):
                place = rng.randrange(len(parts))
                parts[place] = _changed(parts[place], rng, flip)
            return self.closed(parts)
        except Exception:  # what is no file of the kind raises whatever it likes
            return flip(content)


def _changed(part: bytes, rng: Random, flip: Flip) -> bytes:
    if part[:1] not in b"{[" or rng.random() < 0.05:
        return flip(part)
    return json.dumps(mutated(json.loads(part), rng)).encode()


def _open_safetensors(content: bytes) -> list[bytes]:
    """The description without its digest, the tensors' types and shapes, and their numbers."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    description = json.loads(header.pop("__metadata__", {}).get("jitnet", "{}"))
    if isinstance(description, dict):
        description.pop("digest", None)
    tensors = {name: [about["dtype"], about["shape"]] for name, about in header.items()}
    return [*(json.dumps(part).encode() for part in (description, tensors)), content[8 + size :]]


def _close_safetensors(parts: Sequence[bytes]) -> bytes:
    header: dict[str, Any] = {"__metadata__": {"jitnet": parts[0].decode(errors="replace")}}
    end = 0
    for name, (dtype, shape) in json.loads(parts[1]).items():
        start, end = end, end + math.prod(map(int, shape)) * BYTES.get(dtype, 4)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    data = parts[2][:end].ljust(min(end, MOST_DATA), b"\0")
    return len(text).to_bytes(8, "little") + text + data


def _open_zip(content: bytes) -> list[bytes]:
    """Its members, each with its name before it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [name.encode() + b"\0" + archive.read(name) for name in archive.namelist()]


def _close_zip(parts: Sequence[bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            name, _, content = part.partition(b"\0")
            archive.writestr(name.decode(errors="replace"), content)
    return file.getvalue()


def _open_png(content: bytes) -> list[bytes]:
    """Its chunks: the name of each, and what is in it, of pixels unpacked."""
    chunks, place = [], len(PNG)
    while place < len(content):
        (size,) = struct.unpack_from(">I", content, place)
        name, data = content[place + 4 : place + 8], content[place + 8 : place + 8 + size]
        chunks.append(name + (zlib.decompress(data) if name == b"IDAT" else data))
        place += size + 12
    return chunks


def _close_png(parts: Sequence[bytes]) -> bytes:
    content = PNG
    for part in parts:
        name, data = part[:4].ljust(4, b"x"), part[4:]
        data = zlib.compress(data) if name == b"IDAT" else data
        content += struct.pack(">I", len(data)) + name + data
        content += struct.pack(">I", zlib.crc32(name + data))
    return content


def _open_request(content: bytes) -> list[bytes]:
    """Its lines without the length, and its body."""
    head, _, body = content.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    return [*lines, body]


def _close_request(parts: Sequence[bytes]) -> bytes:
    *lines, body = parts
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body])


PLAIN = Envelope(lambda content: [content], lambda parts: parts[0])
SAFETENSORS = Envelope(_open_safetensors, _close_safetensors)
ZIP = Envelope(_open_zip, _close_zip)
GZIP = Envelope(lambda content: [gzip.decompress(content)], lambda parts: gzip.compress(parts[0]))
PNG_CHUNKS = Envelope(_open_png, _close_png)
REQUEST = Envelope(_open_request, _close_request)
