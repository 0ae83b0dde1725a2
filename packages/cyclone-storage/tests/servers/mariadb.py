"""A real MariaDB server."""

import subprocess

from .processes import Server, find_program, free_port, unprivileged, until, writable_directory

__all__ = ["PASSWORD", "USER", "MariaDBServer"]

USER = "cyclone"
# Every character of it would mean something else in a URL.
PASSWORD = "p@ss:w/rd?&%ü"  # noqa: S105 -- of a server that a test starts


class MariaDBServer(Server):
    """A MariaDB server on a port of 127.0.0.1 and on a Unix socket, with a database `cyclone`.

    Attributes:
        port: Its port.
        path: Its Unix socket.
    """

    def __init__(self, **options: str) -> None:
        """Make its files and start it.

        Args:
            options: Settings of its configuration, `_` for `-`.
        """
        super().__init__(writable_directory("mariadb"))
        self.port = free_port()
        self.path = self.directory / "socket"
        self._options = {
            "datadir": str(self.directory / "data"),
            "port": str(self.port),
            "bind-address": "127.0.0.1",
            "skip-networking": "0",
            "socket": str(self.path),
            "pid-file": str(self.directory / "pid"),
            "innodb-flush-log-at-trx-commit": "2",
            "innodb-flush-method": "nosync",
            "innodb-buffer-pool-size": "16M",
            "innodb-log-file-size": "8M",
            "performance-schema": "OFF",
            "skip-log-bin": "1",
            "skip-name-resolve": "1",
            "init-file": str(self.directory / "init.sql"),
            **{name.replace("_", "-"): value for name, value in options.items()},
        }
        self._initialize()
        self.start()

    def _initialize(self) -> None:
        statements = [
            f"CREATE DATABASE IF NOT EXISTS {USER} CHARACTER SET utf8mb4;",
            f"CREATE OR REPLACE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}';",
            f"CREATE OR REPLACE USER {USER}@localhost IDENTIFIED BY '{PASSWORD}';",
            f"GRANT ALL ON *.* TO {USER}@'%';",
            f"GRANT ALL ON *.* TO {USER}@localhost;",
        ]
        init = self.directory / "init.sql"
        init.write_text("\n".join(statements) + "\n", encoding="utf-8")
        words = [find_program("mariadb-install-db", "mysql_install_db"), "--no-defaults"]
        words += [f"--datadir={self.directory / 'data'}", "--skip-test-db"]
        words += ["--auth-root-authentication-method=normal", "--skip-name-resolve"]
        with (self.directory / "log").open("ab") as log:
            subprocess.run(  # noqa: S603 -- a program that the test has found
                words,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=True,
                user=unprivileged(),
                extra_groups=[] if unprivileged() else None,
            )

    def start(self) -> None:
        """Start it, also again on the same port, and wait until it answers."""
        words = [find_program("mariadbd", "mysqld"), "--no-defaults"]
        words += [f"--{name}={value}" for name, value in self._options.items()]
        before = self.said().count("ready for connections")
        self.launch(words)
        until(
            "MariaDB that answers",
            lambda: self.alive() and self.said().count("ready for connections") > before,
        )
