"""Unix sockets: a left-over one is replaced, a living one is in use, all else is left alone."""

import errno
import os
import socket
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from twisted.internet.error import CannotListenError

from cyclone_core import autoreload
from cyclone_core.cli.problems import ApplicationProblem, PortInUse, Problem, one_line

if TYPE_CHECKING:
    from twisted.internet.interfaces import IProtocolFactory

    from cyclone_core.cli.bindings import OpenPort, Reactor

__all__ = ["UnixBinding"]


@dataclass(frozen=True, slots=True)
class UnixBinding:
    """HTTP on a unix socket.

    Attributes:
        factory: What answers.
        path: Path of the socket; its directory must exist.
    """

    factory: "IProtocolFactory"
    path: str

    def probe(self) -> None:
        """See whether the path is free; a stale socket counts as free and stays.

        Raises:
            PortInUse: If a process answers on it.
            ApplicationProblem: If something else stands there, or the directory is missing.
        """
        self._is_stale()
        parent = Path(self.path).absolute().parent
        if not parent.is_dir():
            raise _unix_problem(FileNotFoundError(errno.ENOENT, ""), self.path)
        if not os.access(parent, os.W_OK | os.X_OK):
            raise _unix_problem(PermissionError(errno.EACCES, ""), self.path)

    def listen(self, reactor: "Reactor") -> "OpenPort":
        """Open the socket; one that a dead process left behind is replaced.

        Args:
            reactor: An `IReactorUNIX`.

        Returns:
            The open port.

        Raises:
            PortInUse: If a process answers on it.
            ApplicationProblem: If something else stands there, or the directory is no use.
        """
        try:
            if self._is_stale():
                Path(self.path).unlink()
            port = reactor.listenUNIX(self.path, self.factory)
        except CannotListenError as error:
            raise _unix_problem(error.socketError, self.path) from None
        except OSError as error:
            raise _unix_problem(error, self.path) from None
        return port

    def announce(self, port: "OpenPort") -> str:  # noqa: ARG002 -- the interface of all three
        """Say where it answers.

        Args:
            port: What `listen` returned.

        Returns:
            One line with a command that tries it.
        """
        return f"The unix socket answers: curl --unix-socket {self.path} http://localhost/"

    def _is_stale(self) -> bool:
        """Tell a left-over socket (True) from a free path (False); raise for all else."""
        if autoreload.inherits(self.path):
            return False  # it is ours: the program before, in this process, has listened on it
        try:
            mode = os.lstat(self.path).st_mode
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _unix_problem(error, self.path) from None
        if not stat.S_ISSOCK(mode):
            raise ApplicationProblem(
                f"{self.path} is there and no socket, so it is left alone: choose another path "
                "with --unix, or remove it yourself."
            )
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            # A server whose queue is full would keep a blocking connect waiting.
            client.setblocking(False)
            try:
                client.connect(self.path)
            except ConnectionRefusedError:
                return True
            except PermissionError as error:
                raise _unix_problem(error, self.path) from None
            except OSError:
                pass  # a full queue, or a datagram socket: somebody lives there
        raise PortInUse(
            f"The unix socket {self.path} is already in use by another process. Stop that one, or "
            "choose another path with --unix."
        )


def _unix_problem(error: object, path: str) -> Problem:
    """Say why a unix socket could not be opened."""
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return PortInUse(
            f"The unix socket {path} is already in use by another process. Choose another path "
            "with --unix."
        )
    if number in {errno.ENOENT, errno.ENOTDIR}:
        return ApplicationProblem(
            f"The unix socket {path} cannot be made: {Path(path).absolute().parent} is no "
            "directory. Make it, or choose another path with --unix."
        )
    if number in {errno.EACCES, errno.EPERM}:
        return ApplicationProblem(
            f"The unix socket {path} may not be used by this user. Choose another path with "
            "--unix, or change the rights of its directory."
        )
    return ApplicationProblem(f"The unix socket {path} cannot be made: {one_line(error)}")
