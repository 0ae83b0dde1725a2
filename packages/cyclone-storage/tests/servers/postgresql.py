"""A real PostgreSQL server."""

import subprocess
from collections.abc import Sequence

from .processes import Server, find_program, free_port, unprivileged, until, writable_directory

__all__ = ["PASSWORD", "USER", "PostgreSQLServer"]

USER = "cyclone"
# Every character of it would mean something else in a URL.
PASSWORD = "p@ss:w/rd?&%ü"  # noqa: S105 -- of a server that a test starts

_IN_USE = "Terminate any old server processes associated with this data directory."


class PostgreSQLServer(Server):
    """A PostgreSQL server on a port of 127.0.0.1 and on a Unix socket, with a database `cyclone`.

    Attributes:
        port: Its port.
    """

    def __init__(self, **options: str) -> None:
        """Make its files and start it.

        Args:
            options: Settings of its configuration.
        """
        super().__init__(writable_directory("postgresql"))
        self.port = free_port()
        self._options = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.directory),
            "fsync": "off",
            "full_page_writes": "off",
            "shared_buffers": "16MB",
            "max_connections": "50",
            **options,
        }
        self._initialize()
        self.start()

    def _initialize(self) -> None:
        data, password = self.directory / "data", self.directory / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        words = ["--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C"]
        words += ["--auth=scram-sha-256", f"--username={USER}", f"--pwfile={password}"]
        self._run([find_program("initdb"), *words, f"--pgdata={data}"])
        single = [find_program("postgres"), "--single", "-D", str(data), "postgres"]
        self._run(single, f"CREATE DATABASE {USER}\n")

    def _run(self, command: Sequence[str], text: str = "") -> None:
        with (self.directory / "log").open("ab") as log:
            subprocess.run(  # noqa: S603 -- a program that the test has found
                command,
                cwd=self.directory,
                input=text.encode(),
                stdout=log,
                stderr=log,
                check=True,
                user=unprivileged(),
                extra_groups=[] if unprivileged() else None,
            )

    def start(self) -> None:
        """Start it, also again on the same port, and wait until it answers."""
        words = [find_program("postgres"), "-D", str(self.directory / "data")]
        for name, value in self._options.items():
            words += ["-c", f"{name}={value}"]
        self.launch(words)
        until("PostgreSQL that answers", lambda: self._answers(words))

    def _answers(self, words: Sequence[str]) -> bool:
        if self.process is not None and self.process.poll() is not None:
            # Of one that was killed, the children live for a moment, and it does not start beside them.
            if not self.said().rstrip().endswith(_IN_USE):
                self.alive()
            self.launch(words)
        ready = [find_program("pg_isready"), "-h", "127.0.0.1", "-p", str(self.port), "-q"]
        return subprocess.run(ready, check=False).returncode == 0  # noqa: S603 -- as above
