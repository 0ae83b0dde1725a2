"""What commands are given to: it has each of them run on a connection of its pool."""

# ruff: noqa: ANN401 -- connections and replies are of any class

import difflib
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

from twisted.internet.defer import Deferred, fail, gatherResults, maybeDeferred
from twisted.python.failure import Failure

from cyclone_storage.redis.commands import Commands
from cyclone_storage.redis.listening.streaming import Streaming

if TYPE_CHECKING:
    from types import TracebackType

    from cyclone_storage.redis.pool.factory import RedisFactory
    from cyclone_storage.redis.pool.stats import PoolStats

__all__ = ["ConnectionHandler", "UnixConnectionHandler"]

# What takes a connection out of the pool until it puts itself back.
_EXCLUSIVE: Final = frozenset({"multi", "watch", "pipeline"})
# How much a name has to be like that of a command to be taken for a slip: "nosuch" is no "touch".
_ALIKE: Final = 0.8


class ConnectionHandler(Streaming, Commands):
    """A pool of connections, with all commands of Redis as methods.

    Each command runs on a connection of the pool and returns a Deferred. A command that is given while
    there is no connection waits for one, for a bounded time; one that was sent and has met the end of
    its connection fails with ConnectionError and is never sent again, as nobody knows whether it was
    executed. `multi`, `watch` and `pipeline` have a connection for themselves until they end; commands
    that block get one outside the pool.

    It is an asynchronous context manager, which closes the pool at its end.
    """

    def __init__(self, factory: "RedisFactory") -> None:
        """Make what a factory is used by; `RedisFactory(...).handler` is one.

        Args:
            factory: The pool.
        """
        self._factory = factory

    def _run(self, name: str, *args: Any, **kwargs: Any) -> Deferred[Any]:
        factory = self._factory
        factory.commands += 1
        if name in _EXCLUSIVE:
            return self._run_exclusive(name, args, kwargs)
        conn = factory.lending.pick()
        if conn is None:
            return self._run_later(name, args, kwargs)
        # Without a chain of Deferreds: this is what nearly all commands take.
        try:
            running: Deferred[Any] = getattr(conn, name)(*args, **kwargs)
        except Exception:  # noqa: BLE001 -- it becomes the result
            running = fail(Failure())
        return running.addErrback(factory.count_failure)

    def _run_later(self, name: str, args: Any, kwargs: Any) -> Deferred[Any]:
        factory = self._factory
        waiting = factory.lending.wait()
        waiting.addCallback(lambda conn: getattr(conn, name)(*args, **kwargs))
        return waiting.addErrback(factory.count_failure)

    def _run_exclusive(self, name: str, args: Any, kwargs: Any) -> Deferred[Any]:
        factory = self._factory

        def begin(conn: Any) -> Any:
            beginning = maybeDeferred(getattr(conn, name), *args, **kwargs)
            return beginning.addErrback(give_up, conn)

        def give_up(failure: Failure, conn: Any) -> Failure:
            # Cancelled or refused half-way: whether keys are watched, nobody knows.
            if conn in factory.lending.exclusive:
                factory.drop(conn)
            return failure

        waiting = factory.lending.wait(exclusive=True).addCallback(begin)
        return waiting.addErrback(factory.count_failure)

    def _run_blocking(self, *words: Any, post_proc: Any = None) -> Deferred[Any]:
        factory = self._factory
        factory.commands += 1
        running = factory.blocking.run(words, post_proc)
        return running.addErrback(factory.count_failure)

    def execute_command(self, *args: Any, **options: Any) -> Deferred[Any]:
        """Run any command, as txredisapi's programs do; it is refused and routed as `execute` does.

        Args:
            args: Its name, and what belongs to it.
            options: `post_proc`, `apply_timeout` and `reply_timeout` of a connection's `execute_command`;
                of these, a command that blocks takes `post_proc` alone.

        Returns:
            The reply.

        Raises:
            RedisError: The command would break a connection that others use; the message says what to
                use instead.
            ResponseError: The server refuses it.
            TypeError: The name is neither `str` nor `bytes`.
        """
        return self._run_guarded("execute_command", args, **options)

    def __getattr__(self, name: str) -> Any:
        """Return a command that only the pool's class of protocols has.

        Raises:
            AttributeError: There is none of this name.
        """
        factory = self.__dict__.get("_factory")
        if not name.startswith("_") and callable(
            getattr(getattr(factory, "protocol", None), name, None)
        ):
            return partial(self._run, name)
        near = difflib.get_close_matches(name, dir(self), 1, _ALIKE)
        hint = f": did you mean {near[0]}()?" if near else "."
        raise AttributeError(
            f"Redis pools have no command {name!r}{hint} Any command of the server can be given as"
            " execute('NAME', ...)",
            name=name,
            obj=self,
        )

    def select(self, index: int) -> Deferred[str]:
        """Choose the database of all connections, of those that are made later, too.

        txredisapi has done so on one connection of the pool, until that was lost.

        Args:
            index: The number of the database.

        Returns:
            `"OK"`. Transactions that are open go on in the old one.

        Raises:
            ResponseError: There is no such database.
        """
        return self._change("dbid", index, "SELECT", index)

    def auth(self, password: str, username: str | None = None) -> Deferred[str]:
        """Authenticate all connections, those that are made later, too.

        Args:
            password: The password.
            username: The user (Redis 6); None: the default one.

        Returns:
            `"OK"`.

        Raises:
            ResponseError: The password is wrong, or there is none.
        """
        user = () if username is None else (username,)
        changing = self._change("password", password, "AUTH", *user, password)

        def done(reply: str) -> str:
            self._factory.username = username
            return reply

        return changing.addCallback(done)

    def _change(self, name: str, value: object, *words: Any) -> Deferred[str]:
        factory = self._factory
        factory.commands += 1

        def ask(_: object) -> Deferred[Any]:
            asked = factory.lending.free
            asking = [conn.execute_command(*words) for conn in asked]
            return gatherResults(asking, consumeErrors=True).addCallbacks(
                lambda _: factory.change(name, value, asked), first_error
            )

        def first_error(failure: Failure) -> Failure:
            error: Failure = getattr(failure.value, "subFailure", failure)
            return error

        changing = factory.lending.wait().addCallback(ask).addErrback(factory.count_failure)
        return changing.addCallback(lambda _: "OK")

    def quit(self) -> Deferred[Any]:
        """Close the pool: a QUIT to one connection of several would mean little.

        Returns:
            A Deferred of `"OK"` when no connection is left, as Redis answers it.
        """
        return self.disconnect().addCallback(lambda _: "OK")

    def disconnect(self) -> Deferred[None]:
        """Close all connections; the pool cannot be used any more.

        Commands in flight fail with ConnectionError, those that wait with RedisPoolClosed.

        Returns:
            A Deferred that fires when no connection is left.
        """
        return self._factory.disconnect()

    def close(self) -> Deferred[None]:
        """Close all connections (`disconnect` by its usual name).

        Returns:
            A Deferred that fires when no connection is left.
        """
        return self._factory.disconnect()

    async def __aenter__(self) -> Self:
        """Return this handler; it connects since it was made."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        """Close all connections."""
        await self.disconnect()

    def ready(self, timeout: float | None = None) -> "Deferred[Self]":
        """Wait until a command can be sent.

        Args:
            timeout: Seconds to wait; as long as a command would if None.

        Returns:
            A Deferred of this handler, which fails as a command would: AuthenticationError, WaitTimeout
            with what the last attempt has met, NotConnected, RedisPoolClosed.
        """
        return self._factory.lending.wait_any(timeout).addCallback(lambda _: self)

    def stats(self) -> "PoolStats":
        """Return how the pool is at this moment."""
        return self._factory.stats()

    def __repr__(self) -> str:
        """Return where it is connected to, as txredisapi does."""
        return self._describe("Redis Connection", lambda peer: f"{peer.host}:{peer.port}")

    def _describe(self, kind: str, name: Any) -> str:
        factory = self._factory
        if not factory.pool:
            return "<Redis Connection: Not connected>"
        peer = factory.pool[0].transport.getPeer()
        return f"<{kind}: {name(peer)} - {factory.size} connection(s)>"


class UnixConnectionHandler(ConnectionHandler):
    """A pool of connections to a Unix socket."""

    def __repr__(self) -> str:
        """Return where it is connected to, as txredisapi does."""
        return self._describe("Redis Unix Connection", lambda peer: _text(peer.name))


def _text(name: str | bytes) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else name
