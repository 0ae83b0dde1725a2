"""Much and long: idle connections are cheap, and many requests leave nothing behind.

`nox -s soak` runs the whole of it (it sets `CYCLONE_SOAK`), a run of all integration tests a tenth.
"""

import os
from collections.abc import Iterator

import pytest
from hostile_server import MEGABYTE, Server, running
from served import request
from soak_clients import allow_files, keeping, visit
from startup_processes import until

WHOLE = os.environ.get("CYCLONE_SOAK") == "1"
IDLE = 10_000 if WHOLE else 1_000
REQUESTS = 100_000 if WHOLE else 10_000
# Bytes that one idle connection may cost, and all of the process with ten thousand of them.
EACH = 3 * 1024
MOST = 80 * 1024 * 1024


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The application with its default settings, in a new process."""
    # At the limit of open files, less a twentieth, the server closes who is idle.
    allow_files(IDLE + IDLE // 10 + 200)
    directory, logs = tmp_path_factory.mktemp("soak"), tmp_path_factory.mktemp("logs")
    with running(directory, logs, 1.0, tls=False) as found:
        yield found


def test_idle(server: Server) -> None:
    """Idle connections cost less than 3 KB each, and every one of them still answers."""
    with keeping(server, 10):
        before = server.status["memory"]
    with keeping(server, IDLE) as clients:
        memory = server.status["memory"]
        assert server.status["files"] > IDLE
        for client in clients:
            client.ask(request("/?again"), 200, b"/?again")
    assert (memory - before) / IDLE <= EACH
    assert memory <= MOST


def test_requests(server: Server) -> None:
    """After many requests of all kinds the server has no more memory, objects and files than before."""
    visit(server, REQUESTS // 4)  # caches are filled, and the allocator has what it needs
    before = server.status | server.ask("/garbage")
    visit(server, REQUESTS * 3 // 4)
    until("end of all connections", lambda: server.status["files"] <= before["files"])
    after = server.status | server.ask("/garbage")
    assert after["objects"] - before["objects"] < 100
    assert after["memory"] - before["memory"] < 2 * MEGABYTE


def test_no_cycles(server: Server) -> None:
    """Reference counting alone frees all that a request needs: the collector finds nothing."""
    visit(server, 500)
    server.ask("/garbage", "POST")
    visit(server, REQUESTS // 10)
    until("end of all connections", lambda: server.status["files"] < 30)
    assert server.ask("/garbage")["collected"] == 0
