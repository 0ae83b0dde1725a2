"""What a port may be told beside its limits."""

import ipaddress
from typing import Any

import pytest

from cyclone_core.httpserver import HTTPServer, ServerOptions
from cyclone_core.web import Application

from .conftest import respond

DEFAULTS = ServerOptions()


def test_defaults() -> None:
    """Nothing is believed, decoded or closed unless a setting says so."""
    assert not DEFAULTS.no_keep_alive
    assert not DEFAULTS.xheaders
    assert not DEFAULTS.decompress_request
    assert DEFAULTS.trusted_downstream == ()
    assert DEFAULTS.protocol is None


def test_settings() -> None:
    """An application's settings of these names are taken; `protocol` belongs to a port."""
    settings: dict[str, Any] = {"no_keep_alive": 1, "decompress_request": None, "protocol": "irc"}
    application = Application(xheaders=True, trusted_downstream=["10.0.0.0/8", "::1"], **settings)
    networks = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1"))
    assert application.options == ServerOptions(
        no_keep_alive=True, xheaders=True, trusted_downstream=networks
    )
    assert application.options.decompress_request is False


def test_port() -> None:
    """A port may differ from its application, and the application does not notice."""
    application = Application(xheaders=True)
    server = HTTPServer(application, protocol="https", max_parts=7)
    assert server.options == ServerOptions(xheaders=True, protocol="https")
    assert server.limits.max_parts == 7
    assert application.options.protocol is None
    assert HTTPServer(respond, no_keep_alive=True).options.no_keep_alive


@pytest.mark.parametrize("name", ["no_keep_alive", "xheaders", "decompress_request"])
@pytest.mark.parametrize("value", ["no", 2, [], object()])
def test_switches(name: str, value: object) -> None:
    """A text that says no would switch on what it names, so it is refused."""
    with pytest.raises(ValueError, match=f"setting '{name}' must be True or False, not "):
        ServerOptions.from_settings({name: value})


@pytest.mark.parametrize("value", ["HTTPS", "ftp", 1, ""])
def test_protocol(value: object) -> None:
    """A URL begins with one of two protocols."""
    with pytest.raises(ValueError, match="setting 'protocol' must be 'http', 'https' or None"):
        ServerOptions(protocol=value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["10.0.0.1", b"10", 7])
def test_one_network_is_no_list(value: object) -> None:
    """A text is a list of letters, none of which is an address."""
    with pytest.raises(ValueError, match="'trusted_downstream' must be a list of addresses and"):
        ServerOptions.from_settings({"trusted_downstream": value})


@pytest.mark.parametrize("value", ["proxy.example.org", "10.0.0.1/8", "10.0.0.0/33", "", None])
def test_networks(value: object) -> None:
    """Names are not looked up, and an address with bits behind its mask is a slip."""
    with pytest.raises(ValueError, match="setting 'trusted_downstream' holds what is no address"):
        ServerOptions.from_settings({"trusted_downstream": (value,)})


@pytest.mark.parametrize("value", [True, 167772160, b"\x0a\0\0\1", 1.0, ("10.0.0.0", 8)])
def test_what_python_would_take_for_a_network(value: object) -> None:
    """A number is an address to `ipaddress`; in a setting it is a slip that would trust a stranger."""
    with pytest.raises(
        ValueError, match=r"'trusted_downstream' holds .*, which is neither text nor"
    ):
        ServerOptions.from_settings({"trusted_downstream": [value]})


@pytest.mark.parametrize("text", ["10.0.0.1", "::1"])
def test_objects(text: str) -> None:
    """Addresses and networks may be objects."""
    network = ipaddress.ip_network(text)
    for value in (ipaddress.ip_address(text), network, text):
        options = ServerOptions.from_settings({"trusted_downstream": [value]})
        assert options.trusted_downstream == (network,)


def test_no_networks() -> None:
    """None is no network, as in Tornado."""
    assert ServerOptions(trusted_downstream=None).trusted_downstream == ()  # type: ignore[arg-type]
