"""The running `hostile_application.py`, and the clients' side of it."""

import json
import select
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from served import RunningServer, request, rest_of
from startup_processes import Launcher, self_signed

MEGABYTE = 1_000_000
FEW = 3  # connections that the port of that name allows
APPLICATION = Path(__file__).parent / "hostile_application.py"


class Server(RunningServer):
    """The running application; a connection to a port with TLS has it."""

    def connect(self, port: str = "plain", receive: int = 0) -> socket.socket:
        """Open a connection; with TLS if the port's name says so."""
        client = super().connect(port, receive)
        if not port.endswith("_tls"):
            return client
        context = ssl.create_default_context(cafile=self.directory / "server.crt")
        return context.wrap_socket(client, server_hostname="localhost", suppress_ragged_eofs=True)

    def exchange(self, data: bytes, port: str = "plain") -> bytes:
        """Send bytes and return all that comes until the server closes or cuts."""
        with self.connect(port) as client:
            client.sendall(data)
            return rest_of(client, cut=True)

    def ask(self, path: str, method: str = "GET") -> dict[str, Any]:
        """Ask the application about itself; POST has it change something, and tells nothing."""
        answer = self.exchange(request(path, "Connection: close", method=method))
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer
        found: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2] or b"{}")
        return found

    @property
    def status(self) -> dict[str, Any]:
        """What the process uses: `files`, `memory` and its `peak` in bytes, CPU `seconds`."""
        return self.ask("/status")

    def forget_peak(self) -> None:
        """Let the peak of the memory begin again at what is used now."""
        self.ask("/status", "POST")


@contextmanager
def running(directory: Path, logs: Path, seconds: float, *, tls: bool = True) -> Iterator[Server]:
    """Run the application; it has to end well and without a traceback in its log.

    Args:
        directory: An empty one, for the process.
        logs: Where its output goes.
        seconds: The deadlines of the hasty ports.
        tls: Whether there are ports with TLS.
    """
    if tls:
        self_signed(directory)
    launcher = Launcher(directory, logs)
    process = launcher.start("python", str(APPLICATION), str(directory), str(seconds))
    try:
        yield Server(process, directory)
        assert process.end() == 0
        for sign in ("Unhandled", "Traceback"):
            assert sign not in process.output, process.output
    finally:
        launcher.close()


def reset(client: socket.socket) -> None:
    """Go away with a reset: the server hears neither an end nor anything that is under way."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def is_cut(client: socket.socket, seconds: float) -> bool:
    """Wait for the server to reset the connection, without reading from it.

    Args:
        client: The connection.
        seconds: How long at most.
    """
    poll = select.poll()
    poll.register(client, 0)  # errors are always told
    return any(event & select.POLLERR for _, event in poll.poll(1000 * seconds))
