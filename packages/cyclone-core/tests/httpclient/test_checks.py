"""Values of options: wrong ones are refused where they are given."""

import contextlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httpclient import AsyncHTTPClient, HTTPClient, HTTPRequest, InvalidRequest, fetch
from cyclone_core.httpclient.request import RequestOptions

from .asking import URL, Clients
from .network import Network

FLAGS = (
    "allow_ipv6",
    "allow_nonstandard_methods",
    "decompress_response",
    "follow_redirects",
    "validate_cert",
)
BOUNDS = ("connect_timeout", "idle_timeout", "request_timeout")
PATHS = ("ca_certs", "client_cert", "client_key", "unix_socket")
TEXTS = ("auth_username", "auth_password", "server_name", "user_agent")
CALLBACKS = ("body_producer", "header_callback", "streaming_callback")

WRONG_TYPES = [
    *((name, value) for name in FLAGS for value in ("no", 0, 1.0)),
    *((name, value) for name in BOUNDS for value in ("5", True, [5])),
    *((name, value) for name in PATHS for value in (5, b"path")),
    *((name, value) for name in TEXTS for value in (5, b"me")),
    *(("max_redirects", value) for value in ("x", 2.5, True)),
    ("auth_mode", 5),
]
WRONG_VALUES = [
    *((name, value) for name in BOUNDS for value in (-1, -0.5, math.nan, math.inf)),
    ("max_redirects", -1),
    ("auth_mode", "x"),
]
RIGHT = [
    *((name, value) for name in FLAGS for value in (True, False, None)),
    *((name, value) for name in BOUNDS for value in (0, 0.5, 5, None)),
    *((name, value) for name in PATHS for value in ("path", Path("path"), None)),
    *((name, value) for name in TEXTS for value in ("text", "", None)),
    ("max_redirects", 0),
    ("proxy", "http://127.0.0.9:3128"),
    ("auth_mode", "digest"),
]
# Those that clients have an argument of their own for, or none.
OF_REQUESTS = [
    *((name, value) for name in CALLBACKS for value in (5, "print")),
    ("expect_100_continue", "yes"),
    ("max_body_size", "5"),
    ("max_body_size", 2.5),
]
OF_CLIENTS = [
    *((name, value) for name in ("max_clients", "max_header_size") for value in ("5", 2.5, True)),
    ("idle_connection_timeout", "5"),
    ("max_body_size", "5"),
    ("max_idle_connections", 2.5),
]

MAKERS: list[Callable[[Any, dict[str, Any]], object]] = [
    lambda reactor, options: HTTPClient(reactor=reactor, **options),
    lambda reactor, options: AsyncHTTPClient(reactor=reactor, defaults=options),
]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(("name", "value"), WRONG_TYPES)
def test_default_of_another_type(
    network: Network, make: Callable[..., object], name: str, value: object
) -> None:
    """A default of another type is refused when the client is made."""
    with pytest.raises(TypeError, match=f"^{name} is "):
        make(network.reactor, {name: value})


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(("name", "value"), WRONG_VALUES)
def test_default_out_of_range(
    network: Network, make: Callable[..., object], name: str, value: object
) -> None:
    """So is one that is out of range."""
    with pytest.raises(ValueError, match=f"^{name} is .*, not {value!r}$"):
        make(network.reactor, {name: value})


@pytest.mark.parametrize(("name", "value"), [*WRONG_TYPES, *OF_REQUESTS])
def test_option_of_another_type(
    client: AsyncHTTPClient, network: Network, name: str, value: object
) -> None:
    """An option of a request is refused before anything is asked, whoever makes the request."""
    options: dict[str, Any] = {name: value}
    with pytest.raises(TypeError, match=f"^{name} is "):
        HTTPRequest(URL, **options)
    with pytest.raises(TypeError, match=f"^{name} is "):
        client.fetch(URL, **options)
    with pytest.raises(TypeError, match=f"^{name} is "):
        fetch(URL, reactor=network.reactor, **options)
    assert network.attempts == 0


@pytest.mark.parametrize(
    ("name", "value"), [*WRONG_VALUES, ("max_body_size", -5), ("max_body_size", 0)]
)
def test_option_out_of_range(client: AsyncHTTPClient, name: str, value: object) -> None:
    """A value that no request can have is a ValueError."""
    options: dict[str, Any] = {name: value}
    with pytest.raises(InvalidRequest, match=f"^{name} is .*, not {value!r}$"):
        client.fetch(URL, **options)


@pytest.mark.parametrize(("name", "value"), OF_CLIENTS)
def test_argument_of_another_type(network: Network, name: str, value: object) -> None:
    """So it is with what clients have arguments for."""
    options: dict[str, Any] = {name: value}
    with pytest.raises(TypeError, match=f"^{name} is "):
        HTTPClient(reactor=network.reactor, **options)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_clients", 0),
        ("max_body_size", 0),
        ("max_header_size", -1),
        ("max_idle_connections", -1),
        ("idle_connection_timeout", 0),
        ("idle_connection_timeout", math.inf),
    ],
)
def test_argument_out_of_range(network: Network, name: str, value: object) -> None:
    """And with the range."""
    options: dict[str, Any] = {name: value}
    with pytest.raises(ValueError, match=f"^{name} is .*, not {value!r}$"):
        HTTPClient(reactor=network.reactor, **options)


@pytest.mark.parametrize(("name", "value"), RIGHT)
def test_right(clients: Clients, name: str, value: object) -> None:
    """What is right is taken by all of them, and None always is."""
    options: dict[str, Any] = {name: value}
    assert getattr(HTTPRequest(URL, **options), name) == value
    assert clients.tornado(defaults=options).defaults.get(name) == (
        clients.tornado().defaults.get(name) if value is None else value
    )


@pytest.mark.parametrize("name", CALLBACKS)
def test_callbacks(name: str) -> None:
    """Whatever can be called is a function."""
    options: dict[str, Any] = {name: print}
    assert getattr(HTTPRequest(URL, **options), name) is print


def test_no_credentials_are_shown(network: Network) -> None:
    """Somebody's name or password stays out of messages; what is long is cut."""
    for name in ("auth_username", "auth_password"):
        with pytest.raises(TypeError) as caught:
            HTTPClient(reactor=network.reactor, **{name: b"s3cr3t"})
        assert str(caught.value) == f"{name} is text, not bytes"
    with pytest.raises(TypeError) as caught:
        HTTPClient(reactor=network.reactor, request_timeout="x" * 1000)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("when", [math.inf, math.nan, 6.8e16, 1e300, 10**30])
def test_no_date(when: float) -> None:
    """A date that no calendar has is refused as what it is."""
    with pytest.raises(InvalidRequest, match=r"^if_modified_since is .*, not "):
        HTTPRequest(URL, if_modified_since=when)


def test_older_name() -> None:
    """`use_gzip` is checked as what it is an older name of."""
    options: dict[str, Any] = {"use_gzip": "yes"}
    with pytest.raises(TypeError, match=r"^decompress_response is True or False, not 'yes'$"):
        HTTPRequest(URL, **options)


@given(
    st.sampled_from(sorted(RequestOptions.__annotations__)),
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.just([])
    ),
)
def test_nothing_else_is_raised(name: str, value: object) -> None:
    """Whatever is given: it is taken, or refused as a type or a value."""
    options: dict[str, Any] = {name: value}
    with contextlib.suppress(TypeError, ValueError):
        assert HTTPRequest(URL, **options).url == URL
