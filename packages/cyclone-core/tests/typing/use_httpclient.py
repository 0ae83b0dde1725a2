"""How programs ask servers; read by type checkers only, never run."""

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, assert_type

from twisted.internet.defer import Deferred

from cyclone_core.httpclient import (
    AsyncHTTPClient,
    ConnectError,
    ConnectTimeout,
    CookieJar,
    HTTPClient,
    HTTPClientError,
    HTTPError,
    HTTPRequest,
    HTTPResponse,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    InvalidRequest,
    StreamedResponse,
    TooManyRedirects,
    URLClient,
    basic,
    bearer,
    fetch,
    getPage,
)
from cyclone_core.httputil import HTTPHeaders


async def tornado() -> None:
    """Use Tornado's interface."""
    AsyncHTTPClient.configure(None, max_clients=100, defaults={"user_agent": "mine"})
    client = AsyncHTTPClient(max_clients=5, cookies=CookieJar(), hostname_mapping={"a": "b"})
    assert_type(client, AsyncHTTPClient)
    assert_type(client.defaults, dict[str, Any])
    assert_type(client.fetch("http://a/"), Deferred[HTTPResponse])
    assert_type(await client.fetch("http://a/", raise_error=False), HTTPResponse)
    await client.fetch(
        "http://a/",
        method="POST",
        headers={"A": "b", "C": ["d", "e"], "F": 1, "G": b"h"},
        body="text",
        auth_username="me",
        auth_password="secret",  # noqa: S106 -- nobody's
        auth_mode="digest",
        connect_timeout=1,
        request_timeout=2.5,
        if_modified_since=dt.datetime.now(dt.UTC),
        follow_redirects=False,
        max_redirects=1,
        decompress_response=True,
        streaming_callback=print,
        header_callback=print,
        validate_cert=True,
        ca_certs="ca.pem",
        client_cert="cert.pem",
        client_key="key.pem",
        expect_100_continue=True,
        ssl_options=None,
    )
    request = HTTPRequest("http://a/", "PUT", HTTPHeaders(), b"", body_producer=produce)
    request.headers["A"] = "b"
    assert_type(await client.fetch(request), HTTPResponse)
    assert_type(await client.close(), None)


async def produce(write: Callable[[bytes], Awaitable[None]]) -> None:
    """Write a body."""
    await write(b"a")


def produce_classic(write: Callable[[bytes], Awaitable[None]]) -> Deferred[None]:
    """Write a body, and give a Deferred."""
    write(b"a")
    return Deferred()


async def take(chunk: bytes) -> None:
    """Take a piece of an answer."""
    print(chunk)  # noqa: T201 -- nothing is run here


def look(response: HTTPResponse) -> None:
    """Look at an answer."""
    assert_type(response.code, int)
    assert_type(response.reason, str)
    assert_type(response.phrase, str)
    assert_type(response.headers, HTTPHeaders)
    assert_type(response.headers.get("A"), str | None)
    assert_type(response.headers.get_list("A"), list[str])
    assert_type(response.body, bytes)
    assert_type(response.buffer.read(), bytes)
    assert_type(response.text, str)
    assert_type(response.cookies, dict[str, str])
    assert_type(response.effective_url, str)
    assert_type(response.request, HTTPRequest)
    assert_type(response.request_time, float | None)
    assert_type(response.time_info, Mapping[str, float])
    assert_type(response.error, BaseException | None)
    assert_type(response.trailers, HTTPHeaders)
    assert_type(response.length, int)
    response.rethrow()


async def new_code() -> None:
    """Use the client for new code."""
    async with HTTPClient(
        base_url="http://a/",
        headers={"Authorization": bearer("token")},
        cookies=True,
        raise_error=False,
        request_timeout=5,
        auth_username="me",
    ) as client:
        assert_type(client, HTTPClient)
        assert_type(client.cookies, CookieJar | None)
        assert_type(client.get("b", params={"c": [1, "d"]}), Deferred[HTTPResponse])
        await client.post("b", json={"c": 1})
        await client.put("b", form={"c": "d"}, files={"e": b"f"})
        await client.patch("b", body=[b"a", b"b"])
        await client.delete("b", True)
        await client.head("b", headers={"Authorization": basic("me", "secret")})
        await client.options("b", unix_socket="/run/a.socket")
        await client.request("PURGE", "b", body_producer=produce_classic)
        await client.fetch(HTTPRequest("b"), raise_error=True)
        await client.get("b", streaming_callback=take, max_body_size=10)
        async with client.stream("GET", "b", idle_timeout=5) as response:
            await read(response)


async def read(response: StreamedResponse) -> None:
    """Read an answer piece by piece."""
    assert_type(response.code, int)
    assert_type(response.headers, HTTPHeaders)
    assert_type(await response.read_chunk(), bytes | None)
    async for chunk in response:
        assert_type(chunk, bytes)
    assert_type(await response.read(), bytes)
    assert_type(response.trailers, HTTPHeaders)
    assert_type(response.response, HTTPResponse)


def classic() -> None:
    """Use the client of cyclone 1.x, and Twisted's function."""
    assert_type(fetch("http://a/"), Deferred[HTTPResponse])
    fetch(b"http://a/", postdata="a=b", headers={"A": ["b"]}, followRedirect=1, maxRedirects=2)
    fetch("http://a/", method="PUT", timeout=5, proxy=("b", 3128))
    made = HTTPClient("http://a/", followRedirect=1)
    assert_type(made, URLClient)
    assert_type(made.fetch(), Deferred[HTTPResponse])
    assert_type(made.url, str)
    assert_type(HTTPClient(url=b"http://a/"), URLClient)
    client = URLClient("http://a/", postdata=b"x")
    assert_type(client.fetch(), Deferred[HTTPResponse])
    assert_type(client.response, HTTPResponse | None)
    assert_type(getPage("http://a/"), Deferred[bytes])
    getPage(b"http://a/", method=b"POST", postdata=b"x", headers={b"A": b"b"}, cookies={"c": "d"})


async def errors(client: HTTPClient) -> None:
    """Tell errors apart."""
    try:
        await client.get("http://a/")
    except (ConnectTimeout, HTTPTimeoutError) as error:
        assert_type(error.code, int)
    except (ConnectError, HTTPStreamClosedError, ConnectionError):
        pass
    except TooManyRedirects as error:
        assert_type(error.response, HTTPResponse | None)
    except HTTPClientError as error:
        assert_type(error.message, str)
    except InvalidRequest as error:
        assert_type(str(error), str)
    failure: type[HTTPClientError] = HTTPError
    assert_type(failure(404, "Not Found"), HTTPClientError)
