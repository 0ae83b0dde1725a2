"""Unix sockets: new, stale, alive, and things that are no socket."""

import errno
import os
import socket
from pathlib import Path
from typing import NoReturn

import pytest
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import ServerFactory
from twisted.internet.testing import MemoryReactorClock

from cyclone_core import autoreload
from cyclone_core.cli.binding_unix import UnixBinding
from cyclone_core.cli.problems import ApplicationProblem, PortInUse

FACTORY = ServerFactory()


class RefusingReactor(MemoryReactorClock):
    """A reactor whose unix sockets cannot be made.

    Args:
        error: What the system says.
    """

    def __init__(self, error: OSError) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.error = error

    def listenUNIX(self, address: str, *_: object) -> NoReturn:  # noqa: N802 -- Twisted's name
        """Refuse."""
        raise CannotListenError("", address, self.error)


def leave_behind(path: str) -> None:
    """Make a socket as a killed process leaves it."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)


def test_a_new_socket_is_opened_and_announced(short_path: str) -> None:
    """A free path is handed to the reactor; the line shows how to try it."""
    reactor = MemoryReactorClock()
    binding = UnixBinding(FACTORY, short_path)
    binding.probe()
    port = binding.listen(reactor)
    assert reactor.unixServers[0][:2] == (short_path, FACTORY)
    line = f"The unix socket answers: curl --unix-socket {short_path} http://localhost/"
    assert binding.announce(port) == line


def test_a_stale_socket_is_replaced_but_not_by_a_probe(short_path: str) -> None:
    """Nobody answers on it: probe() finds the path free, listen() removes the socket."""
    leave_behind(short_path)
    binding = UnixBinding(FACTORY, short_path)
    binding.probe()
    assert Path(short_path).exists()
    binding.listen(MemoryReactorClock())
    assert not Path(short_path).exists()


def test_a_living_socket_is_in_use(short_path: str) -> None:
    """Somebody accepts connections there: probe() and listen() leave it alone."""
    binding = UnixBinding(FACTORY, short_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(short_path)
        server.listen()
        with pytest.raises(PortInUse, match=r"already in use by another process"):
            binding.probe()
        with pytest.raises(PortInUse, match=r"already in use by another process"):
            binding.listen(MemoryReactorClock())
    assert Path(short_path).exists()


def test_a_busy_server_is_in_use_too(short_path: str) -> None:
    """A queue that is full does not make the start wait, nor take the socket away."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(short_path)
        server.listen(0)
        with socket.socket(socket.AF_UNIX) as first:
            first.connect(short_path)
            with pytest.raises(PortInUse):
                UnixBinding(FACTORY, short_path).probe()


def test_a_file_is_never_deleted(short_path: str) -> None:
    """Whatever is no socket stays and is named."""
    Path(short_path).write_text("precious", encoding="utf-8")
    for attempt in (UnixBinding.probe, lambda binding: binding.listen(MemoryReactorClock())):
        with pytest.raises(ApplicationProblem, match=r"no socket, so it is left alone"):
            attempt(UnixBinding(FACTORY, short_path))
    assert Path(short_path).read_text(encoding="utf-8") == "precious"


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    """probe() says which directory is missing; a file in its place counts as missing."""
    path = tmp_path / "none" / "web.sock"
    with pytest.raises(ApplicationProblem, match=f"{tmp_path}/none is no directory"):
        UnixBinding(FACTORY, str(path)).probe()
    (tmp_path / "none").write_text("", encoding="utf-8")
    with pytest.raises(ApplicationProblem, match="is no directory"):
        UnixBinding(FACTORY, str(path)).probe()


def test_a_directory_without_rights_is_refused(
    short_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """probe() asks the system whether a socket may be made; root, who may always, is told no."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ApplicationProblem, match="may not be used by this user"):
        UnixBinding(FACTORY, short_path).probe()


def test_a_socket_of_somebody_else_is_refused(
    short_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A socket that this user may not even connect to is neither free nor stale."""
    leave_behind(short_path)

    class Forbidden(socket.socket):
        def connect(self, _: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "socket", Forbidden)
    with pytest.raises(ApplicationProblem, match="may not be used by this user"):
        UnixBinding(FACTORY, short_path).probe()
    assert Path(short_path).exists()


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (OSError(errno.EADDRINUSE, ""), PortInUse, "already in use by another process"),
        (FileNotFoundError(errno.ENOENT, ""), ApplicationProblem, "is no directory"),
        (OSError("AF_UNIX path too long"), ApplicationProblem, "made: AF_UNIX path too long"),
    ],
)
def test_what_the_system_refuses_is_told(
    short_path: str, error: OSError, kind: type[Exception], told: str
) -> None:
    """listen() turns the error of bind() into a line, also when the path was free before."""
    with pytest.raises(kind, match=told):
        UnixBinding(FACTORY, short_path).listen(RefusingReactor(error))


def test_a_socket_that_cannot_be_removed_is_told(
    short_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """listen() reports it when the stale socket of another user may not be unlinked."""
    leave_behind(short_path)

    def forbidden(_: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", forbidden)
        with pytest.raises(ApplicationProblem, match="may not be used by this user"):
            UnixBinding(FACTORY, short_path).listen(MemoryReactorClock())


def test_the_socket_of_the_program_before_is_ours(
    short_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that was started again is not kept from its own socket, which is open still."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(short_path)
        server.listen()
        monkeypatch.setattr(autoreload, "inherits", lambda path: path == short_path)
        UnixBinding(FACTORY, short_path).probe()
