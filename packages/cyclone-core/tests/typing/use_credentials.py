"""How programs use URLs and credentials of requests; read by type checkers only, never run."""

from typing import assert_type

from cyclone_core.errors import HTTPInputError
from cyclone_core.httpclient.authentication import DigestAuth, basic, bearer
from cyclone_core.httpclient.authentication.challenges import (
    Challenge,
    format_challenge,
    parse_credentials,
)
from cyclone_core.httpclient.authentication.digest import compute_response, hash_secret
from cyclone_core.httpclient.urls import (
    URL,
    UnsupportedScheme,
    join_query,
    parse_location,
    parse_url,
)
from cyclone_core.httputil import HTTPHeaders


def urls(headers: HTTPHeaders) -> None:
    """Where a request goes."""
    text = join_query("http://example.com/", {"q": "cat", "page": 2, "tag": ["a", "b"]})
    url = parse_url(join_query(text, [("r", 1.5)]))
    assert_type(url, URL)
    assert_type(url.origin, tuple[str, str, int])
    assert_type(url.password, str | None)
    try:
        assert_type(parse_location(headers["Location"], url), URL)
    except UnsupportedScheme as error:
        assert_type(error, UnsupportedScheme)


def client(headers: HTTPHeaders) -> None:
    """Who asks."""
    assert_type(basic("name", b"password"), str)
    assert_type(bearer("token"), str)
    auth = DigestAuth("name", "password")
    if auth.challenged(headers, "Proxy-Authenticate", attempts=0):
        assert_type(auth.authorization("POST", "/", None), str | None)
    auth.accepted(headers)
    auth.challenged(headers)  # type: ignore[call-arg]  # nobody forgets to count


def server(headers: HTTPHeaders, nonce: str) -> str | None:
    """What the other side makes of the same."""
    try:
        given = parse_credentials(headers["Authorization"])
    except HTTPInputError:
        return format_challenge("Digest", [("realm", "x"), ("nonce", nonce)])
    assert_type(given, Challenge)
    secret = hash_secret("SHA-256", "name", "x", "password")
    return compute_response("SHA-256", secret, "GET", given.parameters["uri"], nonce, qop="auth")
