"""Every conformance case over a real socket, whole and in small pieces, also under `python -O`.

The cases are the tables of cyclone-core's own tests; `battery.py` there says what they mean.
"""

import http.client
import importlib
import json
import select
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from served import RunningServer, rest_of
from startup_processes import PATIENCE, Launcher, Process

SERVER = Path(__file__).parent / "conformance_server.py"
TABLES = Path(__file__).parents[1] / "packages/cyclone-core/tests/conformance"

sys.path.insert(0, str(TABLES))
battery: Any = importlib.import_module("battery")
CASES: dict[str, Any] = dict(importlib.import_module("tables").identified())

# As many pieces as show whether the cuts matter; byte by byte is what the tests in memory are for.
PIECES = 500

MEBIBYTE = 1024 * 1024


class Server(RunningServer):
    """The running server.

    Args:
        process: Its process.
        directory: Where it runs.
        optimized: Whether it runs under `python -O`.
    """

    def __init__(self, process: Process, directory: Path, optimized: bool) -> None:
        super().__init__(process, directory)
        self.optimized = optimized
        port = self.ports["patient"]
        self._control = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def connect(self, port: str = "patient", receive: int = 0) -> socket.socket:
        """Open a connection that sends at once."""
        client = super().connect(port, receive)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def status(self) -> dict[str, Any]:
        """Ask what its handlers have seen since the last time, and whether it runs its asserts."""
        self._control.request("GET", "/seen")
        found: dict[str, Any] = json.loads(self._control.getresponse().read())
        return found

    def close(self) -> None:
        """Close the connection that asks."""
        self._control.close()


@pytest.fixture(scope="module", params=["python", "python -O"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The server, running."""
    directory = tmp_path_factory.mktemp("conformance")
    launcher = Launcher(directory, tmp_path_factory.mktemp("logs"))
    program, *options = request.param.split()
    process = launcher.start(program, *options, str(SERVER), str(directory))
    try:
        running = Server(process, directory, bool(options))
        yield running
        running.close()
        assert process.end() == 0
        assert "Unhandled" not in process.output
    finally:
        launcher.close()


def send(client: socket.socket, data: bytes, more: bytes = b"", *, whole: bool) -> None:
    """Send at once, or in pieces of a byte or not many more; `more` comes with the last of them.

    Who has asked to close the connection may not send another request later: the server need not read
    it, and the reset that it gets could destroy the answer on its way.
    """
    size = max(1, len(data) if whole else -(-len(data) // PIECES))
    while len(data) > size:
        client.sendall(data[:size])
        data = data[size:]
    client.sendall(data + more)


def converse(server: Server, case: Any, *, whole: bool) -> bytes:  # noqa: ANN401 -- a `Case`
    """Have the conversation of a case and return what the server has sent."""
    received = b""
    with server.connect() as client:
        if case.then:
            send(client, case.data, whole=whole)
            while not received.endswith(b"\r\n\r\n"):
                piece = client.recv(1000)
                assert piece, received
                received += piece
            send(client, case.then, battery.PROBE, whole=whole)
        else:
            send(client, case.data, battery.PROBE, whole=whole)
        cut = any(answer.cut for answer in battery.expected_answers(case))
        return received + rest_of(client, cut=cut)


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "pieces"])
@pytest.mark.parametrize("name", [name for name in CASES if not CASES[name].waits])
def test_case(server: Server, name: str, whole: bool) -> None:
    """The answers are as the case says, and no handler has seen anything else."""
    case = CASES[name]
    received = converse(server, case, whole=whole)
    assert battery.judge(case, received, server.status()["seen"]) == []


def test_optimized(server: Server) -> None:
    """The second server runs without asserts, indeed."""
    assert server.status()["debug"] is not server.optimized


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "pieces"])
def test_waiting(server: Server, whole: bool) -> None:
    """Clients that fall silent are answered or let go within a few seconds, all at once."""
    waiting = {name: case for name, case in CASES.items() if case.waits}
    clients = {name: server.connect("impatient") for name in waiting}
    for name, case in waiting.items():
        send(clients[name], case.data, whole=whole)
    wrong = {}
    for name, case in waiting.items():
        with clients[name] as client:
            received = rest_of(client)
        wrong[name] = battery.judge(case, received, None)
    server.status()
    assert {name: found for name, found in wrong.items() if found} == {}


def lingering() -> list[str]:
    """List one mistake for each table and status, and where the server closes without one."""
    closing = [name for name in CASES if name.startswith("connection: the handler closes by")]
    found: dict[object, str] = {}
    for name, case in CASES.items():
        answers = battery.expected_answers(case)
        if answers and answers[-1].status >= 400 and not (case.kept or case.waits):
            found.setdefault((name.partition(":")[0], answers[-1].status), name)
    return [*found.values(), *closing]


@pytest.mark.parametrize("name", lingering())
def test_lingering(server: Server, name: str) -> None:
    """A client that sends another mebibyte behind its mistake can still read the whole answer."""
    case = CASES[name]
    with server.connect() as client:
        client.sendall(case.data)
        select.select([client], [], [], PATIENCE)  # the answer is there, and may not be lost
        for _ in range(16):
            client.sendall(b"x" * (MEBIBYTE // 16))
        received = rest_of(client)
    assert battery.judge(case, received, server.status()["seen"]) == []
