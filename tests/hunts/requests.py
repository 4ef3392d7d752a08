"""Requests of strangers, as JSON and as any bytes on the wire, are answered or refused."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h11
import uvicorn

import jitnet as jn
from envelopes import PLAIN, REQUEST
from fuzzing import NEEDS, Read, Reader, guided
from hunting import Hunt, Lost
from jitnet.inference.serve import application, server
from tabular.frames import mixed

ANSWERS = {"200", "400", "404", "405", "413", "422"}
"""Codes of a row's answer, and of refusals."""
CLOSED = {"", "408", "431", "501", "505"}
"""Codes of what is no request at all."""
MOST_ANSWER = 1 << 24
"""Bytes of an answer: a request's rows, each with the names that it has and a few classes."""
SECONDS = 20.0
"""In which the server has answered or closed the connection."""


def _model() -> jn.TableModel:
    settings: dict[str, Any] = {"epochs": 1, "hidden": (3,), "n_threads": 1}
    return jn.TableModel("dear", **settings).fit(mixed(80).drop("price"))


def _rows() -> list[bytes]:
    rows = json.loads(mixed(3, seed=1).drop("price", "dear").write_json())
    seeds: list[Any] = [rows, rows[0], {}, []]
    return [json.dumps(seed).encode() for seed in seeds]


def _begin_bodies(folder: Path) -> tuple[Sequence[bytes], Read]:
    application_ = application(_model())
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/predict",
        "raw_path": b"/predict", "query_string": b"", "headers": [], "root_path": "",
    }  # fmt: skip
    loop = asyncio.new_event_loop()

    def read(content: bytes) -> None:
        pieces = [content[:100], content[100:]]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            body = pieces.pop(0)
            return {"type": "http.request", "body": body, "more_body": bool(pieces)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        loop.run_until_complete(application_(dict(scope), receive, send))
        _check(str(sent[0]["status"]), b"".join(part.get("body", b"") for part in sent[1:]))

    return _rows(), read


def _check(status: str, body: bytes) -> None:
    """An answer is JSON without a number that JSON has not, of a bounded size."""
    if status not in ANSWERS:
        raise Lost(f"the status is {status}: {body[:300]!r}")
    if status in ("200", "413", "422"):
        json.loads(body, parse_constant=_refuse)
    if len(body) > MOST_ANSWER:
        raise Lost(f"the answer has {len(body):,} bytes")


def _refuse(name: str) -> None:
    raise Lost(f"the answer has the number {name}")


class _Errors(logging.Handler):
    """What the server says went wrong; not that it has no answer to half a request."""

    said = ""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, h11.LocalProtocolError):
            self.said = f"{record.getMessage()} {error!r}"


def _begin_wire(folder: Path) -> tuple[Sequence[bytes], Read]:
    listener = socket.create_server(("127.0.0.1", 0))
    served: uvicorn.Server = server(application(_model()))
    errors = _Errors(logging.ERROR)
    logging.getLogger("uvicorn.error").addHandler(errors)
    threading.Thread(target=served.run, args=([listener],), daemon=True).start()
    address = listener.getsockname()

    def read(content: bytes) -> None:
        errors.said = ""
        with socket.create_connection(address, timeout=SECONDS) as client:
            client.sendall(content)
            client.shutdown(socket.SHUT_WR)
            answer = bytearray()
            while piece := client.recv(1 << 16):
                answer += piece
        if errors.said:
            raise Lost(f"the server says {errors.said!r}")
        _check_answer(bytes(answer))

    head = b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    seeds = [head + b"Content-Length: %d\r\n\r\n" % len(row) + row for row in _rows()[:2]]
    chunked = b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    gets = [b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % path for path in (b"schema", b"health?a=b")]
    return [*seeds, head + chunked, *gets, gets[0] + gets[1]], read


def _check_answer(answer: bytes) -> None:
    status = answer[9:12].decode("latin-1")
    if status in CLOSED or answer.startswith(b"HTTP/1.1 100"):
        return
    if status not in ANSWERS:
        raise Lost(f"the answer is {answer[:300]!r}")


READERS = (Reader(_begin_bodies, PLAIN), Reader(_begin_wire, REQUEST))
INSTRUMENTED = (
    "h11._connection", "h11._headers", "h11._readers", "jitnet.checks", "jitnet.inference.serve",
    "jitnet.tabular.model", "jitnet.tabular.table", "jitnet.tabular.values", "json.decoder",
    "starlette.requests", "starlette.routing", "uvicorn.protocols.http.h11_impl",
)  # fmt: skip

HUNT = Hunt(
    guided(__name__),
    short=30.0,
    long=3600.0,
    needs=NEEDS,
    mended=("A slash too many sent a client to whatever host its request named.",),
)
