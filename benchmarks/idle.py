"""What connections cost that are open and silent."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from answers import Connection, check, get
from server import Server, WrongAnswerError

if TYPE_CHECKING:
    from argparse import Namespace

COUNTS = (1_000, 10_000)
WARM_UP_REQUESTS = 2_000
# cyclone leaves a twentieth of the files that it may open to others, and closes who is idle for that.
FILES = max(COUNTS) + max(COUNTS) // 10
MEGABYTE = 1 << 20
PATH = "/hello"


def ask(connection: Connection) -> None:
    """Ask for a page, and check it."""
    connection.socket.sendall(get(PATH))
    check(connection.answer(), PATH)


def idle(server: Server, options: Namespace) -> dict[str, float]:
    """Open connections, use each once and leave them open; then look at the server.

    Args:
        server: A server that was not loaded before, and was started behind `allow_files(FILES)`.
        options: `seconds` says how long its CPU time is watched.

    Returns:
        Megabytes of resident memory `start`, `warm` and by number of connections; `per_connection`
        in KB and `cpu` in milliseconds a second, both with the most connections.

    Raises:
        WrongAnswerError: One of the connections does not answer any more.
    """
    found = {"start": server.memory() / MEGABYTE}
    with contextlib.ExitStack() as opened:
        connections = [opened.enter_context(Connection(server.port))]
        for _ in range(WARM_UP_REQUESTS):
            ask(connections[0])
        warm = server.memory()
        found["warm"] = warm / MEGABYTE
        for count in COUNTS:
            while len(connections) < count:
                connections.append(opened.enter_context(Connection(server.port)))
                ask(connections[-1])
            found[str(count)] = server.memory() / MEGABYTE
        found["per_connection"] = (server.memory() - warm) / len(connections) / 1024
        found["cpu"] = cpu_while_idle(server, options.seconds)
        for number, connection in enumerate(connections):
            try:
                ask(connection)
            except (OSError, WrongAnswerError) as error:
                message = f"idle connection {number} of {len(connections)} is dead: {error}"
                raise WrongAnswerError(message) from None
    return found


def cpu_while_idle(server: Server, seconds: float) -> float:
    """Return the CPU milliseconds a second of a server that has nothing to do."""
    time.sleep(0.5)  # what was accepted last is still being dealt with
    begun, before = time.monotonic(), server.cpu_nanoseconds()
    time.sleep(max(1.0, seconds))
    return (server.cpu_nanoseconds() - before) / 1e6 / (time.monotonic() - begun)
