"""The endpoint answers rows, and refuses what is no row."""

import contextlib
import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import jitnet as jn
from jitnet.inference import serve
from jitnet.inference.serve import MOST_BYTES, MOST_ROWS, _said, application, serve_model
from tabular.frames import mixed


@pytest.fixture(scope="module")
def model() -> jn.TableModel:
    return jn.TableModel("dear", epochs=3).fit(mixed(300).drop("price"))


@contextlib.contextmanager
def running(server: Any) -> Iterator[tuple[str, int]]:
    """Where a server listens, on the loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            server.should_exit = server.force_exit = True
            thread.join()


@pytest.fixture(scope="module")
def address(model: jn.TableModel) -> Iterator[str]:
    """Where a server of the model listens."""
    with running(serve.server(application(model))) as (host, port):
        yield f"http://{host}:{port}"


def asked(address: str, path: str, content: Any = None) -> tuple[int, Any]:
    """The status and the answer."""
    data = (
        content if content is None or isinstance(content, bytes) else json.dumps(content).encode()
    )
    try:
        with urllib.request.urlopen(f"{address}/{path}", data) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            text = error.read()
            return error.code, json.loads(text) if text.startswith(b"{") else text


def rows_of(count: int) -> list[dict[str, Any]]:
    frame = mixed(count, seed=1).drop("price", "dear")
    return json.loads(frame.write_json())  # type: ignore[no-any-return]


def test_a_row_and_a_list_of_rows_are_answered(address: str, model: jn.TableModel) -> None:
    rows = rows_of(5)
    status, said = asked(address, "predict", rows)
    assert status == 200
    assert [one["prediction"] for one in said] == model.predict(mixed(5, seed=1)).tolist()
    assert asked(address, "predict", rows[2]) == (200, said[2])
    assert sum(said[0]["probabilities"].values()) == pytest.approx(1)


def test_a_column_that_is_unknown_is_said_to_be_ignored(address: str) -> None:
    assert asked(address, "predict", {"size": 50.0, "sise": 1})[1]["ignored"] == ["sise"]


def test_the_schema_and_the_health_are_there(address: str) -> None:
    schema = asked(address, "schema")[1]
    assert schema["properties"]["size"] == {"type": ["number", "null"]}
    assert schema["properties"]["grade"] == {"enum": ["low", "middle", "high", None]}
    assert asked(address, "health")[1] == {"status": "ok", "predicts": "dear"}


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [
        (b"{", 422, "no JSON"),
        (b"\xff", 422, "no JSON"),
        (b"[" * 100_000, 422, "no JSON"),
        ([1], 422, "row 1 is no object"),
        ({"size": "abc"}, 422, "column 'size': 'abc' is no number"),
        ({"size": [1]}, 422, "row 1, column 'size': the value is no single one"),
        (b'{"\\ud800": 1}', 422, "row 1: the name '\\ud800' is no text"),
        ({"sold": "soon"}, 422, "column 'sold': 'soon' is no date"),
        ([{}] * (MOST_ROWS + 1), 422, "at most 1,000 rows, got 1,001"),
        (b" " * (MOST_BYTES + 1), 413, "at most 1,048,576 bytes"),
    ],
)
def test_what_is_no_row_is_refused(address: str, content: Any, status: int, message: str) -> None:
    code, said = asked(address, "predict", content)
    assert code == status
    assert message in said["error"]
    assert asked(address, "predict", {})[0] == 200  # it still answers


def test_a_client_that_leaves_in_the_middle_ends_nothing(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = address.removeprefix("http://").split(":")
    for _ in range(20):
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert asked(address, "predict", {})[0] == 200
    assert not caplog.records


def test_a_request_sends_nobody_elsewhere(address: str) -> None:
    """What a client says that the host is called is no place to send it to."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(b"GET /health/ HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n")
        answer = client.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 404")
    assert b"evil" not in answer


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /pre",
        b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n",  # and nothing more
    ],
    ids=["nothing", "half a line", "half a body", "a whole request"],
)
def test_a_connection_ends_however_little_it_sends(
    sent: bytes, model: jn.TableModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "MOST_SECONDS", 0.2)
    with running(serve.server(application(model))) as (host, port):
        with socket.create_connection((host, port), timeout=30) as client:
            client.sendall(sent)
            while client.recv(1 << 16):
                pass
        assert asked(f"http://{host}:{port}", "health")[0] == 200


def test_a_server_takes_so_many_connections_and_no_more(
    model: jn.TableModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "MOST_CONNECTIONS", 3)
    with running(serve.server(application(model))) as place, contextlib.ExitStack() as held:
        for _ in range(3):
            held.enter_context(socket.create_connection(place))
        address = f"http://{place[0]}:{place[1]}"
        assert asked(address, "health")[0] == 503
        held.close()
        while asked(address, "health")[0] == 503:
            pass


@pytest.mark.parametrize("place", [("127.0.0.1", 99_999), ("999.1.1.1", 0)])
def test_an_address_that_is_none_to_listen_at_is_refused(
    model: jn.TableModel, tmp_path: Path, place: tuple[str, int]
) -> None:
    model.save(tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match=f"cannot listen at {place[0]}:{place[1]}: "):
        serve_model(tmp_path / "model.safetensors", *place)


def test_a_port_that_is_taken_is_refused(model: jn.TableModel, tmp_path: Path) -> None:
    model.save(tmp_path / "model.safetensors")
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(ValueError, match=r"cannot listen at .* in use"),
    ):
        serve_model(tmp_path / "model.safetensors", "127.0.0.1", other.getsockname()[1])


def test_a_prediction_that_is_not_finite_is_said() -> None:
    frame = {"x": [0.0, 1.0] * 30, "y": [0.5, 1.5] * 30}
    numbers = jn.TableModel("y", epochs=1, ensemble=2).fit(frame)
    for network, sign in zip(numbers.networks, (1, -1), strict=True):
        *others, last, bias = network.get_weights()
        great = [weights * 0 + 3e38 for weights in others]
        network.set_weights([*great, last * 0 + sign * 3e38, bias])
    with pytest.raises(ValueError, match=r"the prediction, (inf|nan), is no finite number"):
        _said(numbers, {"x": 1.0})
