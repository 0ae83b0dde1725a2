"""`demos/redis`: the application runs as its README says, with Redis and while it is away."""

import http.client
import json
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from documented_blocks import listens
from servers.redis import RedisServer
from startup_processes import PATIENCE, Launcher, free_port, until
from test_howto import run

DEMO = Path(__file__).parents[1] / "demos" / "redis"
START, ASK = re.findall(
    r"^```sh\n(.*?)^```", (DEMO / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
)


def serve(launch: Launcher, server: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Start the application for a server, and return what the README asks it."""
    shutil.copy(DEMO / "board.py", launch.directory)
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{server}/3")
    program, *words = START.split()
    port = free_port()
    listens(launch.start(program, *words, f"-p{port}"), port)
    return [line.replace("8888", str(port)) for line in ASK.splitlines()]


@pytest.fixture
def asked(launch: Launcher, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the README asks the application, with a server that is there."""
    with closing(RedisServer(port=str(free_port()))) as server:
        yield serve(launch, server.port, monkeypatch)


def port_of(lines: list[str]) -> int:
    """Return the port that the commands ask."""
    return int(lines[0].partition("127.0.0.1:")[2].partition("/")[0])


def patterns(server: int) -> bytes:
    """Return how many patterns somebody has subscribed to, as Redis writes it."""
    with socket.create_connection(("127.0.0.1", server), timeout=PATIENCE) as client:
        client.sendall(b"PUBSUB NUMPAT\r\n")
        return client.recv(64)


def test_board(launch: Launcher, asked: list[str]) -> None:
    """A listener is told what somebody writes and deletes; the text can be read, and deleted once."""
    listen, write, read, delete, health = asked
    path = listen.partition(f":{port_of(asked)}")[2]
    with closing(
        http.client.HTTPConnection("127.0.0.1", port_of(asked), timeout=PATIENCE)
    ) as client:
        client.request("GET", path)
        answer = client.getresponse()
        assert answer.status == 200
        assert run(launch, f"{write} -s") == "1 are told\n"
        assert answer.readline() == b"board:door: hello\n"
        assert run(launch, f"{read} -s") == "hello\n"
        for status in ("204", "404"):
            assert run(launch, f"{delete} -s -o out -w '%{{http_code}}'") == status
        assert answer.readline() == b"board:door: \n"
        assert json.loads(run(launch, f"{health} -s"))["connected"] >= 1


def test_rate_limit(launch: Launcher, asked: list[str]) -> None:
    """Ten times in a minute anybody may write, the eleventh time is too much."""
    command = f"{asked[1]} -s -o out -w '%{{http_code}}'"
    assert [run(launch, command) for _ in range(11)] == ["200"] * 10 + ["429"]


def test_without_redis(launch: Launcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """While Redis is away everything is answered by 503."""
    for line in serve(launch, free_port(), monkeypatch)[1:]:
        assert run(launch, f"{line} -s -i").startswith("HTTP/1.1 503 "), line


def test_redis_comes_back(launch: Launcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener stays while Redis is away, and is told again when it is back."""
    with closing(RedisServer(port=str(free_port()))) as server:
        listen, write, _, _, health = serve(launch, server.port, monkeypatch)
        port = port_of([listen])
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as client:
            client.request("GET", listen.partition(f":{port}")[2])
            answer = client.getresponse()
            server.stop()
            assert run(launch, f"{write} -s -i").startswith("HTTP/1.1 503 ")
            server.start()
            until("connection", lambda: "connected" in run(launch, f"{health} -s"))
            until("listener", lambda: patterns(server.port) == b":1\r\n")
            assert run(launch, f"{write} -s") == "1 are told\n"
            assert answer.readline() == b"board:door: hello\n"
