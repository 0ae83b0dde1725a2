"""Questions to several sentinels at once: the answer of most of them, in bounded time."""

# ruff: noqa: ANN401 -- reactors, TLS contexts and replies are of any class

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from cyclone_storage.redis.connection.protocol import RedisProtocol
from cyclone_storage.redis.pool.endpoints import tcp_endpoint

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall

__all__ = ["Address", "Inquiry", "SentinelAsker", "SharedResult", "State", "read_state"]

Address: TypeAlias = tuple[str, int]
"""A host and a port."""

State: TypeAlias = Mapping[str, Any]
"""What a sentinel says of a server: its words, and `is_master`, `is_slave`, `is_sdown`, `is_odown`,
`is_sentinel`, `is_disconnected`, `is_master_down`, which its `flags` tell."""

# Seconds that others have to say something newer when one sentinel has answered.
_GRACE: Final = 0.1

_FLAGS: Final = {
    "is_master": "master",
    "is_slave": "slave",
    "is_sdown": "s_down",
    "is_odown": "o_down",
    "is_sentinel": "sentinel",
    "is_disconnected": "disconnected",
    "is_master_down": "master_down",
}


def read_state(words: Sequence[str]) -> State:
    """Read what a sentinel says of a server.

    Args:
        words: Names and values by turns.

    Source: txredisapi.
    """
    state: dict[str, Any] = dict(zip(words[::2], words[1::2], strict=False))
    flags = set(str(state.get("flags", "")).split(","))
    return state | {name: flag in flags for name, flag in _FLAGS.items()}


class SentinelAsker:
    """Asks one sentinel one question at a time, each on a connection of its own.

    A connection that is kept would have to be made again, watched and closed, and is needed only when a
    master fails.
    """

    def __init__(
        self,
        reactor: Any,
        address: Address,
        *,
        timeout: float,
        reply_timeout: float | None = None,
        password: str | None,
        username: str | None,
        tls: Any,
    ) -> None:
        """Prepare.

        Args:
            reactor: What connects.
            address: Where the sentinel is.
            timeout: Seconds for the connection.
            reply_timeout: Seconds for the answer; the same if None.
            password: Its password.
            username: Whose it is.
            tls: As of `tcp_endpoint`.
        """
        self._reactor = reactor
        self._reply_timeout = reply_timeout or timeout
        self._password = password
        self._username = username
        self._endpoint = tcp_endpoint(reactor, *address, timeout, tls)
        self.address = address

    @property
    def where(self) -> str:
        """How it is called in messages."""
        return f"{self.address[0]}:{self.address[1]}"

    def ask(self, *words: str) -> "Deferred[Any]":
        """Ask.

        Args:
            words: The words after `SENTINEL`.

        Returns:
            A Deferred of the answer, which closes the connection when it is cancelled.
        """
        return Deferred.fromCoroutine(self._ask(words))

    async def _ask(self, words: Sequence[str]) -> Any:
        protocol: RedisProtocol = await self._endpoint.connect(_Factory(self._make_protocol))  # type: ignore[assignment]
        try:
            await protocol.whenConnected()
            return await protocol.execute_command("SENTINEL", *words)
        finally:
            protocol.transport.abortConnection()

    def _make_protocol(self) -> RedisProtocol:
        return RedisProtocol(
            replyTimeout=self._reply_timeout,
            password=self._password,
            username=self._username,
            convertNumbers=False,
            clock=self._reactor,
        )


class _Factory(Factory):
    noisy = False

    def __init__(self, make: Callable[[], RedisProtocol]) -> None:
        self._make = make

    def buildProtocol(self, addr: object) -> RedisProtocol:  # noqa: ARG002 -- Twisted's
        protocol = self._make()
        protocol.factory = self
        return protocol


class Inquiry:
    """One question to all sentinels.

    It ends when most have answered; or a moment after the first answer, as those that are gone must not
    make it slow; or when all have ended; or when time is up.

    Attributes:
        answers: The answers that were acceptable.
        problems: Why there is none from a sentinel, by its name.
        done: Fires with the answers.
    """

    def __init__(
        self,
        reactor: Any,
        askers: Sequence[SentinelAsker],
        words: Sequence[str],
        read: Callable[[Any], Any],
        timeout: float,
    ) -> None:
        """Ask.

        Args:
            reactor: What measures time.
            askers: The sentinels.
            words: The words after `SENTINEL`.
            read: Makes an answer of a reply, or raises `ValueError` if it is not acceptable.
            timeout: Seconds until time is up.
        """
        self._reactor = reactor
        self._read = read
        self._all = len(askers)
        self._timer: IDelayedCall = reactor.callLater(timeout, self._late, timeout)
        self._asking: dict[str, Deferred[Any]] = {}
        self._over = False
        self.answers: list[Any] = []
        self.problems: dict[str, str] = {}
        self.done: Deferred[list[Any]] = Deferred(lambda _: self._stop())
        for asker in askers:
            self._asking[asker.where] = asker.ask(*words)
        for where, asking in list(self._asking.items()):
            asking.addCallback(self._answered).addErrback(self._failed, where)
            asking.addCallback(self._ended, where)

    def _answered(self, reply: Any) -> None:
        self.answers.append(self._read(reply))
        if len(self.answers) == 1 and self._timer.active():
            left = self._timer.getTime() - self._reactor.seconds()
            self._timer.reset(min(_GRACE, max(left, 0.0)))

    def _failed(self, failure: Failure, where: str) -> None:
        if not failure.check(CancelledError):
            self.problems[where] = failure.getErrorMessage()

    def _ended(self, _: object, where: str) -> None:
        self._asking.pop(where, None)
        if self._over:
            return
        if not self._asking or len(self.answers) > self._all // 2:
            self._finish()

    def _late(self, seconds: float) -> None:
        for where in self._asking:
            self.problems[where] = f"no answer within {seconds:g} s"
        self._finish()

    def _finish(self) -> None:
        self._stop()
        self.done.callback(self.answers)

    def _stop(self) -> None:
        self._over = True
        if self._timer.active():
            self._timer.cancel()
        asking, self._asking = self._asking, {}
        for each in asking.values():
            each.cancel()


class SharedResult:
    """One result for all who wait for it; when the last of them is cancelled, so is what makes it."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._waiting: list[Deferred[Any]] = []
        self._running: Deferred[Any] | None = None

    def wait(self) -> "Deferred[Any]":
        """Return a Deferred of the result."""
        waiting: Deferred[Any] = Deferred(self._leave)
        self._waiting.append(waiting)
        return waiting

    def run(self, running: "Deferred[Any]") -> None:
        """Give the result to those who wait.

        Args:
            running: A Deferred of it.
        """
        self._running = running
        running.addBoth(self._tell)

    def _leave(self, waiting: "Deferred[Any]") -> None:
        self._waiting.remove(waiting)
        if not self._waiting and self._running is not None:
            self._running.cancel()

    def _tell(self, result: Any) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            # A Failure of its own for each, as each writes its traceback into it.
            each.callback(Failure(result.value) if isinstance(result, Failure) else result)
