"""What the pool needs of a database's driver, and which driver a URL asks for."""

import socket
from importlib import import_module
from types import ModuleType
from typing import Any, Protocol

from cyclone_storage.sql.errors import MissingDriver

__all__ = ["Attached", "Driver", "load"]


class Attached(Protocol):
    """Is told about the socket of a connection while it is being made."""

    def __call__(self, peer: socket.socket) -> None:
        """Keep a socket by which the connection can be watched and cut.

        Args:
            peer: A second handle of the connection's socket; it is the receiver's to close.
        """


class Driver(Protocol):
    """A driver, told how to connect; all its methods but `module` block, and run in threads.

    Attributes:
        shown: The database as it may be shown: without user and password.
    """

    @property
    def shown(self) -> str:
        """The database as it may be shown: without user and password."""

    @property
    def module(self) -> ModuleType:
        """The DB-API module."""

    def connect(self, attached: Attached) -> Any:  # noqa: ANN401 -- a driver's own class
        """Make a connection, on which each statement is a transaction of its own.

        Args:
            attached: Called with the socket, as early as there is one.
        """

    def closed(self, connection: Any) -> bool:  # noqa: ANN401 -- as above
        """Tell, without asking the server, whether a connection is known to be unusable."""

    def ping(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        """Ask the server for an answer; any exception means that there is none."""

    def single(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        """Make each statement a transaction of its own."""

    def several(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        """Make one transaction of all statements until `commit`, for a function that may commit too."""

    def begin(self, connection: Any, modes: str = "") -> None:  # noqa: ANN401 -- as above
        """Begin a transaction on the server, so that its end can be seen.

        Args:
            connection: The connection.
            modes: What `SET TRANSACTION` is to say of it.
        """

    def inside(self, connection: Any) -> bool:  # noqa: ANN401 -- as above
        """Tell, without asking the server, whether a transaction is open."""

    def unsettled(self, connection: Any) -> str | None:  # noqa: ANN401 -- as above
        """Tell, without asking the server, what would make others lose what they write.

        Returns:
            What was left behind; None if each statement is a transaction of its own.
        """

    def ask(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        """Learn after an error whether a transaction is still open, if the error does not tell."""

    def commit(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        """End it well.

        Raises:
            TransactionAborted: The server has given it up already.
        """


def load(name: str, extra: str, database: str) -> ModuleType:
    """Import a driver.

    Args:
        name: The module's name.
        extra: The extra of this package that brings it.
        database: What it is for.

    Raises:
        MissingDriver: It is not there; the message says how to get it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingDriver(
            f"{database} needs the module {name}, which cannot be imported ({error}): "
            f'pip install "cyclone-storage[{extra}]"',
            name=name,
        ) from error
