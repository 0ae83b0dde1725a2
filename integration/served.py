"""Servers of these tests: how a process tells its ports, and how a client talks to them in bytes."""

import json
import socket
from collections.abc import Mapping
from pathlib import Path

from startup_processes import PATIENCE, Process, until

__all__ = ["RunningServer", "announce", "request", "rest_of"]

_FILE = "ports.json"


def announce(directory: Path, ports: Mapping[str, int]) -> None:
    """Tell who waits for it that all ports are open; the server calls it.

    Args:
        directory: Where it runs.
        ports: Their numbers by name.
    """
    unfinished = directory / "ports"
    unfinished.write_text(json.dumps(ports), encoding="ascii")
    unfinished.rename(directory / _FILE)


class RunningServer:
    """A running server that has announced its ports.

    Args:
        process: Its process.
        directory: Where it runs.
    """

    def __init__(self, process: Process, directory: Path) -> None:
        def announced() -> bool:
            assert "Traceback" not in process.output, process.output
            return (directory / _FILE).exists()

        until("ports of the server", announced)
        self.process = process
        self.directory = directory
        self.ports: dict[str, int] = json.loads((directory / _FILE).read_text())

    def connect(self, port: str = "plain", receive: int = 0) -> socket.socket:
        """Open a connection.

        Args:
            port: Which of the ports.
            receive: The size of the socket's receive buffer in bytes; 0 for the system's choice.
        """
        client = socket.socket()
        if receive:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        client.settimeout(PATIENCE)
        client.connect(("127.0.0.1", self.ports[port]))
        return client

    def exchange(self, data: bytes, port: str = "plain") -> bytes:
        """Send bytes and return all that comes until the server closes."""
        with self.connect(port) as client:
            client.sendall(data)
            return rest_of(client)


def request(path: str, *lines: str, method: str = "GET") -> bytes:
    """Spell a request."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: a", *lines, "", ""]).encode()


def rest_of(client: socket.socket, *, cut: bool = False) -> bytes:
    """Read until the server closes.

    Args:
        client: A connection.
        cut: Whether a reset counts as that, too.
    """
    pieces = []
    try:
        while piece := client.recv(65536):
            pieces.append(piece)
    except ConnectionResetError:
        if not cut:
            raise
    return b"".join(pieces)
