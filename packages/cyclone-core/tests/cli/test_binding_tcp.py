"""TCP and TLS ports: free, taken, forbidden, and how they are announced."""

import errno
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import ServerFactory
from twisted.internet.testing import MemoryReactorClock

from cyclone_core.cli.binding_tcp import TCPBinding, TLSBinding
from cyclone_core.cli.problems import ApplicationProblem, PortInUse, Problem
from cyclone_core.tls import server_context_factory

FACTORY = ServerFactory()


class RefusingReactor(MemoryReactorClock):
    """A reactor whose ports cannot be opened.

    Args:
        error: What the system says.
    """

    def __init__(self, error: OSError) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.error = error

    def listenTCP(self, port: int, *_: object, interface: str = "") -> NoReturn:  # noqa: N802 -- Twisted's name
        """Refuse."""
        raise CannotListenError(interface, port, self.error)

    def listenSSL(self, port: int, *_: object, interface: str = "") -> NoReturn:  # noqa: N802 -- Twisted's name
        """Refuse."""
        raise CannotListenError(interface, port, self.error)


@pytest.fixture
def pair(certificate: Callable[..., tuple[Path, Path]]) -> tuple[str, str]:
    """The paths of a key and its certificate."""
    key, crt = certificate()
    return str(key), str(crt)


def refusal(error: OSError, port: int = 8888, interface: str = "127.0.0.1") -> Problem:
    """Return the problem that an error of the system becomes."""
    with pytest.raises(Problem) as caught:
        TCPBinding(FACTORY, port, interface).listen(RefusingReactor(error))
    return caught.value


def test_a_port_is_opened_on_its_interface() -> None:
    """listen() asks the reactor for port and interface."""
    reactor = MemoryReactorClock()
    TCPBinding(FACTORY, 8888, "127.0.0.1").listen(reactor)
    assert reactor.tcpServers == [(8888, FACTORY, 50, "127.0.0.1")]


def test_a_tls_port_is_opened_with_its_keys(pair: tuple[str, str]) -> None:
    """listen() reads the two files and hands the reactor a context."""
    reactor = MemoryReactorClock()
    TLSBinding(FACTORY, 8443, "127.0.0.1", *pair).listen(reactor)
    (port, factory, context, _, interface) = reactor.sslServers[0]
    assert (port, factory, interface) == (8443, FACTORY, "127.0.0.1")
    assert type(context) is type(server_context_factory(*pair))


def test_a_taken_port_is_port_in_use() -> None:
    """The line names port and address and another port to try."""
    problem = refusal(OSError(errno.EADDRINUSE, ""))
    assert isinstance(problem, PortInUse)
    assert str(problem) == (
        "Port 8888 on 127.0.0.1 is already in use. Stop the process that listens there, or choose "
        "another port: --port=8889"
    )
    assert str(refusal(OSError(errno.EADDRINUSE, ""), 65535)).endswith("--port=65534")


def test_a_taken_tls_port_names_its_own_option(pair: tuple[str, str]) -> None:
    """HTTPS is moved by --ssl-port."""
    binding = TLSBinding(FACTORY, 8443, "", *pair)
    with pytest.raises(PortInUse, match=r"^Port 8443 on all addresses .* --ssl-port=8444$"):
        binding.listen(RefusingReactor(OSError(errno.EADDRINUSE, "")))


def test_a_low_port_needs_root() -> None:
    """Below 1024 the line says how root starts a server; above, the refusal is told as it is."""
    low = refusal(PermissionError(errno.EACCES, "Permission denied"), 80)
    assert isinstance(low, ApplicationProblem)
    assert "may not be opened by this user: start as root" in str(low)
    high = refusal(PermissionError(errno.EACCES, "Permission denied"), 8080)
    assert str(high) == "Port 8080 on 127.0.0.1 cannot be opened: [Errno 13] Permission denied"


@pytest.mark.parametrize("error", [OSError(errno.EADDRNOTAVAIL, ""), socket.gaierror(-2, "")])
def test_a_foreign_address_is_explained(error: OSError) -> None:
    """An address that this machine does not have, or a name that does not resolve."""
    problem = refusal(error, interface="192.0.2.1")
    assert isinstance(problem, ApplicationProblem)
    assert "this machine has no address 192.0.2.1. --listen takes" in str(problem)


def test_a_probe_leaves_a_free_port_free() -> None:
    """After probe() the port can be bound by somebody else, on IPv4, IPv6 and everywhere."""
    for interface in ("127.0.0.1", "localhost", "", "0.0.0.0"):  # noqa: S104 -- every form
        TCPBinding(FACTORY, 0, interface).probe()
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
    TCPBinding(FACTORY, number, "127.0.0.1").probe()
    socket.create_server(("127.0.0.1", number)).close()


def test_a_probe_meets_the_one_who_listens(taken: int, pair: tuple[str, str]) -> None:
    """Both kinds of port say that the port is in use."""
    with pytest.raises(PortInUse, match=f"--port={taken + 1}"):
        TCPBinding(FACTORY, taken, "127.0.0.1").probe()
    with pytest.raises(PortInUse, match=f"--ssl-port={taken + 1}"):
        TLSBinding(FACTORY, taken, "127.0.0.1", *pair).probe()


def test_a_probe_meets_a_foreign_address() -> None:
    """192.0.2.1 is reserved for documentation: no machine has it; ::1%bad is none at all."""
    with pytest.raises(ApplicationProblem, match=r"no address 192\.0\.2\.1"):
        TCPBinding(FACTORY, 0, "192.0.2.1").probe()
    with pytest.raises(ApplicationProblem, match=r"no address 2001:db8::1|cannot be opened"):
        TCPBinding(FACTORY, 0, "2001:db8::1").probe()


def test_unusable_keys_are_a_problem_of_the_application(tmp_path: Path) -> None:
    """probe() and listen() tell a missing file as tls.py tells it."""
    binding = TLSBinding(FACTORY, 0, "127.0.0.1", str(tmp_path / "k"), str(tmp_path / "c"))
    with pytest.raises(ApplicationProblem, match=r"certificate file .* cannot be read"):
        binding.probe()
    with pytest.raises(ApplicationProblem, match=r"certificate file .* cannot be read"):
        binding.listen(MemoryReactorClock())


@pytest.mark.parametrize(
    ("interface", "line"),
    [
        ("127.0.0.1", "http://127.0.0.1:8888/ answers on this machine only; --listen=0.0.0.0"),
        ("127.0.0.2", "http://127.0.0.2:8888/ answers on this machine only; --listen=0.0.0.0"),
        ("localhost", "http://localhost:8888/ answers on this machine only; --listen=0.0.0.0"),
        ("::1", "http://[::1]:8888/ answers on this machine only; --listen=:: opens"),
        ("", "http://localhost:8888/ answers on every address of this machine"),
        ("0.0.0.0", "http://localhost:8888/ answers on every address"),  # noqa: S104 -- a text
        ("::", "http://localhost:8888/ answers on every address of this machine"),
        ("192.0.2.1", "http://192.0.2.1:8888/ answers to everyone who reaches that address"),
        ("2001:db8::1", "http://[2001:db8::1]:8888/ answers to everyone who reaches"),
        ("host.example", "http://host.example:8888/ answers."),
    ],
)
def test_the_announcement_says_who_is_served(interface: str, line: str) -> None:
    """A URL that can be clicked, and how to open a local port to others."""
    reactor = MemoryReactorClock()
    binding = TCPBinding(FACTORY, 8888, interface)
    assert binding.announce(binding.listen(reactor)).startswith(line)


def test_https_is_announced_with_its_own_option(pair: tuple[str, str]) -> None:
    """The URL says https and the hint says --ssl-listen."""
    reactor = MemoryReactorClock()
    binding = TLSBinding(FACTORY, 8443, "127.0.0.1", *pair)
    assert binding.announce(binding.listen(reactor)) == (
        "https://127.0.0.1:8443/ answers on this machine only; --ssl-listen=0.0.0.0 opens it to "
        "others"
    )
