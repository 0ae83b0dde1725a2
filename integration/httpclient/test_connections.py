"""Connections: which are kept, how many there may be, who waits, and for how long."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from startup_processes import free_port
from twisted.internet.defer import DeferredList, gatherResults
from twisted.python.failure import Failure

from cyclone.httpclient import (
    AsyncHTTPClient,
    ConnectError,
    ConnectTimeout,
    HTTPClient,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    IdleTimeout,
    QueueTimeout,
    RequestTimeout,
    ResolveError,
)
from httpclient.conftest import Makes
from httpclient.running import Loop, sockets_to
from httpclient.servers.hostile import Act, Exchange, for_ever, say, say_and_wait
from httpclient.world import Option, World

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
SILENCE = say_and_wait()


async def peer(client: AsyncHTTPClient | HTTPClient, url: str, **options: Option) -> str:
    """Return which connection the server sees."""
    found: str = (await client.fetch(url, **options)).json()["peer"]
    return found


class TestKept:
    """Connections that are used again."""

    async def test_in_turn(self, client: AsyncHTTPClient, world: World) -> None:
        """Requests in turn share a connection, whatever their methods and statuses."""
        peers = {await peer(client, world.url("/anything"))}
        await client.fetch(world.url("/status/404"), raise_error=False)
        await client.fetch(world.url("/get"), method="HEAD")
        await client.fetch(world.url("/status/204"))
        await client.fetch(world.url("/stream/3"))
        peers.add(await peer(client, world.url("/post"), method="POST", body="x" * 100_000))
        assert len(peers) == 1
        assert len(sockets_to(world.port())) == 1

    async def test_not_shared(self, make_client: Makes, world: World) -> None:
        """Two clients share none."""
        peers = {await peer(make_client(), world.url()) for _ in range(2)}
        assert len(peers) == 2

    @pytest.mark.parametrize("header", ["close", "Close", "x, CLOSE"])
    async def test_closed_by_header(
        self, client: AsyncHTTPClient, world: World, header: str
    ) -> None:
        """`Connection: close` of the program ends it."""
        url = world.url()
        peers = {await peer(client, url, headers={"Connection": header}) for _ in range(2)}
        assert len(peers) == 2

    async def test_closed_by_server(self, client: AsyncHTTPClient, world: World) -> None:
        """That of the server does, too."""
        assert await peer(client, world.url("/close")) != await peer(client, world.url())

    async def test_closed_while_idle(
        self, loop: Loop, client: AsyncHTTPClient, world: World
    ) -> None:
        """A connection that the server has closed meanwhile is not used."""
        url = world.answers(OK)
        for _ in range(3):
            assert (await client.fetch(url)).body == b"hi"
            await loop.until("end", lambda: not sockets_to(world.port("hostile")))

    async def test_closed_at_the_same_time(self, client: AsyncHTTPClient, world: World) -> None:
        """If the server closes just as a request comes, one that does no harm is sent again."""
        begun: list[bytes] = []

        async def act(exchange: Exchange) -> None:
            begun.append(exchange.head)
            if len(begun) == 2:
                exchange.writer.close()
            else:
                exchange.writer.write(OK)

        url = world.answers(act)
        assert (await client.fetch(url)).body == b"hi"
        assert (await client.fetch(url)).body == b"hi"
        assert len(begun) == 3

    async def test_never_twice(self, client: AsyncHTTPClient, world: World) -> None:
        """A POST is never sent twice: its caller learns that the connection has ended."""
        begun: list[bytes] = []

        async def act(exchange: Exchange) -> None:
            begun.append(exchange.head)
            if len(begun) == 1:
                exchange.writer.write(OK)
            else:
                exchange.writer.close()

        url = world.answers(act)
        await client.fetch(url)
        with pytest.raises(HTTPStreamClosedError):
            await client.fetch(url, method="POST", body="once")
        assert len(begun) == 2

    async def test_for_a_while(self, loop: Loop, make_client: Makes, world: World) -> None:
        """What is not used for `idle_connection_timeout` seconds is closed."""
        client = make_client(idle_connection_timeout=0.1)
        await client.fetch(world.url())
        assert sockets_to(world.port())
        await loop.until("end", lambda: not sockets_to(world.port()))
        assert not loop.left()
        assert (await client.fetch(world.url())).code == 200

    @pytest.mark.parametrize("most", [0, 2])
    async def test_not_too_many(
        self, loop: Loop, make_client: Makes, world: World, most: int
    ) -> None:
        """No more than `max_idle_connections` are kept."""
        client = make_client(max_idle_connections=most)
        await gatherResults([client.fetch(world.url("/delay/0.05")) for _ in range(4)])
        await loop.until("end", lambda: len(sockets_to(world.port())) == most)

    async def test_forgotten_client(self, loop: Loop, world: World) -> None:
        """A client that nobody holds any more leaves no connection."""
        await AsyncHTTPClient(reactor=loop.reactor).fetch(world.url())
        await loop.until("end", lambda: not sockets_to(world.port()))

    async def test_bytes_behind_the_answer(
        self, loop: Loop, client: AsyncHTTPClient, world: World
    ) -> None:
        """What comes behind an answer, with it or later, is never taken for the next one."""
        evil = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
        for pieces in ([OK + evil], [OK, evil]):
            url = world.answers(say(*pieces, then_close=False))
            for _ in range(3):
                assert (await client.fetch(url)).body == b"hi"
                await loop.until("end", lambda: not sockets_to(world.port("hostile")))


class TestQueue:
    """No more requests at a time than `max_clients`."""

    async def test_in_order(self, make_client: Makes, world: World) -> None:
        """Others wait, and have their turn in the order in which they came."""
        client = make_client(max_clients=1)
        urls = [world.answers(say(OK, then_close=False)) for _ in range(20)]
        asked = len(world.hostile.heads)
        await gatherResults([client.fetch(url) for url in urls])
        heads = world.hostile.heads[asked:]
        assert [head.split(b" ", 2)[1].decode() for head in heads] == [
            url[url.rindex("/") :] for url in urls
        ]

    async def test_not_more(self, make_client: Makes, world: World) -> None:
        """There are never more connections than that, and they are kept."""
        client = make_client(max_clients=3)
        most = 0

        def count(_: object) -> None:
            nonlocal most
            most = max(most, len(sockets_to(world.port())))

        url = world.url("/delay/0.01")
        await gatherResults([client.fetch(url).addCallback(count) for _ in range(12)])
        assert most == 3
        assert len({await peer(client, world.url()) for _ in range(4)}) <= 3

    async def test_time_in_the_queue(self, make_client: Makes, world: World) -> None:
        """How long a request has waited is told, and is no part of `request_time`."""
        client = make_client(max_clients=1)
        _, second = await gatherResults([client.fetch(world.url("/delay/0.2")) for _ in range(2)])
        assert second.time_info["queue"] >= 0.15
        assert second.request_time is not None
        assert second.request_time < second.time_info["queue"] + 0.2

    async def test_timeout(self, make_client: Makes, world: World) -> None:
        """Who waits for longer than `connect_timeout` fails; the others do not."""
        client = make_client(max_clients=1)
        first = client.fetch(world.url("/delay/0.3"))
        with pytest.raises(QueueTimeout) as caught:
            await client.fetch(world.url(), connect_timeout=0.05)
        assert caught.value.code == 599
        assert isinstance(caught.value, HTTPTimeoutError | TimeoutError)
        assert (await first).code == 200
        assert (await client.fetch(world.url())).code == 200

    async def test_total_timeout(self, make_client: Makes, world: World) -> None:
        """`request_timeout` runs in the queue, too."""
        client = make_client(max_clients=1)
        first = client.fetch(world.url("/delay/0.3"))
        with pytest.raises(HTTPTimeoutError):
            await client.fetch(world.url(), request_timeout=0.05)
        assert (await first).code == 200

    async def test_many(self, make_client: Makes, world: World) -> None:
        """Failures of all kinds give their places back."""
        client = make_client(max_clients=3)
        urls = [
            world.answers(OK),
            world.answers(b""),
            world.answers(b"garbage\r\n\r\n"),
            world.answers(SILENCE),
            f"http://127.0.0.1:{free_port()}/",
            world.url("/status/500"),
            world.url("/redirect/2"),
        ]
        fetches = [client.fetch(url, idle_timeout=0.3) for url in urls * 3]
        results = await DeferredList(fetches, consumeErrors=True)
        assert sum(succeeded for succeeded, _ in results) == 6
        assert (await client.fetch(world.url())).code == 200


def _has_length(found: bytearray, length: int) -> bool:
    return len(found) == length


class TestTimeouts:
    """Silence ends, wherever it is."""

    @pytest.mark.parametrize(
        "act",
        [
            SILENCE,
            say_and_wait(b"HTTP/1.1 200 OK\r\nContent-"),
            say_and_wait(OK[:-1]),
            say_and_wait(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"),
            say_and_wait(b"HTTP/1.1 200 OK\r\n\r\nhi"),
            for_ever(b"HTTP/1.1 200 OK\r\n\r\n", b"x", pause=0.02),
            for_ever(b"HTTP/1.1 200 OK\r\nX:", b" x", pause=0.02),
        ],
        ids=["answer", "head", "length", "chunks", "close", "drip", "head-drip"],
    )
    async def test_request_timeout(
        self, loop: Loop, client: AsyncHTTPClient, world: World, act: Act
    ) -> None:
        """`request_timeout` is for everything together; the connection is closed."""
        begun = loop.reactor.seconds()
        with pytest.raises(RequestTimeout) as caught:
            await client.fetch(world.answers(act), request_timeout=0.2)
        assert caught.value.code == 599
        assert "0.2" in str(caught.value)
        assert loop.reactor.seconds() - begun < 5
        await loop.until("end", lambda: not sockets_to(world.port("hostile")))

    async def test_idle_timeout(self, loop: Loop, client: AsyncHTTPClient, world: World) -> None:
        """`idle_timeout` is for silence only: a slow answer goes on, a stalled one does not."""
        more, got = asyncio.Semaphore(0), bytearray()

        async def slow(exchange: Exchange) -> None:
            exchange.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
            for _ in range(5):
                await more.acquire()
                exchange.writer.write(b"*")

        options: dict[str, Any] = {"idle_timeout": 10, "request_timeout": 0}
        fetch = client.fetch(world.answers(slow), streaming_callback=got.extend, **options)
        for number in range(5):
            await loop.until("piece", partial(_has_length, got, number))
            loop.skip(9)
            world.background.call(more.release)
        await fetch
        assert got == b"*****"
        for pieces in ([], [OK[:-1]]):
            stalled = client.fetch(world.answers(say_and_wait(*pieces)), **options)
            while not stalled.called:
                await loop.pause(0.02)
                loop.skip(5)
            with pytest.raises(IdleTimeout):
                await stalled

    async def test_none(self, client: AsyncHTTPClient, world: World) -> None:
        """0 is no bound at all."""
        url = world.url("/delay/0.1")
        response = await client.fetch(url, connect_timeout=0, request_timeout=0, idle_timeout=0)
        assert response.code == 200

    async def test_short_of_all(self, client: AsyncHTTPClient, world: World) -> None:
        """A timer of a request that has been answered does nothing."""
        for _ in range(5):
            await client.fetch(world.url(), request_timeout=0.3, connect_timeout=0.2)


class TestConnect:
    """Ways to the server, and that there is none."""

    async def test_refused(self, client: AsyncHTTPClient) -> None:
        """Where nobody listens there is a `ConnectError`, which is a `ConnectionError` and says where."""
        port = free_port()
        with pytest.raises(ConnectError, match=str(port)) as caught:
            await client.fetch(f"http://127.0.0.1:{port}/")
        assert caught.value.code == 599
        assert isinstance(caught.value, ConnectionError)

    @pytest.mark.parametrize("option", ["connect_timeout", "request_timeout"])
    async def test_timeout(
        self, loop: Loop, client: AsyncHTTPClient, deaf: int, option: str
    ) -> None:
        """An attempt that nobody answers ends, and leaves no socket."""
        options: dict[str, Any] = {option: 0.1}
        kind = ConnectTimeout if option == "connect_timeout" else RequestTimeout
        with pytest.raises(kind, match=r"0\.1"):
            await client.fetch(f"http://127.0.0.1:{deaf}/", **options)
        assert loop.connections() == []

    @pytest.mark.parametrize(
        ("answers", "kind"), [(True, ResolveError), (False, ConnectTimeout)], ids=str
    )
    async def test_resolve(
        self,
        client: AsyncHTTPClient,
        resolve: Callable[[bool], None],
        answers: bool,
        kind: type[Exception],
    ) -> None:
        """A name without an address is a `ResolveError`; a resolver that is silent is not waited for."""
        resolve(answers)
        with pytest.raises(kind, match=r"name\.example"):
            await client.fetch("http://name.example/", connect_timeout=0.1)

    async def test_hostname_mapping(self, make_client: Makes, world: World) -> None:
        """Hosts can have other addresses; the server sees the host of the URL."""
        mapping: dict[Any, Any] = {
            "name.example": "127.0.0.1",
            ("port.example", 80): ("127.0.0.1", world.port()),
            "xn--bcher-kva.example": "127.0.0.1",
        }
        client = make_client(hostname_mapping=mapping)
        for url, host in (
            (f"http://name.example:{world.port()}/get", f"name.example:{world.port()}"),
            ("http://port.example/get", "port.example"),
            (f"http://bücher.example:{world.port()}/get", f"xn--bcher-kva.example:{world.port()}"),
        ):
            told = (await client.fetch(url)).json()
            assert ["Host", host] in told["headers"]

    async def test_network_interface(self, client: AsyncHTTPClient, world: World) -> None:
        """The address to connect from can be chosen, and such a connection is used for no other."""
        assert (await peer(client, world.url())).startswith("127.0.0.1 ")
        found = await peer(client, world.url(), network_interface="127.0.0.3")
        assert found.startswith("127.0.0.3 ")
        assert (await peer(client, world.url())).startswith("127.0.0.1 ")

    # Twisted leaves a socket that it could not bind to the collector.
    @pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
    async def test_strange_interface(self, client: AsyncHTTPClient, world: World) -> None:
        """An address that is not this machine's is told."""
        with pytest.raises(ConnectError, match=r"192\.0\.2\.1"):
            await client.fetch(world.url(), network_interface="192.0.2.1")

    async def test_unix_socket(self, client: AsyncHTTPClient, world: World) -> None:
        """A server on a Unix socket is asked there; the URL says host and path."""
        options: dict[str, Any] = {"unix_socket": world.honest.unix_socket}
        for _ in range(2):
            told = (await client.fetch("http://a.example/anything", **options)).json()
            assert ["Host", "a.example"] in told["headers"]
            assert told["uri"] == "/anything"
        with pytest.raises(ConnectError):
            await client.fetch("http://a/", unix_socket=world.honest.unix_socket + "x")

    async def test_ipv6(self, client: AsyncHTTPClient, world: World) -> None:
        """An address of IPv6 stands in brackets."""
        if "six" not in world.honest.ports:
            pytest.skip("this machine has no IPv6")
        told = (await client.fetch(f"http://[::1]:{world.port('six')}/get")).json()
        assert ["Host", f"[::1]:{world.port('six')}"] in told["headers"]

    async def test_no_ipv6(self, make_client: Makes, world: World) -> None:
        """A name that has addresses of both kinds is asked by IPv4 if IPv6 is not wanted."""
        client = make_client(hostname_mapping={"both.example": "localhost"})
        url = f"http://both.example:{world.port()}/get"
        assert (await client.fetch(url, allow_ipv6=False)).code == 200

    async def test_close(self, loop: Loop, make_client: Makes, world: World) -> None:
        """Closing a client ends what is under way, in the queue, and idle."""
        client = make_client(max_clients=2)
        await client.fetch(world.url())
        fetches = [client.fetch(world.answers(SILENCE)) for _ in range(4)]
        asked = len(world.hostile.heads)
        await loop.until("requests", lambda: len(world.hostile.heads) == asked + 2)
        client.close()
        results = await DeferredList(fetches, consumeErrors=True)
        for succeeded, failure in results:
            assert not succeeded
            assert isinstance(failure, Failure)
            assert isinstance(failure.value, HTTPStreamClosedError)
        await loop.until("end", lambda: not sockets_to(*world.ports))
        with pytest.raises(RuntimeError):
            await client.fetch(world.url())
        client.close()
