"""TCP ports, plain and with TLS."""

import errno
import ipaddress
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twisted.internet.abstract import isIPv6Address
from twisted.internet.error import CannotListenError

from cyclone_core.cli.problems import ApplicationProblem, PortInUse, Problem, one_line
from cyclone_core.tls import TLSError, server_context_factory

if TYPE_CHECKING:
    from twisted.internet.interfaces import IProtocolFactory

    from cyclone_core.cli.bindings import OpenPort, Reactor
    from cyclone_core.tls import ServerContextFactory

__all__ = ["TCPBinding", "TLSBinding"]

_FIRST_UNPRIVILEGED_PORT = 1024
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class TCPBinding:
    """HTTP on a TCP port.

    Attributes:
        factory: What answers.
        port: Port number, 0 for any free one.
        interface: An address of this machine; empty for all.
    """

    factory: "IProtocolFactory"
    port: int
    interface: str

    def probe(self) -> None:
        """Bind and close again.

        Raises:
            PortInUse: If another process listens there.
            ApplicationProblem: If this machine or this user may not.
        """
        _probe_tcp(self.port, self.interface, "")

    def listen(self, reactor: "Reactor") -> "OpenPort":
        """Open the port.

        Args:
            reactor: An `IReactorTCP`.

        Returns:
            The open port.

        Raises:
            PortInUse: If another process listens there.
            ApplicationProblem: If this machine or this user may not.
        """
        try:
            port = reactor.listenTCP(self.port, self.factory, interface=self.interface)
        except CannotListenError as error:
            raise _tcp_problem(error.socketError, self.port, self.interface, "") from None
        return port

    def announce(self, port: "OpenPort") -> str:
        """Say where it answers.

        Args:
            port: What `listen` returned.

        Returns:
            One line with a URL.
        """
        return _announce_tcp("http", self.interface, port, "")


@dataclass(frozen=True, slots=True)
class TLSBinding:
    """HTTPS on a TCP port.

    Attributes:
        factory: What answers.
        port: Port number, 0 for any free one.
        interface: An address of this machine; empty for all.
        key: Path of the private key file.
        certificate: Path of the certificate file.
    """

    factory: "IProtocolFactory"
    port: int
    interface: str
    key: str
    certificate: str
    _contexts: "list[ServerContextFactory]" = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    def probe(self) -> None:
        """Read the two files, bind and close again.

        Raises:
            PortInUse: If another process listens there.
            ApplicationProblem: If a file cannot be used, or this machine or user may not.
        """
        self._context()
        _probe_tcp(self.port, self.interface, "ssl-")

    def listen(self, reactor: "Reactor") -> "OpenPort":
        """Read the two files and open the port.

        Args:
            reactor: An `IReactorSSL`.

        Returns:
            The open port.

        Raises:
            PortInUse: If another process listens there.
            ApplicationProblem: If a file cannot be used, or this machine or user may not.
        """
        context = self._context()
        try:
            port = reactor.listenSSL(self.port, self.factory, context, interface=self.interface)
        except CannotListenError as error:
            raise _tcp_problem(error.socketError, self.port, self.interface, "ssl-") from None
        self._contexts.append(context)
        return port

    def reload(self) -> None:
        """Read the two files again, for new connections to the opened port.

        Raises:
            TLSError: If a file cannot be used; nothing has changed then.
        """
        for context in self._contexts:
            context.reload()

    def announce(self, port: "OpenPort") -> str:
        """Say where it answers.

        Args:
            port: What `listen` returned.

        Returns:
            One line with a URL.
        """
        return _announce_tcp("https", self.interface, port, "ssl-")

    def _context(self) -> "ServerContextFactory":
        try:
            return server_context_factory(self.key, self.certificate)
        except TLSError as error:
            raise ApplicationProblem(str(error)) from None


def _probe_tcp(port: int, interface: str, prefix: str) -> None:
    family = socket.AF_INET6 if isIPv6Address(interface) else socket.AF_INET
    try:
        address = socket.getaddrinfo(
            interface or None, port, family, socket.SOCK_STREAM, 0, socket.AI_PASSIVE
        )[0][4]
        with socket.socket(family, socket.SOCK_STREAM) as server:
            # As Twisted does: connections that linger from the last run do not keep a port.
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(address)
    except OSError as error:
        raise _tcp_problem(error, port, interface, prefix) from None


def _tcp_problem(error: object, port: int, interface: str, prefix: str) -> Problem:
    """Say why a port could not be opened.

    Args:
        error: What the socket raised.
        port: The port number.
        interface: The address.
        prefix: "ssl-" for the options of HTTPS, or "".
    """
    place = f"Port {port} on {interface or 'all addresses'}"
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        other = port + 1 if port < _LAST_PORT else port - 1
        return PortInUse(
            f"{place} is already in use. Stop the process that listens there, or choose another "
            f"port: --{prefix}port={other}"
        )
    if number == errno.EACCES and port < _FIRST_UNPRIVILEGED_PORT:
        return ApplicationProblem(
            f"{place} may not be opened by this user: start as root (twistd --uid=... gives the "
            f"rights up afterwards), or choose a port from {_FIRST_UNPRIVILEGED_PORT} on: "
            f"--{prefix}port=8888"
        )
    if number == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return ApplicationProblem(
            f"{place} cannot be opened: this machine has no address {interface}. --{prefix}listen "
            "takes one of its own addresses, 127.0.0.1 for this machine only, 0.0.0.0 for all."
        )
    return ApplicationProblem(f"{place} cannot be opened: {one_line(error)}")


def _announce_tcp(scheme: str, interface: str, port: "OpenPort", prefix: str) -> str:
    number = port.getHost().port
    address = _ip(interface)
    if address is None and interface not in {"", "localhost"}:
        return f"{scheme}://{interface}:{number}/ answers."
    if interface == "localhost" or (address is not None and address.is_loopback):
        shown = f"[{interface}]" if ":" in interface else interface
        everywhere = "::" if ":" in interface else "0.0.0.0"  # noqa: S104 -- advice, nothing is bound
        return (
            f"{scheme}://{shown}:{number}/ answers on this machine only; "
            f"--{prefix}listen={everywhere} opens it to others"
        )
    if address is None or address.is_unspecified:
        return f"{scheme}://localhost:{number}/ answers on every address of this machine"
    shown = f"[{interface}]" if ":" in interface else interface
    return f"{scheme}://{shown}:{number}/ answers to everyone who reaches that address"


def _ip(interface: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(interface)
    except ValueError:
        return None
