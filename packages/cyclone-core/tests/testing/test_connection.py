"""Requests that are open: streams, disconnects, slow clients, and connections for bytes."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock

from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.testing import AnswerLost, BadAnswer, Client, OpenRequest, result_of
from cyclone_core.web import RequestHandler, asynchronous, stream_request_body

MakeClient = Callable[..., Client]


class Open(RequestHandler):
    """Leaves its request open, for the test to go on with."""

    @asynchronous
    def get(self) -> None:
        """Hand the handler out."""
        self.settings.opened.append(self)

    def on_connection_close(self) -> None:
        self.settings.closed.append(self.request.path)

    def on_finish(self) -> None:
        self.settings.closed.append("finished")


@pytest.fixture
def handlers() -> list[Open]:
    """The handlers that are open."""
    return []


@pytest.fixture
def closed() -> list[str]:
    """The paths whose client has gone."""
    return []


@pytest.fixture
def client(make_client: MakeClient, handlers: list[Open], closed: list[str]) -> Client:
    """A client of `Open`."""
    return make_client(Open, opened=handlers, closed=closed)


def test_stream(client: Client, handlers: list[Open], closed: list[str]) -> None:
    """An answer that comes in pieces is looked at while it comes."""
    opened = client.open("GET", "/", follow_redirects=True)
    assert (opened.status, opened.headers, opened.received) == (None, None, b"")
    assert opened.request is handlers[0].request
    handlers[0].set_status(201, "Made")
    handlers[0].write("one")
    handlers[0].flush()
    assert (opened.status, opened.reason, opened.take()) == (201, "Made", b"one")
    assert opened.headers is not None
    assert opened.headers["Transfer-Encoding"] == "chunked"
    assert opened.handler is None
    handlers[0].write("two")
    handlers[0].flush()
    assert (opened.take(), opened.take(), opened.received) == (b"two", b"", b"onetwo")
    assert not opened.response.called
    handlers[0].finish("three")
    assert result_of(opened.response).text == "onetwothree"
    assert opened.handler is handlers[0]
    assert closed == ["finished"]


def test_until_the_end(client: Client, handlers: list[Open]) -> None:
    """To HTTP/1.0 a stream goes on until the server closes the connection."""
    opened = client.open("GET", "/", version="HTTP/1.0")
    handlers[0].write("one")
    handlers[0].flush()
    handlers[0].finish("two")
    assert result_of(opened.response).text == "onetwo"


@pytest.mark.parametrize("reset", [False, True])
def test_disconnect(client: Client, handlers: list[Open], closed: list[str], reset: bool) -> None:
    """A client that goes in the middle is noticed at once; what had come is in the exception."""
    opened = client.open("GET", "/path")
    other = client.open("GET", "/other")
    handlers[0].write("part")
    handlers[0].flush()
    opened.disconnect(reset=reset)
    assert closed == ["/path"]
    with pytest.raises(AnswerLost, match="the test has closed the connection") as caught:
        result_of(opened.response)
    assert (caught.value.status, caught.value.content) == (200, b"part")
    assert caught.value.headers is not None
    assert caught.value.headers["Transfer-Encoding"] == "chunked"
    handlers[0].finish("too late")
    opened.disconnect()
    client.disconnect(reset=reset)
    assert closed == ["/path", "finished", "/other"]
    with pytest.raises(AnswerLost):
        result_of(other.response)


def test_server_disconnects(client: Client, handlers: list[Open]) -> None:
    """A server that cuts the connection loses the answer; that is a failure that somebody must see."""
    opened = client.open("GET", "/")
    handlers[0].write("part")
    handlers[0].flush()
    exchange = handlers[0].request.connection
    assert exchange is not None
    exchange.abort("no reason")
    with pytest.raises(AnswerLost, match="the server has closed the connection"):
        result_of(opened.response)


def test_goes_on_where_it_is_lost(client: Client, closed: list[str]) -> None:
    """When the answer is known to be lost the handler knows it already."""
    seen: list[list[str]] = []
    opened = client.open("GET", "/x")
    opened.response.addErrback(lambda _: seen.append(closed.copy()))
    opened.disconnect()
    assert seen == [["/x"]]


def test_slow_client(client: Client, handlers: list[Open]) -> None:
    """A client that takes nothing holds up who writes; when it goes on, so does the handler."""
    opened = client.open("GET", "/")
    opened.pause()
    handlers[0].write(bytes(10))
    flushed = handlers[0].flush()
    assert result_of(flushed) is None
    assert opened.received == b""
    waiting = []
    for _ in range(4):
        handlers[0].write(bytes(100_000))
        waiting.append(handlers[0].flush())
    assert [each.called for each in waiting] == [False] * 4
    handlers[0].finish()
    assert not opened.response.called
    opened.resume()
    assert [each.called for each in waiting] == [True] * 4
    assert len(result_of(opened.response).content) == 400_010


def test_slow_client_of_a_whole_answer(make_client: MakeClient) -> None:
    """An answer that is complete before its client takes it waits for that, too."""

    class Whole(RequestHandler):
        def get(self) -> None:
            self.write(bytes(1000))

    client = make_client(Whole)
    connection = client.connect()
    connection.transport.hold()
    response = client.get("/", connection=connection)
    assert not response.called
    connection.transport.release()
    assert isinstance(result_of(response).handler, Whole)


def test_slow_client_of_several_answers(make_client: MakeClient) -> None:
    """Answers that wait for their client do not keep the server from the next request."""

    class Count(RequestHandler):
        def get(self) -> None:
            self.write(self.request.path)

    client = make_client(Count)
    connection = client.connect()
    connection.transport.hold()
    answers = [client.get(path, connection=connection) for path in ("/1", "/2")]
    assert not any(answer.called for answer in answers)
    connection.transport.release()
    found = [(each.text, each.request.path) for each in map(result_of, answers)]
    assert found == [("/1", "/1"), ("/2", "/2")]


def test_gone_while_asked(make_client: MakeClient) -> None:
    """A client may go while its handler runs, in the same call."""
    clients: list[Client] = []

    class Leave(RequestHandler):
        def get(self) -> None:
            clients[0].disconnect()
            self.write("nobody gets this")

    clients.append(make_client(Leave))
    with pytest.raises(AnswerLost):
        result_of(clients[0].get("/"))


def test_write_timeout(client: Client, handlers: list[Open], clock: Clock) -> None:
    """The server's deadlines hold in memory as well: a client that takes nothing is cut off."""
    opened = client.open("GET", "/")
    opened.pause()
    handlers[0].write(bytes(200_000))
    handlers[0].flush()
    clock.pump([1] * 35)
    with pytest.raises(AnswerLost, match="the server has closed"):
        result_of(opened.response)


@stream_request_body
class Upload(RequestHandler):
    """Takes a body in pieces."""

    def initialize(self) -> None:
        self.body = b""

    def data_received(self, chunk: bytes) -> None:
        self.body += chunk

    def put(self) -> None:
        """Answer with the body."""
        self.write(self.body.upper())


@pytest.mark.parametrize("headers", [{"Transfer-Encoding": "chunked"}, {"Content-Length": "6"}])
def test_open_body(make_client: MakeClient, headers: dict[str, str]) -> None:
    """A body may be sent as the test goes, in chunks or as long as it was announced."""
    opened = make_client(Upload).open("PUT", "/", headers=headers)
    opened.send(b"abc")
    opened.send(b"")
    opened.send(b"def")
    opened.end()
    opened.end()
    assert result_of(opened.response).text == "ABCDEF"
    with pytest.raises(RuntimeError, match="complete already"):
        opened.send(b"more")


def test_body_of_an_open_request(make_client: MakeClient) -> None:
    """An open request may have its body from the start; then there is no more to send."""
    opened = make_client(Upload).open("PUT", "/", body=b"abc")
    assert opened.received == b"ABC"
    with pytest.raises(RuntimeError):
        opened.send(b"more")


def test_disconnect_in_body(make_client: MakeClient) -> None:
    """A client may go in the middle of its body."""
    opened = make_client(Upload).open("PUT", "/", headers={"Content-Length": "6"})
    opened.send(b"abc")
    opened.disconnect()
    with pytest.raises(AnswerLost):
        result_of(opened.response)


def test_upgrade(make_client: MakeClient) -> None:
    """Behind a 101 an open request is a connection for the other protocol."""

    class Shout(Protocol):
        def dataReceived(self, data: bytes) -> None:
            if data == b"bye":
                self.transport.loseConnection()
            else:
                self.transport.writeSequence([data.upper(), b"!"])

    class Upgrading(RequestHandler):
        @asynchronous
        def get(self) -> None:
            exchange = self.request.connection
            assert exchange is not None
            exchange.send_interim(103, HTTPHeaders({"Link": "a"}))
            exchange.send_interim(101, HTTPHeaders({"Upgrade": "shout", "Connection": "Upgrade"}))
            exchange.upgrade(Shout())

    client = make_client(Upgrading)
    opened = client.open("GET", "/", headers={"Upgrade": "shout", "Connection": "Upgrade"})
    assert [each.status for each in opened.interim] == [103, 101]
    response = result_of(opened.response)
    assert (response.status, response.headers["Upgrade"]) == (101, "shout")
    opened.send(b"hey")
    assert opened.take() == b"HEY!"
    opened.send(b"bye")
    assert not client.app.connections.clock.watched


def test_bytes(client: Client, handlers: list[Open]) -> None:
    """A connection without requests of the client carries bytes, and shows those of the server."""
    connection = client.connect(protocol="https")
    connection.send(b"GET / HTTP/1.0\r\n")
    connection.send(b"\r\n")
    handlers[0].finish("hello")
    assert bytes(connection.received).startswith(b"HTTP/1.1 200 OK\r\n")
    assert bytes(connection.received).endswith(b"\r\n\r\nhello")
    assert not connection.open
    assert handlers[0].request.full_url() == "https://127.0.0.1/"
    wrong = client.connect()
    wrong.send(b"nonsense\r\n\r\n")
    assert bytes(wrong.received).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert not wrong.open


def test_addresses(client: Client) -> None:
    """The server sees where a connection comes from, and where to."""
    peer = client.connect(remote_ip="10.0.0.1").protocol.peer
    assert (peer.remote_ip, peer.local_address.host) == ("10.0.0.1", "127.0.0.1")
    peer = client.connect(remote_ip="2001:db8::1").protocol.peer
    assert (peer.remote_ip, peer.local_address.host) == ("2001:db8::1", "::1")
    peer = client.connect(remote_ip="unix:").protocol.peer
    assert peer.remote_ip == "unix:"
    with pytest.raises(ValueError, match=r"not '10\.0\.0'"):
        client.connect(remote_ip="10.0.0")


def test_bad_answer() -> None:
    """A server that breaks the rules of HTTP fails the request that is open, and those behind it."""
    requests: list[HTTPServerRequest] = []
    clock = Clock()
    with Client(requests.append, reactor=cast("Any", clock)) as client:
        connection = client.connect()
        answers = [client.get("/", connection=connection) for _ in range(2)]
        connection.protocol.transport.write(b"nonsense\r\n\r\n")
        for answer in answers:
            with pytest.raises(BadAnswer, match="no status line of HTTP/1: 'nonsense'"):
                result_of(answer)
        assert not connection.open
    assert clock.getDelayedCalls() == []


def test_more_than_was_asked() -> None:
    """An answer that nobody has asked for is a mistake of the server."""
    requests: list[HTTPServerRequest] = []
    clock = Clock()
    with Client(requests.append, reactor=cast("Any", clock)) as client:
        connection = client.connect()
        answer = client.get("/", connection=connection)
        twice = b"HTTP/1.1 204 No Content\r\n\r\n" * 2
        connection.protocol.transport.write(twice)
        assert not connection.open
        assert result_of(answer).status == 204


def test_open_request_is_public(client: Client) -> None:
    """What `open` gives is an `OpenRequest`, and its response a Deferred."""
    opened = client.open("GET", "/")
    assert isinstance(opened, OpenRequest)
    assert isinstance(opened.response, Deferred)
