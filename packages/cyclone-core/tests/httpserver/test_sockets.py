"""Binding sockets."""

import errno
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cyclone_core import autoreload
from cyclone_core.autoreload.sockets import KeptSockets
from cyclone_core.httpserver import bind_sockets, bind_unix_socket
from cyclone_core.httpserver.sockets import asked_for

LOCAL = "127.0.0.1"


@pytest.fixture
def opened() -> Iterator[list[socket.socket]]:
    """Sockets that are closed behind the test."""
    sockets: list[socket.socket] = []
    yield sockets
    for each in sockets:
        each.close()


def number(listener: socket.socket) -> int:
    """The port of a socket."""
    found: int = listener.getsockname()[1]
    return found


def test_one_address(opened: list[socket.socket]) -> None:
    """One address has one socket, which listens and does not block."""
    opened += bind_sockets(0, LOCAL)
    (listener,) = opened
    assert listener.getsockname()[0] == LOCAL
    assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    assert not listener.getblocking()
    assert not listener.get_inheritable()
    with pytest.raises(BlockingIOError):
        listener.accept()
    assert asked_for(listener) == (LOCAL, 0)


@pytest.mark.parametrize("address", [None, ""])
def test_all_addresses(opened: list[socket.socket], address: str | None) -> None:
    """By default it is every address, IPv4 and IPv6, on one port."""
    opened += bind_sockets(0, address)
    assert [each.getsockname()[0] for each in opened] == ["0.0.0.0", "::"]  # noqa: S104 -- to compare
    assert len({number(each) for each in opened}) == 1
    assert [asked_for(each)[1] for each in opened] == [0, number(opened[0])]


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_family(opened: list[socket.socket], family: int) -> None:
    """It can be one of the two only, and then the other one is free."""
    opened += bind_sockets(0, family=family)
    assert [each.family for each in opened] == [family]
    other = {socket.AF_INET, socket.AF_INET6} - {family}
    opened += bind_sockets(number(opened[0]), family=other.pop())


def test_no_ipv6(opened: list[socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python without IPv6 is content with IPv4."""
    monkeypatch.setattr(socket, "has_ipv6", False)
    opened += bind_sockets(0)
    assert [each.family for each in opened] == [socket.AF_INET]


def test_host_name(opened: list[socket.socket]) -> None:
    """A name stands for all of its addresses."""
    opened += bind_sockets(0, "localhost")
    assert {each.getsockname()[0] for each in opened} <= {LOCAL, "::1"}


def test_flags(opened: list[socket.socket]) -> None:
    """`getaddrinfo` gets other flags if it is told."""
    with pytest.raises(OSError, match="localhost"):
        bind_sockets(0, "localhost", flags=socket.AI_NUMERICHOST)
    opened += bind_sockets(0, LOCAL, flags=socket.AI_NUMERICHOST)


def test_backlog(opened: list[socket.socket]) -> None:
    """So many clients may wait."""
    opened += bind_sockets(0, LOCAL, backlog=1)
    for _ in range(2):  # Linux lets one more wait
        opened.append(socket.create_connection(opened[0].getsockname(), 5))
    with socket.socket() as late:
        late.setblocking(False)
        assert late.connect_ex(opened[0].getsockname()) == errno.EINPROGRESS


def test_reuse_port(opened: list[socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    """Several processes may share a port, where the system can."""
    opened += bind_sockets(0, LOCAL, reuse_port=True)
    opened += bind_sockets(number(opened[0]), LOCAL, reuse_port=True)
    monkeypatch.delattr(socket, "SO_REUSEPORT")
    with pytest.raises(ValueError, match="SO_REUSEPORT"):
        bind_sockets(0, LOCAL, reuse_port=True)


def test_port_as_text(opened: list[socket.socket]) -> None:
    """Environment variables have numbers as text."""
    opened += bind_sockets("0", LOCAL)


@pytest.mark.parametrize("port", [-1, 65536, True, 80.0, None, "http", "-1", "\u0661"])
def test_no_port(port: object) -> None:
    """What is no port number is refused with its value."""
    with pytest.raises(ValueError, match="a port is a number from 0 to 65535, not"):
        bind_sockets(port)  # type: ignore[arg-type]


class TestProblems:
    """What the system refuses."""

    def test_in_use(self, opened: list[socket.socket]) -> None:
        """A port that is taken is named, with what to do; nothing is left open."""
        opened += bind_sockets(0, family=socket.AF_INET6)
        with pytest.raises(OSError, match=r"port \d+ on all addresses is already in use") as caught:
            bind_sockets(number(opened[0]))
        assert caught.value.errno == errno.EADDRINUSE
        assert "reuse_port" in str(caught.value)
        opened += bind_sockets(number(opened[0]), LOCAL)

    def test_no_address_of_ours(self) -> None:
        """An address that this machine has not is named."""
        with pytest.raises(OSError, match=r"no address 192\.0\.2\.1") as caught:
            bind_sockets(0, "192.0.2.1")
        assert caught.value.errno == errno.EADDRNOTAVAIL
        with pytest.raises(OSError, match="no address 2001:db8::1"):
            bind_sockets(0, "2001:db8::1")

    def test_unknown_name(self) -> None:
        """So is a name that nobody knows."""
        with pytest.raises(socket.gaierror, match=r"nobody\.invalid"):
            bind_sockets(0, "nobody.invalid")

    @pytest.mark.parametrize(
        ("number", "port", "kind", "message"),
        [
            (errno.EACCES, 80, PermissionError, "from 1024 on"),
            (errno.EACCES, 8080, OSError, "cannot be opened: Permission denied"),
            (errno.EMFILE, 0, OSError, "cannot be opened: Too many open files"),
        ],
    )
    def test_others(
        self,
        monkeypatch: pytest.MonkeyPatch,
        number: int,
        port: int,
        kind: type[OSError],
        message: str,
    ) -> None:
        """Whatever else it is keeps its number."""

        class Refusing(socket.socket):
            def bind(self, _: object) -> None:
                raise OSError(number, os.strerror(number))

        monkeypatch.setattr(socket, "socket", Refusing)
        with pytest.raises(kind, match=message) as caught:
            bind_sockets(port, LOCAL)
        assert caught.value.errno == number

    def test_no_socket(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A kernel without IPv6 is no problem as long as IPv4 is wanted, too."""
        original = socket.socket

        def make(family: int, *args: int) -> socket.socket:
            if family == socket.AF_INET6:
                raise OSError(errno.EAFNOSUPPORT, "no IPv6")
            return original(family, *args)

        monkeypatch.setattr(socket, "socket", make)
        sockets = bind_sockets(0)
        assert [each.family for each in sockets] == [socket.AF_INET]
        sockets[0].close()
        with pytest.raises(OSError, match="no address ::1"):
            bind_sockets(0, "::1")


def test_platforms(opened: list[socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows SO_REUSEADDR would let anybody take the port over."""
    opened += bind_sockets(0, LOCAL)
    assert opened[0].getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
    with monkeypatch.context() as patched:
        patched.setattr(os, "name", "nt")
        opened += bind_sockets(0, LOCAL)
    assert not opened[1].getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)


def test_of_the_program_before(
    opened: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that was started again gets the socket that is still open, with who waits there."""
    before = socket.create_server((LOCAL, 0))
    kept = KeptSockets([(os.dup(before.fileno()), LOCAL, number(before))])
    monkeypatch.setattr(autoreload._process, "sockets", kept)
    with before, socket.create_connection(before.getsockname()):
        opened += bind_sockets(number(before), LOCAL)
        assert asked_for(opened[0]) == (LOCAL, number(before))
        opened[0].accept()[0].close()
        assert not opened[0].getblocking()
    kept.release()


def test_asked_for_of_others() -> None:
    """A socket that was bound elsewhere has asked for what it has."""
    with socket.create_server((LOCAL, 0)) as server:
        assert asked_for(server) == server.getsockname()


class TestUnix:
    """Unix sockets."""

    def test_path(self, opened: list[socket.socket], tmp_path: Path) -> None:
        """It listens, and only its owner may connect."""
        path = str(tmp_path / "s")
        opened.append(bind_unix_socket(path))
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600  # noqa: PTH116 -- a text
        assert not opened[0].getblocking()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)

    def test_mode(self, opened: list[socket.socket], tmp_path: Path) -> None:
        """Others may, if it is said so; a socket that stands there is removed."""
        path = str(tmp_path / "s")
        opened.append(bind_unix_socket(path))
        opened.append(bind_unix_socket(path, mode=0o660))
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o660  # noqa: PTH116 -- a text

    def test_abstract(self, opened: list[socket.socket]) -> None:
        """An abstract name has no file."""
        name = f"\0cyclone-test-{os.getpid()}"
        opened.append(bind_unix_socket(name))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(name)

    def test_something_else(self, tmp_path: Path) -> None:
        """A file that is no socket is left alone."""
        path = tmp_path / "s"
        path.write_text("precious")
        with pytest.raises(ValueError, match="no socket, so it is left alone"):
            bind_unix_socket(str(path))
        assert path.read_text() == "precious"
