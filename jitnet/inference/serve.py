"""``jitnet serve``: a table's model behind one small HTTP endpoint."""

from __future__ import annotations

import asyncio
import json
import math
import re
import socket
import weakref
from pathlib import Path
from typing import Any

from jitnet.extras import install
from jitnet.inference.model import load_model
from jitnet.model import Sequential
from jitnet.streams import say
from jitnet.tabular.columns import Category, Column, Date, Ordinal
from jitnet.tabular.values import TRUTH

MOST_BYTES = 1 << 20
"""Bytes of a request."""
MOST_CONNECTIONS = 500
"""Connections at a time; more are answered with the code 503."""
MOST_PORT = 65_535
MOST_ROWS = 1000
"""Rows of a request."""
MOST_SECONDS = 60.0
"""After which a connection is closed when it has its answer; after as long again in any case."""

_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of a pair that stands for one letter: JSON can say it, and no answer can."""

Row = dict[str, Any]


def serve_model(path: Path, host: str, port: int) -> None:
    """Answer requests until an interrupt.

    Raises
    ------
    ValueError
        If the file is no model of a table, or the address is none to listen at.
    ImportError
        Without the packages starlette and uvicorn: ``pip install 'jitnet[serve]'``, in a checkout
        ``pip install '.[serve]'``.
    """
    try:
        import uvicorn  # noqa: F401 - said before the model is loaded
    except ImportError as error:
        raise ImportError(f"serving needs starlette and uvicorn: {install('serve')}") from error

    model = load_model(path)
    if isinstance(model, Sequential):
        raise ValueError(f"{str(path)!r} has learned no table; jitnet serve is for such models")
    app = application(model)
    listener = _listener(host, port)
    say(f"serving         http://{host}:{port}/predict; also /schema and /health")
    server(app).run(sockets=[listener])


def server(app: Any) -> Any:
    """A uvicorn.Server of an application, with limits to what connections take."""
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=_limited,
            ws="none",
            limit_concurrency=MOST_CONNECTIONS,
            log_level="warning",
        )
    )


def _limited(**given: Any) -> Any:
    """A connection that ends after some time, whatever comes and however slowly."""
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    protocol = AutoHTTPProtocol(**given)
    loop, known = asyncio.get_running_loop(), weakref.ref(protocol)
    loop.call_later(MOST_SECONDS, _end, known, "shutdown")
    loop.call_later(2 * MOST_SECONDS, _end, known, "abort")
    return protocol


def _end(known: weakref.ref[Any], how: str) -> None:
    protocol = known()
    if protocol is not None and protocol.transport and not protocol.transport.is_closing():
        getattr(protocol if how == "shutdown" else protocol.transport, how)()


def _listener(host: str, port: int) -> socket.socket:
    if port > MOST_PORT:
        raise ValueError(f"cannot listen at {host}:{port}: ports go up to {MOST_PORT}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or error
        raise ValueError(f"cannot listen at {host}:{port}: {said}") from None


def application(model: Any) -> Any:
    """The application: ``POST /predict`` of a row or a list of rows, ``GET /schema``, ``/health``.

    Parameters
    ----------
    model : TableModel
        A fitted model, which is asked for one row first, so that no request waits for kernels.

    Returns
    -------
    starlette.applications.Starlette
    """
    from starlette.applications import Starlette
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    model.predict({})
    described = schema(model)

    async def predict(request: Request) -> JSONResponse:
        content = b""
        try:
            async for piece in request.stream():
                content += piece
                if len(content) > MOST_BYTES:
                    return _refusal(f"a request has at most {MOST_BYTES:,} bytes", 413)
        except ClientDisconnect:
            return _refusal("the request is not complete", 400)  # which nobody reads
        try:
            rows, is_single = _rows_of(content)
            said = [_said(model, row) for row in rows]
        except ValueError as error:
            return _refusal(str(error), 422)
        return JSONResponse(said[0] if is_single else said)

    async def show_schema(request: Request) -> JSONResponse:
        return JSONResponse(described)

    async def health(request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "predicts": model.table.target.name})

    served = Starlette(
        routes=[
            Route("/predict", predict, methods=["POST"]),
            Route("/schema", show_schema),
            Route("/health", health),
        ]
    )
    served.router.redirect_slashes = False  # it would send a client wherever its request says
    return served


def _refusal(text: str, status: int) -> Any:
    from starlette.responses import JSONResponse

    return JSONResponse({"error": text}, status_code=status)


def _rows_of(content: bytes) -> tuple[list[Row], bool]:
    """The rows of a request, and whether it was a single one."""
    try:
        given = json.loads(content)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"the request is no JSON: {error}") from None
    rows = given if isinstance(given, list) else [given]
    if len(rows) > MOST_ROWS:
        raise ValueError(f"a request has at most {MOST_ROWS:,} rows, got {len(rows):,}")
    for place, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise ValueError(f"row {place} is no object of columns and values")
        for name, value in row.items():
            if not name.isascii() and _SURROGATE.search(name):
                raise ValueError(f"row {place}: the name {name!r} is no text")
            if isinstance(value, dict | list):
                raise ValueError(f"row {place}, column {name!r}: the value is no single one")
    return rows, not isinstance(given, list)


def _said(model: Any, row: Row) -> dict[str, Any]:
    """What a model says of a row."""
    known = {column.name for column in model.table.columns}
    unknown = [name for name in row if name not in known]
    outputs = model.outputs(row)
    prediction = model.table.inverse(outputs)[0].item()
    if isinstance(prediction, float) and not math.isfinite(prediction):
        raise ValueError(f"the prediction, {prediction}, is no finite number")
    said: dict[str, Any] = {"prediction": prediction}
    classes = model.table.target.classes
    if classes:
        said["probabilities"] = {
            str(name): float(p) for name, p in zip(classes, outputs[0], strict=True)
        }
    return said | ({"ignored": unknown} if unknown else {})


def schema(model: Any) -> dict[str, Any]:
    """The JSON schema of a row."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A row to predict {model.table.target.name} of",
        "type": "object",
        "properties": {column.name: _property(column) for column in model.table.columns},
    }


def _property(column: Column) -> dict[str, Any]:
    if isinstance(column, Date):
        return {"type": ["string", "null"], "format": "date-time"}
    if isinstance(column, Ordinal) and column.values == TRUTH:
        return {"type": ["boolean", "string", "null"]}
    if isinstance(column, Ordinal):
        return {"enum": [*column.values, None]}
    if isinstance(column, Category):
        return {"type": ["string", "number", "boolean", "null"], "examples": [*column.values[:5]]}
    return {"type": ["number", "null"]}
