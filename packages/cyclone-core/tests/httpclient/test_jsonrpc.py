"""The client of JSON-RPC, over the real HTTP client and a network in memory."""

import copy
import gc
import json
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from twisted.internet.defer import CancelledError, Deferred

from cyclone_core.httpclient import (
    AsyncHTTPClient,
    ConnectTimeout,
    HTTPClient,
    HTTPClientError,
    HTTPError,
    TooManyRedirects,
)
from cyclone_core.jsonrpc import (
    Call,
    InvalidRequestError,
    InvalidResponseError,
    JsonRPC,
    JsonRpcClient,
    JsonRpcError,
    MethodNotFoundError,
    Request,
    Response,
    decode_calls,
    encode_responses,
)
from cyclone_core.testing import result_of

from .network import Network, Peer

_T = TypeVar("_T")

URL = "http://127.0.0.1/rpc"

Make = Callable[..., JsonRpcClient]


@pytest.fixture
def make(network: Network) -> Make:
    """Make clients of that network."""

    def make(**options: Any) -> JsonRpcClient:  # noqa: ANN401 -- those of JsonRpcClient
        return JsonRpcClient(URL, reactor=network.reactor, **options)

    return make


def asked(peer: Peer) -> tuple[bytes, Any]:
    """Take what was asked: the head, and the body as JSON has it."""
    head, _, body = peer.take().partition(b"\r\n\r\n")
    return head, json.loads(body)


def told(waiting: Deferred[_T], peer: Peer, said: object, head: str = "200 OK") -> _T:
    """Answer a call, and give its result."""
    peer.answer(said if isinstance(said, bytes) else json.dumps(said).encode(), head)
    return result_of(waiting)


def serve(peer: Peer) -> None:
    """Answer calls of `add`, `subtract` and `system.list`, as they come."""
    calls = decode_calls(peer.received.partition(b"\r\n\r\n")[2])
    answers = [_answer(each) for each in (calls if isinstance(calls, list) else [calls])]
    wanted = [each for each in answers if each is not None]
    body = encode_responses(wanted if isinstance(calls, list) else wanted[0]) if wanted else b""
    peer.answer(body, "200 OK" if body else "204 No Content", Content_Type="application/json")


def _answer(call: Call | Response) -> Response | None:
    methods: dict[str, Callable[..., Any]] = {
        "add": lambda a, b: a + b,
        "subtract": lambda a, b: a - b,
        "system.list": lambda: ["add", "subtract"],
    }
    if not isinstance(call, Request):
        return None
    if call.method not in methods:
        return Response(call.id, error=MethodNotFoundError(), version=call.version)
    method, params = methods[call.method], call.params
    result = method(**params) if isinstance(params, dict) else method(*params)
    return Response(call.id, result, version=call.version)


# As cyclone 1.x has it.


def test_classic(network: Network) -> None:
    """Each attribute is a method; ids count from 0, and JSON-RPC 1.0 goes by POST with its own type."""
    server = JsonRPC(URL, reactor=network.reactor)
    waiting = server.add(1, 2)
    peer = network.accept()
    head, body = asked(peer)
    assert head.startswith(b"POST /rpc HTTP/1.1\r\n")
    assert b"\r\nContent-Type: application/json-rpc\r\n" in head
    assert body == {"method": "add", "params": [1, 2], "id": 0}
    assert told(waiting, peer, {"result": 3, "error": None, "id": 0}) == 3
    waiting = server.subtract(1, b"2")
    assert asked(peer)[1] == {"method": "subtract", "params": [1, "2"], "id": 1}
    assert told(waiting, peer, {"result": None, "error": None, "id": 1}) is None


@pytest.mark.parametrize(
    ("error", "message"),
    [({"code": 0, "message": "no such row"}, "no such row"), ("no such row", "no such row")],
)
def test_classic_errors(network: Network, error: object, message: str) -> None:
    """An error with a message, or one that is nothing but text, is an exception with that text."""
    waiting = JsonRPC(URL, reactor=network.reactor).get(1)
    with pytest.raises(JsonRpcError) as caught:
        told(waiting, network.accept(), {"result": None, "error": error, "id": 0})
    assert str(caught.value) == message


@pytest.mark.parametrize("head", ["500 Internal Server Error", "404 Nothing Here", "202 Accepted"])
def test_classic_status(network: Network, head: str) -> None:
    """Any status but 200 is an `HTTPError` with code and phrase, whatever the body says."""
    waiting = JsonRPC(URL, reactor=network.reactor).add(1, 2)
    with pytest.raises(HTTPError) as caught:
        told(waiting, network.accept(), {"result": 3, "error": "x", "id": 0}, head)
    code, _, phrase = head.partition(" ")
    assert (caught.value.code, caught.value.message) == (int(code), phrase)
    assert caught.value.response is not None
    assert caught.value.response.json()["result"] == 3


def test_names(network: Network) -> None:
    """A name with dots is attributes of attributes; what begins with an underscore is nobody's."""
    server = JsonRPC(URL, reactor=network.reactor)
    assert repr(server) == "<JsonRPC>"
    method = server.system.listMethods
    assert repr(method) == "<RemoteMethod system.listMethods>"
    waiting = method()
    peer = network.accept()
    assert asked(peer)[1]["method"] == "system.listMethods"
    assert told(waiting, peer, {"result": [], "id": 0}) == []
    for owner in (server, method):
        with pytest.raises(
            AttributeError, match=r"no attribute '_x', .* JsonRpcClient.call\('_x'\)"
        ):
            owner._x()
        assert not hasattr(owner, "__len__")
        assert repr(copy.copy(owner)) == repr(owner)


@pytest.mark.parametrize(
    "name", ["call", "notify", "batch", "send", "close", "method", "name", "url"]
)
def test_every_name(network: Network, name: str) -> None:
    """No name is ours: each is a method of the server, below others too."""
    server = JsonRPC(URL, reactor=network.reactor)
    waiting = getattr(server, name)()
    peer = network.accept()
    assert asked(peer)[1]["method"] == name
    assert told(waiting, peer, {"result": 1, "id": 0}) == 1
    waiting = getattr(server.x, name)()
    assert asked(peer)[1]["method"] == f"x.{name}"
    assert told(waiting, peer, {"result": 1, "id": 1}) == 1


def test_classic_options(network: Network) -> None:
    """The names of cyclone 1.x: header lists, a proxy by host and port, a bound on connecting, redirects."""
    server = JsonRPC(
        "http://example.org/rpc",
        headers={"X-Key": ["a", "b"], "Content-Type": "text/x-json"},
        proxy=("127.0.0.1", 3128),
        timeout=5,
        followRedirect=1,
        maxRedirects=2,
        reactor=network.reactor,
    )
    waiting = server.add(1, 2)
    peer = network.accept()
    head, _ = asked(peer)
    assert head.startswith(b"POST http://example.org/rpc HTTP/1.1\r\n")
    assert b"\r\nX-Key: a\r\nX-Key: b\r\n" in head
    assert b"\r\nContent-Type: text/x-json\r\n" in head
    assert b"application/json-rpc\r\n" not in head
    for _ in range(2):
        peer.answer(b"", "307 Temporary Redirect", Location="http://example.org/rpc")
        assert asked(peer)[1]["method"] == "add"
    with pytest.raises(TooManyRedirects):
        told(waiting, peer, b"", "307 Temporary Redirect\r\nLocation: /rpc")
    peer.close()
    waiting = server.add(1, 2)
    network.advance(5)
    with pytest.raises(ConnectTimeout):
        result_of(waiting)


# The rest.


def test_versions(network: Network, make: Make) -> None:
    """Version 2.0 says so in each call, and takes parameters by name."""
    client = make(version="2.0")
    waiting = client.call("add", a=1, b=2)
    peer = network.accept()
    head, body = asked(peer)
    assert b"\r\nContent-Type: application/json\r\n" in head
    assert b"\r\nAccept: application/json\r\n" in head
    assert body == {"jsonrpc": "2.0", "method": "add", "params": {"a": 1, "b": 2}, "id": 0}
    assert told(waiting, peer, {"jsonrpc": "2.0", "result": 3, "id": 0.0}) == 3
    waiting = JsonRPC(client).method(method=1, self=2, name=3)
    assert asked(peer)[1]["params"] == {"method": 1, "self": 2, "name": 3}
    assert told(waiting, peer, {"jsonrpc": "2.0", "result": 4, "id": 1}) == 4


def test_both_ends(network: Network, make: Make) -> None:
    """The client and the codec's server understand each other, in both versions."""
    for version in ("1.0", "2.0"):
        client = make(version=version)
        waiting = client.call("subtract", 5, 3)
        peer = network.accept()
        serve(peer)
        assert result_of(waiting) == 2
        waiting = JsonRPC(client).system.list()
        serve(peer)
        assert result_of(waiting) == ["add", "subtract"]
        waiting = client.call("divide", 5, 3)
        serve(peer)
        with pytest.raises(MethodNotFoundError, match="Method not found"):
            result_of(waiting)
        done = client.notify("log", "x")
        serve(peer)
        assert result_of(done) is None


@pytest.mark.parametrize("head", ["400 Bad Request", "404 Not Found", "500 Internal Server Error"])
def test_status_with_an_error(network: Network, make: Make, head: str) -> None:
    """In 2.0 a status may come with an error object, which says more than the status."""
    waiting = make(version="2.0").call("add")
    said = {"jsonrpc": "2.0", "error": {"code": -32600, "message": "No", "data": [1]}, "id": None}
    with pytest.raises(InvalidRequestError, match="No") as caught:
        told(waiting, network.accept(), said, head)
    assert caught.value.data == [1]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"jsonrpc": "2.0", "result": 1, "id": 0}']
)
def test_status_without_an_error(network: Network, make: Make, body: bytes) -> None:
    """Any other body with a status that is not 200 is no answer."""
    waiting = make(version="2.0").call("add")
    with pytest.raises(HTTPClientError, match="502: Bad Gateway") as caught:
        told(waiting, network.accept(), body, "502 Bad Gateway")
    assert caught.value.response is not None
    assert caught.value.response.body == body


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no JSON"),
        (b"[" * 101, "more than 100 levels"),
        (b"[]", r"a batch answers the call of add\(\)"),
        (b'{"result": 1, "id": 1}', r"to add\(\) is that to another call: its id is 1 and not 0"),
        (b'{"result": 1, "id": "0"}', "its id is '0' and not 0"),
        (b'{"result": 1, "id": null}', "its id is None"),
        (b'{"error": "x", "id": "' + b"x" * 99 + b'"}', "its id is 'x{39} and"),
    ],
)
def test_no_answer(network: Network, make: Make, body: bytes, said: str) -> None:
    """What is no answer to the call is said to be none."""
    waiting = make().call("add", 1)
    with pytest.raises(InvalidResponseError, match=said):
        told(waiting, network.accept(), body)


def test_true_is_no_id(network: Network, make: Make) -> None:
    """Python takes True for 1, but JSON does not."""
    client = make(version="2.0")
    waiting = client.call("add", 1)
    peer = network.accept()
    assert told(waiting, peer, {"jsonrpc": "2.0", "result": 1, "id": 0}) == 1
    with pytest.raises(InvalidResponseError, match="has no id"):
        told(client.call("add", 1), peer, {"jsonrpc": "2.0", "result": 1, "id": True})


def test_error_without_id(network: Network, make: Make) -> None:
    """An error of a server that could not read the id is an answer: there was one call."""
    waiting = make().call("add", 1)
    with pytest.raises(JsonRpcError, match="too busy"):
        told(waiting, network.accept(), {"error": "too busy", "id": None})


def test_depth(network: Network, make: Make) -> None:
    """How deep an answer may be nested can be said."""
    client = make(max_depth=2)
    waiting = client.call("a")
    peer = network.accept()
    assert told(waiting, peer, {"result": [], "id": 0}) == []
    with pytest.raises(InvalidResponseError, match="more than 2 levels"):
        told(client.call("a"), peer, {"result": [[]], "id": 1})


def test_size(network: Network, make: Make) -> None:
    """An answer has 10 MiB at most, or what was said."""
    for options, size in (({}, 10 * 1024**2), ({"max_body_size": 100}, 100)):
        client = make(**options)
        waiting = client.call("a")
        peer = network.accept()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (size + 1))
        with pytest.raises(HTTPClientError, match=r"."):
            result_of(waiting)


def test_time(network: Network, make: Make) -> None:
    """A call fails when the time is over that it may take."""
    waiting = make(request_timeout=3).call("a")
    network.accept()
    network.advance(3)
    with pytest.raises(TimeoutError):
        result_of(waiting)
    assert network.is_quiet()


def test_cancel(network: Network, make: Make) -> None:
    """Who cancels a call ends the request."""
    waiting = make().call("a")
    peer = network.accept()
    waiting.cancel()
    with pytest.raises(CancelledError):
        result_of(waiting)
    assert peer.closed


@pytest.mark.parametrize("status", ["200 OK", "202 Accepted", "204 No Content"])
def test_notification(network: Network, make: Make, status: str) -> None:
    """A call without an answer has no id in 2.0, and null in 1.0; what the server says does not count."""
    for version, expected in (
        ("1.0", {"method": "log", "params": ["x"], "id": None}),
        ("2.0", {"jsonrpc": "2.0", "method": "log", "params": ["x"]}),
    ):
        waiting = make(version=version).notify("log", "x")
        peer = network.accept()
        assert asked(peer)[1] == expected
        assert told(waiting, peer, b"" if status.startswith("204") else b"?", status) is None


def test_notification_fails(network: Network, make: Make) -> None:
    """That the server has not taken it is an error."""
    waiting = make().notify("log", "x")
    with pytest.raises(HTTPClientError, match="503"):
        told(waiting, network.accept(), b"", "503 Service Unavailable")


def test_batch(network: Network, make: Make) -> None:
    """Calls are sent together; the responses come in the order of the calls."""
    client = make(version="2.0")
    batch = client.batch().call("add", 1, 2).notify("log", "x").call("add", a=3, b=4)
    waiting = batch.call("divide", 1, 2).send()
    peer = network.accept()
    serve(peer)
    first, second, third = result_of(waiting)
    assert (first.get(), second.get()) == (3, 7)
    with pytest.raises(MethodNotFoundError):
        third.get()
    waiting = client.batch().call("add", 1, 1).call("add", 2, 2).send()
    _, body = asked(peer)
    assert [each["id"] for each in body] == [3, 4]
    said = [{"jsonrpc": "2.0", "result": each["id"], "id": each["id"]} for each in reversed(body)]
    assert [each.get() for each in told(waiting, peer, said)] == [3, 4]


def test_batch_of_notifications(network: Network, make: Make) -> None:
    """A batch that wants no answers gets none."""
    client = make(version="2.0")
    waiting = client.batch().notify("log", "x").notify("log", "y").send()
    peer = network.accept()
    assert peer.received.count(b"log") == 2
    serve(peer)
    assert result_of(waiting) == []
    with pytest.raises(HTTPClientError, match="400"):
        told(client.batch().notify("log").send(), peer, b"", "400 Bad Request")


def test_empty_batch(network: Network, make: Make) -> None:
    """A batch without calls asks nobody."""
    assert result_of(make(version="2.0").batch().send()) == []
    assert not network.attempts


@pytest.mark.parametrize(
    ("said", "kind", "message"),
    [
        (
            {"error": {"code": -32600, "message": "Too many"}, "id": None},
            InvalidRequestError,
            "Too many",
        ),
        ({"result": 1, "id": 0}, InvalidResponseError, "a single response answers a batch"),
        ([], InvalidResponseError, "batch of 2 calls has 0 responses"),
        ([{"result": 1, "id": 1}], InvalidResponseError, "batch of 2 calls has 1 responses"),
        (
            [{"result": 1, "id": 0}] * 2,
            InvalidResponseError,
            "id 0, which was not asked for, or twice",
        ),
        ([{"result": 1, "id": 7}], InvalidResponseError, "the id 7"),
        ([{"result": 1, "id": None}], InvalidResponseError, "the id None"),
        ([{"result": 1, "id": "0"}], InvalidResponseError, "the id '0'"),
        (
            [{"result": 1, "id": 0}, {"error": {"code": -32600, "message": "?"}, "id": None}],
            InvalidRequestError,
            r"\?",
        ),
        (b"x", InvalidResponseError, "no JSON"),
    ],
)
def test_batch_answered_wrongly(
    network: Network, make: Make, said: object, kind: type[Exception], message: str
) -> None:
    """There is exactly one response to each call, or the batch as a whole has failed."""
    waiting = make(version="2.0").batch().call("a").call("b").send()
    with pytest.raises(kind, match=message):
        told(waiting, network.accept(), said)


def test_batch_is_sent_once(network: Network, make: Make) -> None:
    """What was sent is sent; JSON-RPC 1.0 has no batches."""
    batch = make(version="2.0").batch().notify("a")
    batch.send().addErrback(lambda _: None)
    for again in (batch.send, lambda: batch.call("a"), lambda: batch.notify("a")):
        with pytest.raises(RuntimeError, match="was sent"):
            again()
    with pytest.raises(ValueError, match=r"version='2\.0'"):
        make().batch()
    network.refuse()


def test_parameters(network: Network, make: Make) -> None:
    """What cannot be asked is the program's mistake, said where it is made, and nobody is asked."""
    client = make(version="2.0")
    with pytest.raises(
        TypeError, match=r"add\(\) is called with parameters by position and by name"
    ):
        client.call("add", 1, b=2)
    with pytest.raises(TypeError, match="by position and by name"):
        client.batch().notify("add", 1, b=2)
    with pytest.raises(TypeError, match=r"parameters of add\(\) cannot be said in JSON"):
        client.call("add", object())
    with pytest.raises(TypeError, match=r"which JSON-RPC 1\.0 has not"):
        make().call("add", a=1)
    assert not network.attempts


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"version": "1.1"}, ValueError, "version is '1.0' or '2.0', not '1.1'"),
        ({"colour": "red"}, TypeError, "colour"),
        ({"headers": {"a b": "c"}}, ValueError, "a b"),
        ({"body": b"x", "method": "PUT"}, TypeError, "body, method: .* those of a call"),
        ({"json": 1}, TypeError, "json: method and body"),
    ],
)
def test_options(options: dict[str, Any], kind: type[Exception], said: str) -> None:
    """An option that means nothing is refused when the client is made."""
    for make in (JsonRPC, JsonRpcClient):
        with pytest.raises(kind, match=said):
            make(URL, **options)


def test_options_beside_a_client(make: Make) -> None:
    """The options of a client are said once."""
    with pytest.raises(TypeError, match="beside a JsonRpcClient"):
        JsonRPC(make(), version="2.0")


def test_given_client(network: Network) -> None:
    """Any client can be used; its base URL and its connections stay its own."""
    http = HTTPClient(base_url="http://127.0.0.1/api/", reactor=network.reactor)
    client = JsonRpcClient("rpc", client=http)
    waiting = client.call("add", 1, 2)
    peer = network.accept()
    assert asked(peer)[0].startswith(b"POST /api/rpc HTTP/1.1")
    assert told(waiting, peer, {"result": 3, "id": 0}) == 3
    result_of(client.close())
    assert not peer.closed
    with pytest.raises(RuntimeError, match="is closed"):
        client.call("add", 1, 2)
    http.close()
    assert peer.closed


def test_close(network: Network, make: Make) -> None:
    """A client closes its own connections, at the end of a block as well; it need not have made one."""

    async def use(client: JsonRpcClient) -> object:
        async with client:
            return await client.call("add", 1, 2)

    waiting = Deferred.fromCoroutine(use(make()))
    peer = network.accept()
    assert told(waiting, peer, {"result": 3, "id": 0}) == 3
    assert peer.closed
    client = make()
    result_of(client.close())
    with pytest.raises(RuntimeError, match="is closed"):
        client.notify("a")
    assert not network.attempts


def test_collected(network: Network) -> None:
    """Nobody need keep the object while it calls; when it is forgotten, its connections close."""
    waiting = JsonRPC(URL, reactor=network.reactor).add(1, 2)
    peer = network.accept()
    gc.collect()
    assert told(waiting, peer, {"result": 3, "id": 0}) == 3
    del waiting
    gc.collect()
    network.advance(0)
    assert peer.closed


def test_installed_reactor() -> None:
    """Without a reactor it is the installed one; nothing is asked before there is something to ask."""
    client = JsonRpcClient(URL, client=AsyncHTTPClient())
    assert result_of(client.close()) is None
