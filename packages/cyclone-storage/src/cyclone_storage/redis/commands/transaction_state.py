"""A transaction on a connection: mended where txredisapi's leaks the connection or mixes up results."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail, maybeDeferred
from twisted.python.failure import Failure

from cyclone_storage.redis.commands.shapes import Misshapen
from cyclone_storage.redis.commands.words import listed
from cyclone_storage.redis.errors import InvalidResponse, RedisError, WatchError
from cyclone_storage.redis.types import Key, Result

T = TypeVar("T")

__all__ = ["TransactionState"]


class TransactionState:
    """WATCH, MULTI, EXEC on one connection.

    Attributes:
        factory: What made the connection; it takes it back with `connectionQueue.put`.
        inTransaction: Whether keys are watched or a transaction is open.
        inMulti: Whether commands are queued in the server.
        post_proc: What makes results of the replies of commands that are queued.
        pipelining: Whether commands wait to be sent together.
    """

    factory: Any
    execute_command: Callable[..., Deferred[Any]]
    inTransaction: bool  # noqa: N815 -- txredisapi's name
    inMulti: bool  # noqa: N815 -- txredisapi's name
    pendingTransaction: bool  # noqa: N815 -- txredisapi's name
    post_proc: list[Any]
    pipelining: bool
    _distrust: Callable[[str, str], InvalidResponse]
    _watching = False

    def handleTransactionData(self, reply: T) -> T:  # noqa: N802 -- txredisapi's name
        """Leave a reply as it is: `commit` converts the results, which txredisapi did here."""
        return reply

    def watch(self, keys: Key | Iterable[Key], *more: Key) -> Deferred[Any]:
        """Watch keys; the connection is one's own until the transaction ends or `unwatch`."""
        # If it fails nobody knows whether keys are watched: the pool drops the connection.
        self.inTransaction = self._watching = True
        watching: Deferred[Any] = maybeDeferred(self.execute_command, "WATCH", *listed(keys, more))
        return watching.addCallback(lambda _: self)

    def multi(self, keys: Key | Iterable[Key] | None = None) -> Deferred[Any]:
        """Begin a transaction; the connection is one's own until it ends."""
        if self.inMulti:
            return fail(
                RedisError(
                    "a transaction is open on this connection: commit() or discard() it first"
                )
            )
        if keys is None:
            return self._begin()
        return self.watch(keys).addCallback(lambda _: self._begin())

    def _begin(self) -> Deferred[Any]:
        beginning: Deferred[Any] = maybeDeferred(self.execute_command, "MULTI")
        # From the next command on, not from the reply: a pipeline gets that much later.
        self.inTransaction = self.inMulti = True
        self.post_proc = []
        return beginning.addCallbacks(lambda _: self, self._not_begun)

    def _not_begun(self, failure: Failure) -> Failure:
        # What was watched still is, and `unwatch` ends it.
        self.inMulti = False
        self.post_proc = []
        return failure

    def commit(self) -> Deferred[list[Result]]:
        """Run what was queued, and give the connection back."""
        if not self.inMulti:
            return fail(_no_transaction("commit"))
        conversions, self.post_proc = self.post_proc, []
        self.inMulti = False
        ending: Deferred[Any] = maybeDeferred(self.execute_command, "EXEC")
        ending.addCallback(self._results, conversions, watched=self._watching)
        return ending.addBoth(self._release)

    def _results(
        self,
        replies: object,
        conversions: Sequence[Any],
        *,
        watched: bool,
    ) -> list[Result]:
        """Make the results of a transaction.

        Args:
            replies: What EXEC gave.
            conversions: For each command a function that makes its result, or None.
            watched: Whether keys were watched.

        Raises:
            WatchError: EXEC gave nothing, as a watched key has changed.
            InvalidResponse: It gave what belongs to other commands.
        """
        if replies is None and watched:
            raise WatchError("a watched key has changed: no command of the transaction was run")
        if not isinstance(replies, list) or len(replies) != len(conversions):
            came = f"{len(replies)} came" if isinstance(replies, list) else "no list came"
            raise self._distrust("EXEC", f"{len(conversions)} results should come, and {came}")
        results: list[Result] = []
        for reply, conversion in zip(replies, conversions, strict=True):
            if conversion is None or isinstance(reply, Exception):
                results.append(reply)
                continue
            try:
                results.append(conversion(reply))
            except Misshapen as error:
                place = f"command {len(results) + 1} of {len(replies)} of a transaction"
                raise self._distrust(place, str(error)) from None
        return results

    def discard(self) -> Deferred[str]:
        """Forget what was queued, and give the connection back."""
        if not self.inMulti:
            return fail(_no_transaction("discard"))
        self.inMulti = False
        return maybeDeferred(self.execute_command, "DISCARD").addBoth(self._release)

    def unwatch(self) -> Deferred[str]:
        """Watch no key any more, and give the connection back unless a transaction is open."""
        ending = maybeDeferred(self.execute_command, "UNWATCH")
        if self.inTransaction and not self.inMulti:
            ending.addBoth(self._release)
        return ending

    def _release(self, result: T) -> T:
        # After the reply, not before the command is sent, as txredisapi had it: another's command
        # could slip in between and end up in the transaction.
        if self.inTransaction:
            self.inTransaction = self.inMulti = self.pendingTransaction = self._watching = False
            self.post_proc = []
            if not self.pipelining:
                self.factory.connectionQueue.put(self)
        return result


def _no_transaction(name: str) -> RedisError:
    return RedisError(
        f"Not in transaction: {name}() belongs to what multi() gave, once, and not to the pool"
    )
