"""What is sent, and what comes back: methods, bodies, headers, statuses, conditions."""

import datetime as dt
import re
from typing import Any
from urllib.parse import quote

import pytest

from cyclone.httpclient import (
    AsyncHTTPClient,
    HTTPClient,
    HTTPClientError,
    HTTPRequest,
    InvalidRequest,
)
from cyclone_core.httputil import HTTPHeaders
from httpclient.conftest import Makes
from httpclient.running import Loop
from httpclient.world import Option, World

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
ELSEWHERE = NOON.astimezone(dt.timezone(dt.timedelta(hours=9)))
STAMP = "Fri, 20 Nov 2026 12:00:00 GMT"


def fields(told: dict[str, Any], name: str) -> list[str]:
    """Return the values of a header that the server has got."""
    return [value for key, value in told["headers"] if key.lower() == name.lower()]


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS"])
async def test_methods_without_a_body(client: AsyncHTTPClient, world: World, method: str) -> None:
    """Methods that need no body send none, and say no length."""
    response = await client.fetch(world.url("/anything"), method=method)
    told = response.json()
    assert (told["method"], told["data"], fields(told, "content-length")) == (method, "", [])


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("body", ["grün", "grün".encode(), bytearray(b"gr\xc3\xbcn")])
async def test_methods_with_a_body(
    client: AsyncHTTPClient, world: World, method: str, body: Option
) -> None:
    """A body of text is sent as UTF-8, one of bytes as it is, with its length."""
    told = (await client.fetch(world.url("/anything"), method=method, body=body)).json()
    assert (told["method"], told["data"]) == (method, "grün")
    assert fields(told, "content-length") == ["5"]


async def test_empty_body(client: AsyncHTTPClient, world: World) -> None:
    """A body that is empty has the length 0, so that no server waits for it."""
    told = (await client.fetch(world.url("/post"), method="POST", body="")).json()
    assert fields(told, "content-length") == ["0"]


async def test_head(client: AsyncHTTPClient, world: World) -> None:
    """HEAD has the headers of GET and no body, and the connection goes on."""
    head = await client.fetch(world.url("/bytes/1000"), method="HEAD")
    assert (head.code, head.body, head.headers["Content-Length"]) == (200, b"", "1000")
    assert (await client.fetch(world.url("/bytes/3"))).body == bytes([0, 31, 62])


@pytest.mark.parametrize(
    ("method", "body"),
    [("POST", None), ("PUT", None), ("PATCH", None), ("GET", "x"), ("HEAD", "x")],
)
async def test_body_where_none_belongs(
    client: AsyncHTTPClient, world: World, method: str, body: str | None
) -> None:
    """Tornado's check: these methods need a body, or must not have one; unless that is allowed."""
    with pytest.raises(ValueError, match="body"):
        await client.fetch(world.url("/anything"), method=method, body=body)
    options: dict[str, Any] = {"method": method, "body": body}
    url = world.url("/anything")
    response = await client.fetch(url, allow_nonstandard_methods=True, **options)
    assert response.code == 200


async def test_unknown_method(client: AsyncHTTPClient, world: World) -> None:
    """A method of one's own has to be allowed."""
    with pytest.raises((KeyError, ValueError), match="PURGE"):
        await client.fetch(world.url("/anything"), method="PURGE")
    url = world.url("/anything")
    response = await client.fetch(url, method="PURGE", allow_nonstandard_methods=True)
    assert response.json()["method"] == "PURGE"


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ({"form": {"a": "1 &", "b": ["2", "ü"]}}, {"form": {"a": ["1 &"], "b": ["2", "ü"]}}),
        ({"json": {"a": ["ü", None]}}, {"json": {"a": ["ü", None]}}),
        ({"params": {"q": "a b", "r": ["1", "2"]}}, {"args": {"q": ["a b"], "r": ["1", "2"]}}),
        ({"body": b"{}", "headers": {"Content-Type": "application/json"}}, {"json": {}}),
    ],
    ids=["form", "json", "params", "type"],
)
async def test_forms_and_json(
    http: HTTPClient, world: World, content: dict[str, Any], wanted: dict[str, Any]
) -> None:
    """Forms, JSON and arguments of the query arrive as what they are."""
    told = (await http.post(world.url("/anything"), **content)).json()
    assert {name: told[name] for name in wanted} == wanted


async def test_params_beside_a_query(http: HTTPClient, world: World) -> None:
    """Arguments are added to those that the URL has."""
    told = (await http.get(world.url("/get?a=1#end"), params={"a": "2"})).json()
    assert told["args"] == {"a": ["1", "2"]}


async def test_headers_of_every_request(client: AsyncHTTPClient, world: World) -> None:
    """Host, User-Agent and Accept-Encoding are there; the program's own take their place."""
    told = (await client.fetch(world.url("/get"))).json()
    assert fields(told, "host") == [f"127.0.0.1:{world.port()}"]
    assert fields(told, "accept-encoding") == ["gzip, deflate"]
    assert len(fields(told, "user-agent")) == 1
    own = {"Host": "a.example", "User-Agent": "mine", "Accept-Encoding": "identity"}
    told = (await client.fetch(world.url("/get"), headers=own)).json()
    assert {name: fields(told, name) for name in own} == {n: [v] for n, v in own.items()}


async def test_repeated_headers(client: AsyncHTTPClient, world: World) -> None:
    """A header can be sent more than once; a value has no blanks around it at the other end."""
    headers = HTTPHeaders({"X-A": "1"})
    headers.add("x-a", "2")
    told = (await client.fetch(world.url("/get"), headers=headers)).json()
    assert fields(told, "X-A") == ["1", "2"]
    told = (await client.fetch(world.url("/get"), headers={"X-B": "grün"})).json()
    assert fields(told, "X-B") in (["grün"], ["grÃ¼n"])


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"X-A": "1\r\nX-B: 2"}},
        {"headers": {"X-A": "1\nX-B: 2"}},
        {"headers": {"X-A": "1\0"}},
        {"headers": {"X-A\r\nX-B": "1"}},
        {"headers": {"X A": "1"}},
        {"headers": {"": "1"}},
        {"method": "GET / HTTP/1.1\r\nX-B: 2\r\n\r\nGET"},
        {"method": "G T", "allow_nonstandard_methods": True},
        {"method": "GET\r\n", "allow_nonstandard_methods": True},
        {"user_agent": "a\r\nX-B: 2"},
        {"headers": {"Content-Length": "5"}, "method": "POST", "body": "abc"},
        {"headers": {"Content-Length": "+3"}, "method": "POST", "body": "abc"},
    ],
    ids=str,
)
async def test_no_injection(client: AsyncHTTPClient, world: World, options: dict[str, Any]) -> None:
    """Nothing of what a program gives can end a line or lie about the length of the body."""
    asked = len(world.hostile.heads)
    with pytest.raises(ValueError):  # noqa: PT011 -- which of them is the business of the unit tests
        await client.fetch(world.answers(b""), **options)
    assert len(world.hostile.heads) == asked


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "/relative",
        "http://",
        "http:///path",
        "http://a b/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:port/",
        "http://127.0.0.1/a\r\nX-B: 2",
        "http://127.0.0.1\r\n/",
        "http://[::1/",
        "http://a\0b/",
        "",
    ],
)
async def test_no_url(client: AsyncHTTPClient, url: str) -> None:
    """What is no URL, or one of another scheme, is a mistake of the program."""
    with pytest.raises(InvalidRequest):
        await client.fetch(url)


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("", "/"),
        ("?a=1", "/?a=1"),
        ("/anything/ü%20b", "/anything/%C3%BC%20b"),
        ("/anything/a%2Fb", "/anything/a%2Fb"),
        ("/anything?x=ü&y=%20+&z", "/anything?x=%C3%BC&y=%20+&z"),
        ("/anything/'\"<>{}|^`", "/anything/'%22%3C%3E%7B%7D%7C%5E%60"),
        ("/anything#fragment", "/anything"),
    ],
)
async def test_targets(client: AsyncHTTPClient, world: World, path: str, uri: str) -> None:
    """What a URL may not hold is sent as percent signs and hexadecimal digits; what is escaped stays."""
    await client.fetch(f"http://127.0.0.1:{world.port('hostile')}{path}")
    line = world.hostile.heads[-1].partition(b"\r\n")[0].decode()
    assert line == f"GET {uri} HTTP/1.1"


async def test_statuses(client: AsyncHTTPClient, world: World) -> None:
    """A status that is none of 200 to 299 is an error, which has the answer; or is not, on demand."""
    for status in (200, 201, 204, 299):
        assert (await client.fetch(world.url(f"/status/{status}"))).code == status
    for status in (300, 304, 400, 404, 418, 500, 503, 599):
        with pytest.raises(HTTPClientError) as caught:
            await client.fetch(world.url(f"/status/{status}?reason=Because"))
        assert (caught.value.code, caught.value.message) == (status, "Because")
        response = await client.fetch(world.url(f"/status/{status}"), raise_error=False)
        assert response.code == status
        assert caught.value.response is not None
        assert caught.value.response.body == response.body
        with pytest.raises(HTTPClientError, match=str(status)):
            response.rethrow()


async def test_response(client: AsyncHTTPClient, world: World) -> None:
    """An answer has all that Tornado's has, and text and JSON."""
    response = await client.fetch(world.url("/hello"))
    assert (response.code, response.reason, response.error) == (200, "OK", None)
    assert (response.text, response.body) == ("hello, wörld", "hello, wörld".encode())
    assert response.buffer.read() == response.body
    assert response.effective_url == world.url("/hello")
    assert response.request.url == response.effective_url
    assert isinstance(response.headers, HTTPHeaders)
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.request_time is not None
    assert 0 < response.request_time < 30
    assert {"queue", "connect", "starttransfer", "total"} <= response.time_info.keys()
    response.rethrow()


async def test_repeated_headers_of_an_answer(client: AsyncHTTPClient, world: World) -> None:
    """Headers that are there more than once can be had one by one."""
    response = await client.fetch(world.url("/response-headers?X-A=1&X-A=2&X-B=3"))
    assert response.headers.get_list("X-A") == ["1", "2"]
    assert response.headers["X-A"] == "1,2"
    assert response.headers.get("X-C") is None


async def test_same_request_again(
    client: AsyncHTTPClient, make_client: Makes, world: World
) -> None:
    """A request can be fetched again, by another client too, and is the same behind it."""
    request = HTTPRequest(world.url("/post"), method="POST", body="a", headers={"X-A": "1"})
    before = dict(request.headers), request.body
    first = (await client.fetch(request)).json()
    for asking in (client, make_client()):
        response = await asking.fetch(request)
        again = response.json()
        assert response.request is request
        assert again["headers"] == first["headers"]
    assert (dict(request.headers), request.body) == before


async def test_arguments_beside_a_request(client: AsyncHTTPClient, world: World) -> None:
    """With a request there are no further arguments."""
    with pytest.raises(ValueError, match="HTTPRequest"):
        client.fetch(HTTPRequest(world.url()), method="POST")


async def test_defaults(make_client: Makes, world: World) -> None:
    """Defaults of a client hold for requests that say nothing else, None included."""
    client = make_client(defaults={"user_agent": "ours", "follow_redirects": False})
    told = (await client.fetch(world.url("/get"), user_agent=None)).json()
    assert fields(told, "user-agent") == ["ours"]
    told = (await client.fetch(world.url("/get"), user_agent="mine")).json()
    assert fields(told, "user-agent") == ["mine"]
    assert (await client.fetch(world.url("/redirect/1"), raise_error=False)).code == 302
    assert (await client.fetch(world.url("/redirect/1"), follow_redirects=True)).code == 200


@pytest.mark.parametrize("when", [NOON, NOON.timestamp(), ELSEWHERE])
async def test_if_modified_since(client: AsyncHTTPClient, world: World, when: Option) -> None:
    """What has not changed since is answered with 304 and without a body."""
    url = world.url(f"/last-modified/{quote(STAMP)}")
    response = await client.fetch(url, if_modified_since=when, raise_error=False)
    assert (response.code, response.body) == (304, b"")
    assert (await client.fetch(url)).body == b"modified"


async def test_if_none_match(client: AsyncHTTPClient, world: World) -> None:
    """So is what still has the same tag."""
    first = await client.fetch(world.url("/etag/x"))
    headers = {"If-None-Match": first.headers["ETag"]}
    with pytest.raises(HTTPClientError) as caught:
        await client.fetch(world.url("/etag/x"), headers=headers)
    assert caught.value.code == 304
    assert (await client.fetch(world.url("/etag/y"), headers=headers)).body == b"etag y"


async def test_header_callback(client: AsyncHTTPClient, world: World) -> None:
    """The lines of the head are told one by one: those of the answer, of no redirect."""
    lines: list[str] = []
    await client.fetch(world.url("/redirect/2"), header_callback=lines.append)
    assert re.fullmatch(r"HTTP/1\.1 200 OK\r\n", lines[0])
    assert lines[-1] == "\r\n"
    parsed = HTTPHeaders()
    for line in lines[1:-1]:
        assert line.endswith("\r\n")
        parsed.parse_line(line)
    assert parsed["Server"].startswith("Tornado")


async def test_error_in_header_callback(client: AsyncHTTPClient, world: World) -> None:
    """What a callback raises is what the caller gets, and the client goes on."""

    def callback(_: str) -> None:
        raise ZeroDivisionError("on purpose")

    with pytest.raises(ZeroDivisionError, match="on purpose"):
        await client.fetch(world.url("/get"), header_callback=callback)
    assert (await client.fetch(world.url("/get"))).code == 200


async def test_base_url_and_headers(loop: Loop, world: World) -> None:
    """A client for new code has a base URL and headers; those of a request come before them."""
    headers = {"X-A": "client", "X-B": "client"}
    async with HTTPClient(base_url=world.url("/"), headers=headers, reactor=loop.reactor) as http:
        told = (await http.get("anything/x", headers={"X-A": "request"})).json()
        assert told["uri"] == "/anything/x"
        assert (fields(told, "X-A"), fields(told, "X-B")) == (["request"], ["client"])
        assert (await http.head("/status/204")).code == 204
    with pytest.raises(RuntimeError, match="closed"):
        await http.get("anything")


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
async def test_a_function_for_each_method(http: HTTPClient, world: World, method: str) -> None:
    """Each method has its function."""
    response = await getattr(http, method)(world.url("/anything"))
    assert response.json()["method"] == method.upper()
