"""Requests as they are written: the first line, header fields, and how a body is framed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.errors import HTTPOutputError
from cyclone_core.httpclient import AsyncHTTPClient, HTTPClient, InvalidRequest
from cyclone_core.httpclient.bodies import Body
from cyclone_core.httpclient.messages import Hop, make_message
from cyclone_core.httpclient.urls import parse_url
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.testing import result_of

from .asking import OK, URL, Asked, Clients, Outcome, asked, read
from .network import Network


def ask(client: AsyncHTTPClient | HTTPClient, network: Network, **options: Any) -> Asked:  # noqa: ANN401 -- of a request
    """Fetch, and give what was asked."""
    waiting = client.fetch(options.pop("url", URL), **options)
    peer = network.accept()
    seen = asked(peer)
    peer.send(OK if seen.method != "HEAD" else OK[:-5])
    result_of(waiting)
    return seen


def refusal(client: AsyncHTTPClient, network: Network, **options: Any) -> str:  # noqa: ANN401 -- as above
    """Fetch what is refused before anything is sent, and give the message."""
    outcome = Outcome(client.fetch(options.pop("url", URL), **options))
    assert network.attempts == 0
    assert isinstance(outcome.error, InvalidRequest)
    return str(outcome.error)


# Methods, and whether there is a body: Tornado's rules.


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
def test_without_body(client: AsyncHTTPClient, network: Network, method: str) -> None:
    """These have no body, and say nothing of one."""
    seen = ask(client, network, method=method)
    assert (seen.method, seen.body) == (method, b"")
    assert "Content-Length" not in seen.headers
    assert "must not have a body" in refusal(client, network, method=method, body=b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_with_body(client: AsyncHTTPClient, network: Network, method: str) -> None:
    """These have one, which may be empty."""
    seen = ask(client, network, method=method, body="")
    assert (seen.method, seen.headers["Content-Length"]) == (method, "0")
    assert "must have a body" in refusal(client, network, method=method)


def test_rules_can_be_left(client: AsyncHTTPClient, network: Network) -> None:
    """With `allow_nonstandard_methods` a program may do as it likes."""
    seen = ask(client, network, method="GET", body=b"x", allow_nonstandard_methods=True)
    assert (seen.body, seen.headers["Content-Length"]) == (b"x", "1")


def test_no_rules_for_new_code(http: HTTPClient, network: Network) -> None:
    """The client for new code has no such rules; a POST without a body says that it has none."""
    seen = ask(http, network, method="POST")
    assert seen.headers["Content-Length"] == "0"
    assert "Content-Type" not in seen.headers


def test_new_code_may_want_rules(clients: Clients, network: Network) -> None:
    """Unless it is told to have them."""
    http = clients.new(allow_nonstandard_methods=False)
    outcome = Outcome(http.post(URL))
    assert isinstance(outcome.error, InvalidRequest)
    assert network.attempts == 0


def test_own_method(client: AsyncHTTPClient, network: Network) -> None:
    """Another method has to be allowed; its case is kept."""
    seen = ask(client, network, method="purge", allow_nonstandard_methods=True)
    assert seen.method == "purge"
    assert "allow_nonstandard_methods" in refusal(client, network, method="PURGE")


@pytest.mark.parametrize(
    "method",
    [
        "",
        " ",
        "GET ",
        "GET\r\nX: y",
        "GET /a HTTP/1.1\r\n\r\n",
        "G\0T",
        "GÉT",
        "CONNECT",
        "connect",
        "Connect",
        "a:b",
    ],
)
@pytest.mark.parametrize("allowed", [True, False])
def test_no_method(client: AsyncHTTPClient, network: Network, method: str, allowed: bool) -> None:
    """What is no method, or would open a tunnel, is refused."""
    message = refusal(client, network, method=method, allow_nonstandard_methods=allowed)
    assert repr(method) in message


# The first line and Host.


@pytest.mark.parametrize(
    ("url", "target", "host"),
    [
        ("http://127.0.0.1", "/", "127.0.0.1"),
        ("http://127.0.0.1:8080/a b?c d", "/a%20b?c%20d", None),
        ("http://127.0.0.1:80/a", "/a", "127.0.0.1"),
        ("http://127.0.0.1:8080/é?ü", "/%C3%A9?%C3%BC", "127.0.0.1:8080"),
        ("http://me:pw@127.0.0.1/a#b", "/a", "127.0.0.1"),
    ],
)
def test_target(
    client: AsyncHTTPClient, network: Network, url: str, target: str, host: str | None
) -> None:
    """The request line has path and query, `Host` the server; credentials and fragment are in neither."""
    if host is None:
        assert "blank" in refusal(client, network, url=url)
    else:
        seen = ask(client, network, url=url)
        assert (seen.target, seen.headers["Host"]) == (target, host)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/\r\nX: y",
        "http://127.0.0.1/a HTTP/1.1\r\n\r\n",
        "http://127.0.0.1\r\n/",
        "http://127.0.0.1/\0",
        "http://127.0.0.1/\tb",
        "ftp://127.0.0.1/",
        "/relative",
        "",
    ],
)
def test_no_url(client: AsyncHTTPClient, network: Network, url: str) -> None:
    """Nothing that could split the request gets into its first line."""
    refusal(client, network, url=url)


def test_proxy(client: AsyncHTTPClient, network: Network) -> None:
    """A proxy is asked for the whole URL, and told who asks."""
    seen = ask(client, network, url="http://127.0.0.1/a?b", proxy="http://me:pw@127.0.0.9:3128")
    assert network.reactor.tcpClients[0][:2] == ("127.0.0.9", 3128)
    assert (seen.target, seen.headers["Host"]) == ("http://127.0.0.1/a?b", "127.0.0.1")
    assert seen.headers["Proxy-Authorization"] == "Basic bWU6cHc="


def test_proxy_without_a_name(client: AsyncHTTPClient, network: Network) -> None:
    """A proxy without credentials is told none."""
    seen = ask(client, network, proxy_host="127.0.0.9", proxy_port=3128)
    assert "Proxy-Authorization" not in seen.headers


def test_params(client: AsyncHTTPClient, network: Network) -> None:
    """`params` are added to the query that is there."""
    seen = ask(client, network, url=URL + "?a=1#f", params={"b": [2, "3 4"], "é": "&"})
    assert seen.target == "/?a=1&b=2&b=3+4&%C3%A9=%26"


# Header fields.


def test_given_fields_win(client: AsyncHTTPClient, network: Network) -> None:
    """What the program says takes the place of what would be added."""
    given_fields = {
        "host": "mine",
        "user-agent": "me",
        "accept-encoding": "br",
        "X-Twice": ["1", "2"],
        "X-Number": 5,
    }
    seen = ask(client, network, headers=given_fields)
    assert seen.headers.get_list("Host") == ["mine"]
    assert seen.headers.get_list("User-Agent") == ["me"]
    assert seen.headers.get_list("Accept-Encoding") == ["br"]
    assert seen.headers.get_list("X-Twice") == ["1", "2"]
    assert seen.headers["X-Number"] == "5"


@pytest.mark.parametrize(
    "host", ["other.example", "a_b.example:8080", "192.0.2.1", "[::1]", "[::1]:8080", "A%41."]
)
def test_own_host(client: AsyncHTTPClient, network: Network, host: str) -> None:
    """A program may ask a server by another name, with or without a port."""
    assert ask(client, network, headers={"Host": host}).headers.get_list("Host") == [host]


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "a b",
        "a, b",
        "a/b",
        "a?b",
        "a#b",
        "me:s3cr3t@a",
        "me@a",
        "http://a",
        "a:x",
        "a:123456",
        ":80",
        "[::1",
        "[::g]",
        "[a]",
        "a\\b",
        "é",
        "a%4",
        ["a", "b"],
    ],
)
def test_no_host(client: AsyncHTTPClient, network: Network, host: str | list[str]) -> None:
    """What is no authority is refused: a server and what stands before it may read it in two ways."""
    message = refusal(client, network, headers={"Host": host})
    assert "Host" in message
    assert "s3cr3t" not in message


@pytest.mark.parametrize("end", ["\r\nX-Evil: 1", "\r", "\n", "\0", "\x7f", "\u20ac"])
def test_injection(client: AsyncHTTPClient, network: Network, end: str) -> None:
    """No value can end its line, or be what no header may."""
    with pytest.raises(ValueError, match="X-Mine"):
        client.fetch(URL, headers={"X-Mine": f"a{end}"})
    with pytest.raises(ValueError, match="header name"):
        client.fetch(URL, headers={f"X-Mine{end}": "a"})
    assert "User-Agent" in refusal(client, network, user_agent=f"a{end}")
    with pytest.raises(ValueError, match="X-Mine"):
        client.fetch(URL, headers={"X-Mine": ["a", f"a{end}"]})


@pytest.mark.parametrize("end", ["\r\nX-Evil: 1", "\0", "\n"])
def test_injection_by_name_and_password(
    client: AsyncHTTPClient, network: Network, end: str
) -> None:
    """Neither can a name, a password, or those for a proxy."""
    refusal(client, network, auth_username=f"a{end}")
    refusal(client, network, auth_username="a", auth_password=f"b{end}")
    refusal(client, network, auth_username=f"a{end}", auth_mode="digest")
    refusal(client, network, proxy_host="127.0.0.9", proxy_port=80, proxy_username=f"a{end}")
    refusal(client, network, proxy_host=f"127.0.0.9{end}", proxy_port=80)


def test_injection_by_a_client(network: Network) -> None:
    """The header fields of a client are checked when it is made."""
    with pytest.raises(ValueError, match="X-Mine"):
        HTTPClient(reactor=network.reactor, headers={"X-Mine": "a\r\nb"})


def test_injection_by_a_user_agent_of_a_client(clients: Clients, network: Network) -> None:
    """So is its `User-Agent`, at the latest when it asks."""
    client = clients.tornado(defaults={"user_agent": "a\r\nX-Evil: 1"})
    assert "User-Agent" in refusal(client, network)


@given(
    name=st.text(max_size=10),
    value=st.text(max_size=20),
    method=st.text(max_size=5),
    path=st.text(max_size=20),
    agent=st.text(max_size=10),
)
def test_no_injection_whatever(name: str, value: str, method: str, path: str, agent: str) -> None:
    """Whatever a program gives, what is sent is one request, with those header fields."""
    network = Network()
    client = AsyncHTTPClient(reactor=network.reactor)
    try:
        outcome = Outcome(
            client.fetch(
                f"http://127.0.0.1/{path}",
                method=method,
                headers={f"X-{name}": value},
                user_agent=f"a{agent}",
                allow_nonstandard_methods=True,
            )
        )
    except ValueError:
        return
    if outcome.errors:
        assert isinstance(outcome.error, ValueError)
        return
    raw = network.accept().take()
    assert raw.count(b"\r\n\r\n") == 1
    assert raw.endswith(b"\r\n\r\n")
    seen = read(raw)
    assert seen.method == method
    assert len(list(seen.headers.get_all())) == 4
    assert seen.headers[f"X-{name}"] == value.strip(" \t")
    outcome.waiting.cancel()
    assert network.is_quiet()


def test_two_hosts(client: AsyncHTTPClient, network: Network) -> None:
    """A request for two hosts is none: servers disagree on which of them it is."""
    assert "one Host" in refusal(client, network, headers={"Host": ["a", "b"]})


def test_fields_of_the_connection(client: AsyncHTTPClient, network: Network) -> None:
    """What looks strange and harms nobody is the program's own business."""
    seen = ask(client, network, headers={"TE": "trailers", "Connection": "te"})
    assert (seen.headers["Connection"], seen.headers["TE"]) == ("te", "trailers")


# Accept-Encoding.


@pytest.mark.parametrize(
    ("option", "sent"),
    [
        ({}, "gzip, deflate"),
        ({"decompress_response": True}, "gzip, deflate"),
        ({"use_gzip": True}, "gzip, deflate"),
        ({"decompress_response": False}, None),
        ({"use_gzip": False}, None),
        ({"decompress_response": False, "use_gzip": True}, None),
        ({"headers": {"Range": "bytes=0-9"}}, None),
    ],
)
def test_accept_encoding(
    client: AsyncHTTPClient, network: Network, option: dict[str, Any], sent: str | None
) -> None:
    """Coded answers are asked for where they can be decoded: not of a part, and not if none is wanted."""
    assert ask(client, network, **option).headers.get("Accept-Encoding") == sent


# Framing.


def test_length(client: AsyncHTTPClient, network: Network) -> None:
    """A body whose length is known is sent with it; that of a POST is a form if nothing else is said."""
    seen = ask(client, network, method="POST", body="é")
    assert (seen.body, seen.headers["Content-Length"]) == (b"\xc3\xa9", "2")
    assert seen.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_type_of_others(client: AsyncHTTPClient, network: Network) -> None:
    """The body of a PUT, or one that is made piece by piece, has no type unless one is given."""
    assert "Content-Type" not in ask(client, network, method="PUT", body=b"x").headers
    waiting = client.fetch(URL, method="POST", body=[b"x"])
    peer = network.peers[0]
    assert "Content-Type" not in asked(peer).headers
    peer.answer()
    result_of(waiting)


@pytest.mark.parametrize(
    ("option", "kind", "body"),
    [
        ({"form": {"a": "1 2"}}, "application/x-www-form-urlencoded", b"a=1+2"),
        ({"json": {"a": [1, None]}}, "application/json", json.dumps({"a": [1, None]}).encode()),
    ],
)
def test_types(
    client: AsyncHTTPClient, network: Network, option: dict[str, Any], kind: str, body: bytes
) -> None:
    """Forms and JSON say what they are."""
    seen = ask(client, network, method="POST", **option)
    assert (seen.headers["Content-Type"], seen.body) == (kind, body)


def test_given_type_wins(client: AsyncHTTPClient, network: Network) -> None:
    """A type that the program gives is sent."""
    seen = ask(client, network, method="POST", json=1, headers={"Content-Type": "x/y"})
    assert seen.headers.get_list("Content-Type") == ["x/y"]


def test_files(client: AsyncHTTPClient, network: Network) -> None:
    """Files are sent as a form in parts, with its length."""
    files = {"file": ("a.txt", b"text", "text/plain")}
    seen = ask(client, network, method="POST", files=files, form={"a": "b"})
    assert seen.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert seen.headers["Content-Length"] == str(len(seen.body))
    assert b'name="a"\r\n\r\nb\r\n' in seen.body
    assert b'filename="a.txt"' in seen.body


def test_chunks(client: AsyncHTTPClient, network: Network) -> None:
    """A body of unknown length goes out in chunks."""
    seen = ask(client, network, method="PUT", body=iter([b"ab", b"", b"c"]))
    assert seen.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in seen.headers
    assert seen.body == b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"


@pytest.mark.parametrize("body", [b"abc", [b"ab", b"c"]])
def test_given_length(client: AsyncHTTPClient, network: Network, body: Any) -> None:  # noqa: ANN401 -- of any kind
    """A length that the program gives is sent, and no chunks are needed."""
    seen = ask(client, network, method="PUT", body=body, headers={"Content-Length": "3"})
    assert seen.headers.get_list("Content-Length") == ["3"]
    assert "Transfer-Encoding" not in seen.headers
    assert seen.body == b"abc"


def test_given_chunks(client: AsyncHTTPClient, network: Network) -> None:
    """A program may want chunks for what is made piece by piece."""
    seen = ask(
        client, network, method="PUT", body=[b"ab"], headers={"Transfer-Encoding": "Chunked"}
    )
    assert seen.headers.get_list("Transfer-Encoding") == ["Chunked"]
    assert seen.body == b"2\r\nab\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Length": "2"}, b"abc"),
        ({"Content-Length": "4"}, b"abc"),
        ({"Content-Length": "3, 3"}, b"abc"),
        ({"Content-Length": ["3", "3"]}, b"abc"),
        ({"Content-Length": "+3"}, b"abc"),
        ({"Content-Length": "٣"}, b"abc"),
        ({"Content-Length": "0x3"}, b"abc"),
        ({"Content-Length": ""}, b"abc"),
        ({"Content-Length": "-1"}, [b"abc"]),
        ({"Content-Length": "9" * 5000}, [b"abc"]),
        ({"Transfer-Encoding": "chunked"}, b"abc"),
        ({"Transfer-Encoding": "gzip, chunked"}, [b"abc"]),
        ({"Transfer-Encoding": "identity"}, [b"abc"]),
        ({"Transfer-Encoding": ["chunked", "chunked"]}, [b"abc"]),
        ({"Transfer-Encoding": "chunked", "Content-Length": "3"}, [b"abc"]),
        ({"Content-Length": "3"}, None),
        ({"Transfer-Encoding": "chunked"}, None),
        ({"Expect": "100-continue"}, None),
    ],
)
def test_wrong_framing(
    clients: Clients,
    network: Network,
    headers: dict[str, Any],
    body: Any,  # noqa: ANN401 -- as above
) -> None:
    """What says something else of a body than is true is refused: it would split the request."""
    client = clients.tornado(defaults={"allow_nonstandard_methods": True})
    try:
        refusal(client, network, method="POST", body=body, headers=headers)
    except ValueError as error:
        assert "latin-1" in str(error)  # noqa: PT017 -- a header that cannot be made


def test_wrong_length_of_a_client(clients: Clients, network: Network) -> None:
    """A length among the header fields of a client is checked, too."""
    http = clients.new(headers={"Content-Length": "3"})
    assert ask(http, network, method="PUT", body=b"abc").body == b"abc"
    outcome = Outcome(http.put(URL, body=b"abcd"))
    assert isinstance(outcome.error, InvalidRequest)
    assert "4 bytes" in str(outcome.error)


def test_no_length_of_nothing(http: HTTPClient, network: Network) -> None:
    """A program may say that there is no body."""
    seen = ask(http, network, method="DELETE", headers={"Content-Length": "0"})
    assert seen.headers.get_list("Content-Length") == ["0"]


@pytest.mark.parametrize(("pieces", "said"), [([b"ab"], "lacks"), ([b"abc", b"d"], "longer")])
def test_length_is_kept(
    client: AsyncHTTPClient, network: Network, pieces: list[bytes], said: str
) -> None:
    """A body that turns out to be longer or shorter than its length is the program's mistake."""
    outcome = Outcome(
        client.fetch(URL, method="PUT", body=iter(pieces), headers={"Content-Length": "3"})
    )
    peer = network.accept()
    assert isinstance(outcome.error, HTTPOutputError)
    assert said in str(outcome.error)
    assert peer.closed


def test_two_bodies(client: AsyncHTTPClient, network: Network) -> None:
    """A request has one body."""
    assert "one body" in refusal(client, network, method="POST", body=b"a", json=1)


# Expect.


@pytest.mark.parametrize(
    "option", [{"expect_100_continue": True}, {"headers": {"Expect": "100-Continue"}}]
)
def test_continue(client: AsyncHTTPClient, network: Network, option: dict[str, Any]) -> None:
    """The server is asked before it gets the body, by an option or by the header field."""
    waiting = client.fetch(URL, method="POST", body=b"body", **option)
    peer = network.accept()
    first = asked(peer)
    assert first.headers.get_list("Expect")[0].lower() == "100-continue"
    assert first.body == b""
    peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert peer.answer() == b"body"
    result_of(waiting)


def test_continue_without_body(client: AsyncHTTPClient, network: Network) -> None:
    """Where there is no body, or an empty one, nothing is asked and nothing waited for."""
    seen = ask(client, network, expect_100_continue=True)
    assert "Expect" not in seen.headers
    waiting = client.fetch(URL, method="POST", body=b"", expect_100_continue=True)
    peer = network.peers[0]
    assert "Expect" not in asked(peer).headers
    peer.answer()
    assert not peer.closed
    result_of(waiting)


def test_other_expectation(client: AsyncHTTPClient, network: Network) -> None:
    """Another expectation is sent as it is."""
    seen = ask(client, network, method="POST", body=b"x", headers={"Expect": "tea"})
    assert (seen.headers["Expect"], seen.body) == ("tea", b"x")


def test_continue_with_a_list(client: AsyncHTTPClient, network: Network) -> None:
    """So is a list of them."""
    seen = ask(client, network, method="POST", body=b"x", headers={"Expect": ["tea", "milk"]})
    assert seen.headers.get_list("Expect") == ["tea", "milk"]


# The message itself.


def test_message_for_a_proxy() -> None:
    """The target for a proxy has no credentials."""
    hop = Hop(parse_url("http://me:pw@a:81/b"), "GET", HTTPHeaders(), Body(None, None))
    message = make_message(hop, {}, forwards=True, expects_continue=False)
    assert message.head == b"GET http://a:81/b HTTP/1.1\r\nHost: a:81\r\n\r\n"
    assert message.keep_alive
