"""A real Redis server."""

import socket
from pathlib import Path

from .processes import Server, find_program, free_port, until, writable_directory

__all__ = ["RedisServer"]


class RedisServer(Server):
    """A `redis-server` on a port of 127.0.0.1 and on a Unix socket.

    Attributes:
        port: Its port; that of TLS if the options say `tls-port`.
        path: Its Unix socket.
    """

    def __init__(self, **options: str) -> None:
        """Start it.

        Args:
            options: Directives of its configuration, `_` for `-`; `port` is chosen if it is not given.
        """
        super().__init__(writable_directory("redis"))
        self.port = int(options.pop("port", "") or free_port())
        self.path = self.directory / "socket"
        self._options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "unixsocket": str(self.path),
            "save": "",
            "dir": str(self.directory),
            **{name.replace("_", "-"): value for name, value in options.items()},
        }
        self.start()

    def start(self) -> None:
        """Start it, also again on the same port, and wait until it answers."""
        words = [find_program("redis-server")]
        for name, value in self._options.items():
            words += [f"--{name}", value]
        self.path.unlink(missing_ok=True)
        self.launch(words)
        until("redis-server that answers", lambda: self.alive() and _answers(self.path))


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            # One that asks for a password answers, too.
            return client.recv(64)[:1] in {b"+", b"-"}
        except OSError:
            return False
