"""Where a request goes, and how: all that decides whether it may use a connection."""

from os import PathLike, fspath
from typing import TYPE_CHECKING, Final, NamedTuple

from twisted.internet.abstract import isIPAddress, isIPv6Address

from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httpclient.hosts import format_host
from cyclone_core.httpclient.proxies import Proxy, check_proxy, make_proxy, parse_proxy
from cyclone_core.httpclient.tls_options import DEFAULT_TLS, TLSOptions, make_tls_options

if TYPE_CHECKING:
    from cyclone_core.httpclient.urls import URL

__all__ = ["Proxy", "Route", "TLSOptions", "route_for"]


_NOTHING: Final = (None,) * 12
_YES: Final = (None, True)


class Route(NamedTuple):
    """Where a request goes, and how; made by `route_for`.

    Requests share a connection only if their routes are equal, so that no client certificate, trust
    or proxy password of one is used for another.

    Attributes:
        scheme: `http` or `https`.
        host: The server's name or address, without brackets.
        port: Its port.
        tls: How it is trusted; None without TLS.
        proxy: Who is asked instead of it.
        unix_socket: The path of a Unix socket that is connected to instead of host and port.
        interface: The address of ours that connections come from; None lets the system choose.
        ipv6: Whether IPv6 addresses are tried.
    """

    scheme: str
    host: str
    port: int
    tls: TLSOptions | None = None
    proxy: Proxy | None = None
    unix_socket: str | None = None
    interface: str | None = None
    ipv6: bool = True

    @property
    def forwards(self) -> bool:
        """Whether a proxy reads the requests.

        They have the absolute form (RFC 9112 section 3.2.2) then, and `Proxy-Authorization`. Through a
        tunnel, which is what https has, requests look as they do without a proxy.
        """
        return self.proxy is not None and self.tls is None

    @property
    def authority(self) -> str:
        """Host and port, also the scheme's own: what CONNECT asks for, and messages name."""
        return f"{format_host(self.host)}:{self.port}"


def route_for(
    url: "URL",
    *,
    proxy: str | Proxy | None = None,
    proxy_host: str | None = None,
    proxy_port: int | None = None,
    proxy_username: str | None = None,
    proxy_password: str | None = None,
    proxy_auth_mode: str | None = None,
    validate_cert: bool | None = None,
    ca_certs: str | PathLike[str] | None = None,
    client_key: str | PathLike[str] | None = None,
    client_cert: str | PathLike[str] | None = None,
    ssl_options: object | None = None,
    server_name: str | None = None,
    network_interface: str | None = None,
    allow_ipv6: bool | None = None,
    unix_socket: str | PathLike[str] | None = None,
) -> Route:
    """Find the route of a request, whose options are named as in Tornado's `HTTPRequest`.

    Args:
        url: What is asked for.
        proxy: A proxy as `http://user:password@host:port`; an empty text is none.
        proxy_host: The same in parts: its host.
        proxy_port: Its port.
        proxy_username: Who we are to the proxy.
        proxy_password: What proves that.
        proxy_auth_mode: How that is told to it: `basic`, which is the default.
        validate_cert: Whether the server's certificate is verified; by default it is.
        ca_certs: Path of the certificates, PEM, that are trusted instead of the system's.
        client_key: Path of the key, PEM, of `client_cert`, if it is not in the same file.
        client_cert: Path of the certificate and its chain, PEM, that shows who we are.
        ssl_options: A mapping with `certfile`, `keyfile`, `ca_certs` and `cert_reqs`; or what Twisted
            has: `IPolicyForHTTPS`, `CertificateOptions`, `IOpenSSLClientConnectionCreator`. It is
            used instead of the three paths.
        server_name: The name that the server is asked for (SNI) and has to prove; by default the host.
        network_interface: The address of ours that the connection comes from.
        allow_ipv6: Whether IPv6 addresses are tried; by default they are.
        unix_socket: The path of a Unix socket that is connected to instead of host and port.

    Returns:
        The route. What concerns TLS means nothing to http URLs, and is not looked at.

    Raises:
        InvalidRequest: An option is impossible, or does not go together with another one.
        TypeError: An option has a type that it cannot have.
    """
    scheme, host, port = url[:3]
    given = (
        proxy,
        proxy_host,
        proxy_port,
        proxy_username,
        proxy_auth_mode,
        ca_certs,
        client_key,
        client_cert,
        ssl_options,
        server_name,
        network_interface,
        unix_socket,
    )
    # Nearly all requests. An empty password is Tornado's default.
    if given == _NOTHING and not proxy_password and validate_cert in _YES and allow_ipv6 in _YES:
        return Route(scheme, host, port, DEFAULT_TLS if scheme == "https" else None)
    tls = None
    if scheme == "https":
        tls = make_tls_options(
            validate=validate_cert,
            ca_certs=ca_certs,
            client_cert=client_cert,
            client_key=client_key,
            ssl_options=ssl_options,
            server_name=server_name,
        )
    found = _proxy(proxy, proxy_host, proxy_port, proxy_username, proxy_password, proxy_auth_mode)
    interface = _interface(network_interface)
    path = _path(unix_socket, found, interface)
    return Route(scheme, host, port, tls, found, path, interface, allow_ipv6 is not False)


def _proxy(
    proxy: str | Proxy | None,
    host: str | None,
    port: int | None,
    username: str | None,
    password: str | None,
    mode: str | None,
) -> Proxy | None:
    if mode not in {None, "basic"}:
        raise InvalidRequest(f"proxy_auth_mode={mode!r} is not known here: proxies get 'basic'")
    if not proxy and not host:
        if port or username or password:
            raise InvalidRequest(
                "proxy_port, proxy_username or proxy_password is given without proxy_host: which proxy"
                " is it?"
            )
        return None
    if not proxy:
        return make_proxy(host or "", port, username, password)
    if host or port:
        raise InvalidRequest("both proxy and proxy_host or proxy_port are given: leave out one")
    found = proxy if isinstance(proxy, Proxy) else parse_proxy(proxy)
    if username:
        return check_proxy(found._replace(username=username, password=password or ""))
    return found


def _interface(address: str | None) -> str | None:
    if not address:
        return None
    if not isIPAddress(address) and not isIPv6Address(address):
        raise InvalidRequest(
            f"network_interface={address!r} is no IP address: give the address of the interface, as"
            " `ip address` shows it"
        )
    return address


def _path(
    unix_socket: str | PathLike[str] | None, proxy: Proxy | None, interface: str | None
) -> str | None:
    if unix_socket is None:
        return None
    path = fspath(unix_socket)
    if not path:
        raise InvalidRequest("unix_socket is an empty path: leave it out, or give the socket's")
    if proxy or interface:
        raise InvalidRequest(
            f"unix_socket={path!r} leads to one server, without network: leave out the"
            f" {'proxy' if proxy else 'network_interface'}"
        )
    return path
