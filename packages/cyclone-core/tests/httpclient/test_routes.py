"""Routes: what of a request decides over its connection."""

import ssl
from pathlib import Path

import pytest
from twisted.internet.ssl import CertificateOptions, ClientContextFactory, optionsForClientTLS
from twisted.web.client import BrowserLikePolicyForHTTPS

from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httpclient.routes import Proxy, Route, TLSOptions, route_for
from cyclone_core.httpclient.tls_options import DEFAULT_TLS
from cyclone_core.httpclient.urls import parse_url

SECRET = "se cret"  # noqa: S105 -- nobody's
HTTP = parse_url("http://example.org/x")
HTTPS = parse_url("https://example.org/x")


def test_plain() -> None:
    """A request without options has the route of its origin."""
    assert route_for(HTTP) == Route("http", "example.org", 80)
    assert route_for(HTTPS) == Route("https", "example.org", 443, TLSOptions())
    assert route_for(parse_url("http://[::1]:8080/")) == Route("http", "::1", 8080)


def test_defaults_of_tornado() -> None:
    """The values that Tornado's requests have by default change nothing."""
    route = route_for(HTTPS, validate_cert=True, allow_ipv6=True, proxy_password="", proxy="")
    assert route == route_for(HTTPS)
    assert route_for(HTTPS, proxy_auth_mode="basic", network_interface="") == route


@pytest.mark.parametrize(
    "options",
    [
        {"proxy": "http://p.example:3128"},
        {"proxy": "http://u:a@p.example:3128"},
        {"proxy": "http://u:b@p.example:3128"},
        {"validate_cert": False},
        {"ca_certs": "root.pem"},
        {"client_cert": "a.pem"},
        {"client_cert": "a.pem", "client_key": "a.key"},
        {"ssl_options": CertificateOptions()},
        {"server_name": "other.example"},
        {"network_interface": "192.0.2.7"},
        {"allow_ipv6": False},
        {"unix_socket": "/run/x"},
    ],
)
def test_apart(options: dict[str, object]) -> None:
    """With any option that matters a route is another one, and equal to its like; it can be hashed."""
    route = route_for(HTTPS, **options)  # type: ignore[arg-type]
    others = [{}, {"proxy": "http://u:c@p.example:3128"}, {"server_name": "third.example"}]
    assert all(route != route_for(HTTPS, **other) for other in others)  # type: ignore[arg-type]
    assert {route: 1}[route_for(HTTPS, **options)] == 1  # type: ignore[arg-type]


def test_tls_and_http() -> None:
    """Options for TLS mean nothing where there is none, so that a client may have them for all."""
    options = {
        "ca_certs": "root.pem",
        "client_key": "a.key",
        "ssl_options": 5,
        "server_name": "x y",
    }
    assert route_for(HTTP, validate_cert=False, **options) == Route("http", "example.org", 80)  # type: ignore[arg-type]


def test_forwards() -> None:
    """A proxy reads http requests; https goes through a tunnel, where it cannot."""
    proxy = "http://p.example:3128"
    assert route_for(HTTP, proxy=proxy).forwards
    assert not route_for(HTTPS, proxy=proxy).forwards
    assert not route_for(HTTP).forwards


def test_authority() -> None:
    """Host and port, always both."""
    assert route_for(HTTPS).authority == "example.org:443"
    assert route_for(parse_url("http://[::1]/")).authority == "[::1]:80"


class TestProxy:
    """The options that name a proxy."""

    def test_parts(self) -> None:
        """Tornado's options are another way to say what the URL says."""
        whole = route_for(HTTP, proxy="http://me:se%20cret@p.example:3128")
        assert whole.proxy == Proxy("http", "p.example", 3128, "me", SECRET)
        assert whole == route_for(
            HTTP,
            proxy_host="p.example",
            proxy_port=3128,
            proxy_username="me",
            proxy_password=SECRET,
            proxy_auth_mode="basic",
        )

    def test_object(self) -> None:
        """A `Proxy` is taken as it is."""
        proxy = Proxy("http", "p.example", 3128)
        assert route_for(HTTP, proxy=proxy).proxy is proxy

    def test_name_apart(self) -> None:
        """Name and password may be given apart from the URL, in which others may read them."""
        route = route_for(HTTP, proxy="http://p:1", proxy_username="me", proxy_password=SECRET)
        assert route.proxy == Proxy("http", "p", 1, "me", SECRET)
        route = route_for(HTTP, proxy="http://p:1", proxy_username="me")
        assert route.proxy == Proxy("http", "p", 1, "me", "")

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"proxy_auth_mode": "digest"}, "proxy_auth_mode='digest' is not known here"),
            ({"proxy_port": 1}, "without proxy_host"),
            ({"proxy_username": "me"}, "without proxy_host"),
            ({"proxy_password": "x"}, "without proxy_host"),
            ({"proxy": "http://p", "proxy_host": "p"}, "both proxy and proxy_host"),
            ({"proxy": "http://p", "proxy_port": 1}, "both proxy and proxy_host"),
            ({"proxy": "http://p", "proxy_username": "a:b"}, "colon"),
            ({"proxy_host": "p"}, "needs proxy_port, a number"),
        ],
    )
    def test_impossible(self, options: dict[str, object], message: str) -> None:
        """What does not go together is refused."""
        with pytest.raises(InvalidRequest, match=message):
            route_for(HTTP, **options)  # type: ignore[arg-type]


class TestTLS:
    """The options that say who is trusted."""

    def test_paths(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Paths are absolute: the process may move, and a route must not become another one."""
        monkeypatch.chdir(tmp_path)
        route = route_for(
            HTTPS, ca_certs="root.pem", client_cert=Path("a.pem"), client_key="/b.key"
        )
        assert route.tls == TLSOptions(
            ca_certs=f"{tmp_path}/root.pem", client_cert=f"{tmp_path}/a.pem", client_key="/b.key"
        )

    def test_validation(self) -> None:
        """Whether a certificate is verified is one of the things that keep connections apart."""
        assert route_for(HTTPS, validate_cert=False).tls == TLSOptions(validate=False)

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("Other.Example.", "other.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("::1", "::1"),
            ("[0::1]", "::1"),
            ("127.0.0.1", "127.0.0.1"),
        ],
    )
    def test_names(self, name: str, expected: str) -> None:
        """The name of a server has the form that certificates have."""
        assert route_for(HTTPS, server_name=name).tls == TLSOptions(server_name=expected)

    def test_mapping(self) -> None:
        """Tornado's mapping is translated; it replaces the options that say the same."""
        options = {"certfile": "/a.pem", "keyfile": "/a.key", "ca_certs": Path("/root.pem")}
        route = route_for(HTTPS, ssl_options=options, ca_certs="/x", validate_cert=False)
        assert route.tls == TLSOptions(True, "/root.pem", "/a.pem", "/a.key")
        assert route_for(HTTPS, ssl_options={}).tls == DEFAULT_TLS
        route = route_for(HTTPS, ssl_options={"cert_reqs": ssl.CERT_NONE})
        assert route.tls == TLSOptions(validate=False)
        route = route_for(HTTPS, ssl_options={"ssl_version": ssl.PROTOCOL_TLS_CLIENT})
        assert route.tls == DEFAULT_TLS

    @pytest.mark.parametrize(
        "given",
        [
            CertificateOptions(),
            ClientContextFactory(),
            optionsForClientTLS("example.org"),
            BrowserLikePolicyForHTTPS(),
            type("Old", (), {"getContext": lambda _: None})(),
        ],
    )
    def test_twisted(self, given: object) -> None:
        """What Twisted has for it is taken as it is, in place of the files."""
        route = route_for(HTTPS, ssl_options=given, ca_certs="/x", client_key="/y")
        assert route.tls == TLSOptions(options=given)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"client_key": "a.key"}, "client_key needs client_cert"),
            ({"ssl_options": {"keyfile": "a.key"}}, "client_key needs client_cert"),
            ({"ssl_options": {"ciphers": "ALL"}}, "ciphers, .* or give what Twisted has"),
            ({"ssl_options": {"ssl_version": ssl.PROTOCOL_TLS_SERVER}}, "TLS 1.2 and newer"),
            ({"server_name": "a b"}, "server_name='a b' cannot be proved: .* no name"),
            ({"server_name": ""}, "server_name='' cannot be proved"),
        ],
    )
    def test_impossible(self, options: dict[str, object], message: str) -> None:
        """What cannot be had is refused, with what to do."""
        with pytest.raises(InvalidRequest, match=message):
            route_for(HTTPS, **options)  # type: ignore[arg-type]

    def test_context_of_python(self) -> None:
        """An `SSLContext`, which Tornado takes, is refused with what to give instead."""
        with pytest.raises(TypeError, match=r"which Twisted cannot use.*ca_certs.*IPolicyForHTTPS"):
            route_for(HTTPS, ssl_options=ssl.create_default_context())

    @pytest.mark.parametrize("value", ["root.pem", True, 5, []])
    def test_nonsense(self, value: object) -> None:
        """Something else is refused, too."""
        with pytest.raises(TypeError, match=r"is a mapping with certfile, .* or what Twisted has"):
            route_for(HTTPS, ssl_options=value)


class TestPlace:
    """The options that say where connections come from and go to."""

    @pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7"])
    def test_interface(self, address: str) -> None:
        """An address of ours may be chosen."""
        assert route_for(HTTP, network_interface=address).interface == address

    def test_names_of_interfaces(self) -> None:
        """The name of an interface is none, as in Tornado."""
        with pytest.raises(InvalidRequest, match="network_interface='eth0' is no IP address"):
            route_for(HTTP, network_interface="eth0")

    def test_socket(self) -> None:
        """A Unix socket takes the place of host and port, which remain for `Host` and TLS."""
        route = route_for(HTTPS, unix_socket=Path("/run/x"))
        assert route == Route("https", "example.org", 443, DEFAULT_TLS, unix_socket="/run/x")

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"unix_socket": ""}, "empty path"),
            ({"unix_socket": "/x", "proxy": "http://p"}, "leave out the proxy"),
            ({"unix_socket": "/x", "network_interface": "::1"}, "leave out the network_interface"),
        ],
    )
    def test_impossible_sockets(self, options: dict[str, object], message: str) -> None:
        """A socket needs no network."""
        with pytest.raises(InvalidRequest, match=message):
            route_for(HTTP, **options)  # type: ignore[arg-type]


def test_no_passwords_in_texts() -> None:
    """Routes are logged: the representation of one shows who asks, but not the proof."""
    route = route_for(HTTP, proxy="http://me:topsecret@[::1]:3128")
    assert "topsecret" not in f"{route} {route!r} {route.proxy}"
    assert "Proxy('http://me:***@[::1]:3128')" in repr(route)
    assert repr(Proxy("http", "p", 80)) == "Proxy('http://p:80')"
