"""Sentinel: pools that follow the master of a service wherever it goes."""

# ruff: noqa: ANN401, N802, N803, N815 -- names of txredisapi and Twisted; reactors and replies of any class

from collections.abc import Callable, Sequence
from typing import Any, Final, Self, cast
from weakref import WeakSet

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IProtocolFactory, IStreamClientEndpoint
from zope.interface import implementer

from cyclone_storage.redis.connection.protocol import RedisProtocol
from cyclone_storage.redis.errors import MasterNotFoundError, ResponseError
from cyclone_storage.redis.pool.endpoints import tcp_endpoint
from cyclone_storage.redis.pool.factory import RedisFactory
from cyclone_storage.redis.pool.handler import ConnectionHandler
from cyclone_storage.redis.sentinel.discovery import (
    Address,
    Inquiry,
    SentinelAsker,
    SharedResult,
    State,
    read_state,
)

__all__ = ["Sentinel", "SentinelConnectionFactory", "SentinelEndpoint", "SentinelRedisProtocol"]

# Seconds that a sentinel has, if the program sets no other bound.
_TIMEOUT: Final = 2.0


class SentinelRedisProtocol(RedisProtocol):
    """A connection to a server that may stop to be the master."""

    def replyReceived(self, reply: Any) -> None:
        """Give a connection up whose server has become a replica (txredisapi).

        Args:
            reply: A reply.
        """
        super().replyReceived(reply)
        if isinstance(reply, ResponseError) and str(reply).startswith("READONLY"):
            cast("SentinelConnectionFactory", self.factory).demoted(self)


class SentinelConnectionFactory(RedisFactory):
    """A pool of connections to the master of a service, or to one of its replicas.

    Attributes:
        sentinel_manager: Who knows where that is.
        service_name: The service.
        is_master: Whether it is the master that is wanted.

    Source: txredisapi.
    """

    initialDelay = 0.1
    # A question to the sentinels is cheap, and when they have agreed, commands wait for us.
    maxDelay = 2
    protocol: Any = SentinelRedisProtocol

    def __init__(
        self,
        sentinel_manager: "Sentinel",
        service_name: str,
        is_master: bool,
        uuid: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Make a pool without connections.

        Args:
            sentinel_manager: Who knows where the servers are.
            service_name: The service.
            is_master: Whether the master is wanted, or a replica.
            uuid: What the server is called; None: after the service.
            args: Those of `RedisFactory` after `uuid`.
            kwargs: Those of `RedisFactory`.
        """
        role = "master" if is_master else "replica"
        super().__init__(uuid or f"{service_name}:{role}", *args, **kwargs)
        self.sentinel_manager = sentinel_manager
        self.service_name = service_name
        self.is_master = is_master

    def retryDelay(self, attempt: int) -> float:
        """Return the seconds to wait before an attempt: the first is made at once.

        Args:
            attempt: How many have failed.
        """
        return 0.0 if attempt <= 1 else super().retryDelay(attempt - 1)

    def moved(self, address: Address) -> None:
        """Give up connections to where the master was.

        Args:
            address: Where it is.
        """
        for conn in list(self.pool):
            peer = conn.transport.getPeer()
            if (peer.host, peer.port) != address:
                self.drop(conn)

    def demoted(self, conn: RedisProtocol) -> None:
        """Give up a connection whose server is the master no longer.

        Args:
            conn: Its protocol.
        """
        if self.is_master:
            self.drop(conn)

    def _connection_ready(self, conn: Any) -> None:
        # In place of the PING of other pools. Sentinels may know late, a server knows itself.
        conn.execute_command("ROLE").addCallbacks(
            self._check_role, self._unusable, callbackArgs=(conn,), errbackArgs=(conn,)
        )

    def _check_role(self, role: Sequence[Any], conn: Any) -> None:
        if role[0] == "master" or not self.is_master:
            self._usable(conn)
            return
        self.attempt_of[conn].problem = MasterNotFoundError(
            f"the sentinels name {conn.host} as the master of {self.service_name}, and it says that it is"
            f" a {role[0]}"
        )
        conn.transport.abortConnection()


@implementer(IStreamClientEndpoint)
class SentinelEndpoint:
    """Connects to where the sentinels say."""

    def __init__(
        self,
        sentinel: "Sentinel",
        service_name: str,
        *,
        is_master: bool,
        factory: SentinelConnectionFactory | None = None,
        timeout: float | None = None,
        tls: Any = False,
    ) -> None:
        """Prepare.

        Args:
            sentinel: Who is asked.
            service_name: The service.
            is_master: Whether the master is wanted, or a replica.
            factory: A pool that is told where the master is.
            timeout: Seconds for the connection; 10 if None.
            tls: As of `tcp_endpoint`.
        """
        self._sentinel = sentinel
        self._service_name = service_name
        self._is_master = is_master
        self._factory = factory
        self._timeout = timeout
        self._tls = tls
        self._next = 0

    def connect(self, protocolFactory: IProtocolFactory) -> "Deferred[Any]":
        """Ask, and connect (Twisted: `IStreamClientEndpoint`).

        Args:
            protocolFactory: Makes the protocol.
        """
        finding = self._find_master() if self._is_master else self._find_replica()
        return finding.addCallback(self._connect, protocolFactory)

    def _find_master(self) -> Deferred[Address]:
        return self._sentinel.discover_master(self._service_name).addCallback(self._found_master)

    def _found_master(self, address: Address) -> Address:
        if self._factory is not None and self._is_master:
            self._factory.moved(address)
        return address

    def _find_replica(self) -> "Deferred[Any]":
        return self._sentinel.discover_slaves(self._service_name).addCallback(self._choose)

    def _choose(self, addresses: list[Address]) -> "Address | Deferred[Address]":
        if not addresses:
            return self._find_master()
        # By turns: each connection of the pool gets another one.
        self._next += 1
        return addresses[self._next % len(addresses)]

    def _connect(self, address: Address, factory: IProtocolFactory) -> "Deferred[Any]":
        host, port = address
        endpoint = tcp_endpoint(self._sentinel.clock, host, port, self._timeout, self._tls)
        connecting: Deferred[Any] = endpoint.connect(factory)
        return connecting


class Sentinel:
    """Knows by several sentinels which server is the master of a service, and makes pools that follow it.

    When the master fails, commands in flight fail once with `ConnectionError`. Those that are given
    while the sentinels agree on another one wait, at most for `wait_timeout`, and then go to it. A
    master that hangs, and does not end, is noticed by the `replyTimeout` of a pool.

    It is an asynchronous context manager, which closes the pools at its end.

    Attributes:
        discovery_timeout: Seconds that a question to the sentinels takes at most.
        min_other_sentinels: How many others a sentinel must know to be believed: with half of the number
            of all, one that is cut off from the rest is not.

    Source: txredisapi.
    """

    discovery_timeout: float = 10.0

    def __init__(
        self,
        sentinel_addresses: Sequence[Address],
        min_other_sentinels: int = 0,
        *,
        password: str | None = None,
        username: str | None = None,
        ssl_context_factory: Any = False,
        connectTimeout: float | None = None,
        replyTimeout: float | None = None,
        dbid: int | None = None,
        reconnect: bool = True,
        charset: str | None = "utf-8",
        convertNumbers: bool = True,
        reactor: Any = None,
    ) -> None:
        """Prepare; nothing is sent before somebody wants to know something.

        Args:
            sentinel_addresses: The hosts and ports of the sentinels.
            min_other_sentinels: How many others a sentinel must know to be believed.
            password: What the sentinels want, not the servers.
            username: Whose password it is.
            ssl_context_factory: True for TLS to the sentinels that verifies them, or what makes TLS; as of
                `lazyShardedConnection`.
            connectTimeout: Seconds for a connection to a sentinel; 2 if None.
            replyTimeout: Seconds for its answer; those of the connection if None.
            dbid: None: sentinels have no databases. That of the servers is given to `master_for`.
            reconnect: txredisapi's, of no effect: each question has a connection of its own.
            charset: txredisapi's, of no effect: the names that sentinels tell are ASCII.
            convertNumbers: txredisapi's, of no effect.
            reactor: The reactor; the installed one if None.

        Raises:
            ValueError: There is no address, or one is none; or a database was given.
        """
        del reconnect, charset, convertNumbers
        if dbid is not None:
            raise ValueError(
                f"dbid={dbid!r} is for the servers, and sentinels have no databases: give it to"
                " master_for() and slave_for()"
            )
        if reactor is None:
            from twisted.internet import reactor
        self.clock: Any = reactor
        self.min_other_sentinels = min_other_sentinels
        self._askers = [
            SentinelAsker(
                reactor,
                address,
                timeout=connectTimeout or _TIMEOUT,
                reply_timeout=replyTimeout,
                password=password,
                username=username,
                tls=ssl_context_factory,
            )
            for address in dict.fromkeys(map(_check_address, sentinel_addresses))
        ]
        if not self._askers:
            raise ValueError("Sentinel needs the address of a sentinel: [('127.0.0.1', 26379)]")
        self._factories: WeakSet[SentinelConnectionFactory] = WeakSet()
        self._inquiries: dict[tuple[str, str], SharedResult] = {}

    # Where servers are

    def discover_master(self, service_name: str) -> Deferred[Address]:
        """Return where the master of a service is.

        Args:
            service_name: The service.

        Returns:
            A Deferred of its host and port, the newest of what most sentinels say. It fails with
            `MasterNotFoundError` that tells what each has said, within `discovery_timeout`.
        """

        def read(reply: Sequence[str]) -> State:
            state = read_state(reply)
            if not self.check_master_state(state):
                raise ValueError(f"knows no master that is up (flags: {state.get('flags')})")
            return state

        def choose(inquiry: Inquiry) -> Address:
            if not inquiry.answers:
                said = "; ".join(
                    f"{where}: {text}" for where, text in sorted(inquiry.problems.items())
                )
                raise MasterNotFoundError(f"No master found for {service_name}: {said}")
            newest = max(inquiry.answers, key=lambda state: int(state.get("config-epoch", 0)))
            return newest["ip"], int(newest["port"])

        return self._inquire(("MASTER", service_name), read, choose)

    def discover_slaves(self, service_name: str) -> Deferred[list[Address]]:
        """Return where the replicas of a service are.

        Args:
            service_name: The service.

        Returns:
            A Deferred of their hosts and ports; of none if no sentinel knows any that can be used.
        """

        def read(reply: Sequence[Sequence[str]]) -> list[Address]:
            found = self.filter_slaves([read_state(each) for each in reply])
            if not found:
                raise ValueError("knows no replica that is up")
            return found

        def choose(inquiry: Inquiry) -> list[Address]:
            return list(dict.fromkeys(address for answer in inquiry.answers for address in answer))

        return self._inquire(("SLAVES", service_name), read, choose)

    def check_master_state(self, state: State) -> bool:
        """Tell whether a master can be used; a class of one's own may want more.

        Args:
            state: What a sentinel says of it.
        """
        if not state["is_master"] or state["is_sdown"] or state["is_odown"]:
            return False
        return int(state.get("num-other-sentinels", 0)) >= self.min_other_sentinels

    @staticmethod
    def filter_slaves(slaves: Sequence[State]) -> list[Address]:
        """Leave out replicas that are down, or that have lost their master.

        Args:
            slaves: What a sentinel says of each.
        """
        usable = [
            slave
            for slave in slaves
            if not (slave["is_odown"] or slave["is_sdown"] or slave["is_disconnected"])
        ]
        # What has lost its master grows old; while there is no master, that is all of them.
        synchronous = [each for each in usable if each.get("master-link-status", "ok") == "ok"]
        return [(each["ip"], int(each["port"])) for each in synchronous or usable]

    # Pools

    def master_for(
        self,
        service_name: str,
        factory_class: type[SentinelConnectionFactory] = SentinelConnectionFactory,
        dbid: int | None = None,
        poolsize: int = 1,
        **connection_kwargs: Any,
    ) -> ConnectionHandler:
        """Make a pool of connections to the master of a service.

        Args:
            service_name: The service.
            factory_class: The class of the pool.
            dbid: The number of the database.
            poolsize: Connections to keep.
            connection_kwargs: `ssl_context_factory`, `connectTimeout` and `reconnect` of the classic
                makers, and what `RedisFactory` takes: `password`, `replyTimeout`, `charset`, ….

        Returns:
            The pool, which connects from now on.
        """
        return self._pool(service_name, True, factory_class, dbid, poolsize, connection_kwargs)

    def slave_for(
        self,
        service_name: str,
        factory_class: type[SentinelConnectionFactory] = SentinelConnectionFactory,
        dbid: int | None = None,
        poolsize: int = 1,
        **connection_kwargs: Any,
    ) -> ConnectionHandler:
        """Make a pool of connections to the replicas of a service; to the master if there is none.

        Args:
            service_name: The service.
            factory_class: The class of the pool.
            dbid: The number of the database.
            poolsize: Connections to keep, each to the next one of the replicas.
            connection_kwargs: As of `master_for`.

        Returns:
            The pool, which connects from now on; it is for reading.
        """
        return self._pool(service_name, False, factory_class, dbid, poolsize, connection_kwargs)

    def disconnect(self) -> Deferred[None]:
        """Close the pools that were made here; txredisapi leaves them, without anybody to ask.

        Returns:
            A Deferred that fires when no connection is left.
        """
        closing = gatherResults([factory.disconnect() for factory in list(self._factories)])
        return closing.addCallback(lambda _: None)

    async def __aenter__(self) -> Self:
        """Return this."""
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close the pools."""
        await self.disconnect()

    # Inside

    def _pool(
        self,
        service_name: str,
        is_master: bool,
        factory_class: type[SentinelConnectionFactory],
        dbid: int | None,
        poolsize: int,
        options: dict[str, Any],
    ) -> ConnectionHandler:
        tls = options.pop("ssl_context_factory", False)
        timeout = options.pop("connectTimeout", None)
        reconnect = options.pop("reconnect", True)
        options.setdefault("reactor", self.clock)
        factory = factory_class(
            sentinel_manager=self,
            service_name=service_name,
            is_master=is_master,
            dbid=dbid,
            poolsize=poolsize,
            isLazy=True,
            **options,
        )
        factory.reconnect = reconnect
        self._factories.add(factory)
        factory.startConnecting(
            SentinelEndpoint(
                self, service_name, is_master=is_master, factory=factory, timeout=timeout, tls=tls
            )
        )
        return factory.handler

    def _inquire(
        self,
        words: tuple[str, str],
        read: Callable[[Any], Any],
        choose: Callable[[Inquiry], Any],
    ) -> "Deferred[Any]":
        """Ask once for all who want to know the same at the same time: a pool's connections do."""
        shared = self._inquiries.get(words)
        if shared is not None:
            return shared.wait()
        shared = self._inquiries[words] = SharedResult()
        waiting = shared.wait()
        inquiry = Inquiry(self.clock, self._askers, words, read, self.discovery_timeout)

        def end(result: Any) -> Any:
            del self._inquiries[words]
            return result

        shared.run(inquiry.done.addCallback(lambda _: choose(inquiry)).addBoth(end))
        return waiting


def _check_address(address: Any) -> Address:
    if isinstance(address, (tuple, list)) and len(address) == 2:  # noqa: PLR2004 -- host and port
        host, port = address
        if isinstance(host, str) and host and isinstance(port, int) and 0 < port < 2**16:
            return host, port
    raise ValueError(
        f"a sentinel's address is a host and a port, as ('127.0.0.1', 26379), not {address!r}"
    )
