"""`bind_unused_port`."""

import socket

import pytest

from cyclone_core.testing import bind_unused_port


def test_listens() -> None:
    """The socket listens on a port of the interface, and does not block."""
    sock, port = bind_unused_port()
    with sock, socket.create_connection(("127.0.0.1", port)) as client:
        assert not sock.getblocking()
        assert client.getpeername() == sock.getsockname() == ("127.0.0.1", port)


def test_reuse_port() -> None:
    """With `reuse_port` another socket may listen there; without it none may."""
    sock, port = bind_unused_port(reuse_port=True)
    with sock, socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", port))
    alone, port = bind_unused_port()
    with alone, socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))


def test_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address of another machine is refused, and so is what the system does not know."""
    with pytest.raises(OSError, match="assign requested address"):
        bind_unused_port(address="192.0.2.1")
    monkeypatch.delattr(socket, "SO_REUSEPORT")
    with pytest.raises(OSError, match="this system has no SO_REUSEPORT"):
        bind_unused_port(reuse_port=True)


def test_ipv6() -> None:
    """An address of IPv6 has a socket of IPv6."""
    try:
        sock, port = bind_unused_port(address="::1")
    except OSError as error:
        assert error.errno  # noqa: PT017 -- a machine without IPv6 says so itself
    else:
        with sock:
            assert sock.getsockname()[:2] == ("::1", port)
