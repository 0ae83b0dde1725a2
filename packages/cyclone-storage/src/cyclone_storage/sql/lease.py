"""One place of the pool: a connection, or room for one, which one caller at a time has."""

import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, ParamSpec, TypeVar

from twisted.logger import Logger

from cyclone_storage.sql.drivers import Driver
from cyclone_storage.sql.errors import StatementTimeout, TransactionLeftOpen, TransactionOver

__all__ = ["Lease", "LeaseSettings", "current_lease"]

P = ParamSpec("P")
T = TypeVar("T")

_log: Final = Logger()

# The server is to give a statement up first: that tells why, and keeps the connection.
_GRACE: Final = 2.0


class _Current(threading.local):
    lease: "Lease | None" = None


_current: Final = _Current()


def current_lease() -> "Lease | None":
    """Return the place of a pool that this thread works for at present, None if for none."""
    return _current.lease


@dataclass(frozen=True)
class LeaseSettings:
    """How connections are made and watched.

    Attributes:
        driver: Makes them.
        on_connect: Called with each new one, in a thread.
        connect_timeout: Seconds for making one, and for an answer to a ping.
        statement_timeout: Seconds for each statement; None: no bound.
        ping_after: Seconds without use after which a connection is asked whether it lives.
    """

    driver: Driver
    on_connect: Callable[[Any], object] | None
    connect_timeout: float
    statement_timeout: float | None
    ping_after: float


@dataclass(eq=False)
class Lease:
    """One place of the pool.

    Only `cut` may be called while another thread uses it.

    Attributes:
        settings: How its connection is made and watched.
        connection: The driver's connection, None if there is none at present.
        used: When it was last used, by `time.monotonic`.
        connects: How many connections it has made.
        lost: How many of them were found broken.
        over: Why the transaction that has this place can go no further, None if it can.
        held: A transaction has it, whose end is told by its own commit or rollback only.
    """

    settings: LeaseSettings
    connection: Any = None
    used: float = 0.0
    connects: int = 0
    lost: int = 0
    over: str | None = None
    held: bool = False
    _peer: socket.socket | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _deadline: float | None = field(default=None, repr=False)
    _was_cut: bool = field(default=False, repr=False)

    def run(self, work: Callable[["Lease"], T]) -> T:
        """Call a function with a connection that works, and see that it is left as it was; it blocks.

        Args:
            work: The function. After an exception the connection is rolled back, or thrown away.

        Raises:
            StatementTimeout: The server did not answer in time.
            TransactionLeftOpen: The function has left a transaction open.
            Exception: What the driver, or the function, raises.
        """

        def call(lease: Lease) -> T:
            result = work(lease)
            lease.check()
            return result

        self.ensure()
        return self.step(call)

    def check(self) -> None:
        """See that each statement is a transaction of its own.

        Raises:
            TransactionLeftOpen: It is not.
        """
        if self.connection is None:
            return
        left = self.settings.driver.unsettled(self.connection)
        if left is not None:
            raise TransactionLeftOpen(
                f"what ran has left {left}, of which it was rolled back: later statements would be lost "
                "with it. Several statements that belong together go into 'async with "
                "pool.transaction() as t' or pool.runInteraction()"
            )

    def still(self) -> None:
        """See that the transaction is still open.

        Raises:
            TransactionOver: It is not.
        """
        if self.connection is not None and not self.settings.driver.inside(self.connection):
            self.over = (
                "a statement has ended this transaction before its block was left, so that nothing more "
                "runs in it: COMMIT, ROLLBACK, a deadlock, or in MySQL one that commits by itself, like "
                "CREATE TABLE. What ran before is as that left it. The end of the block commits; an "
                "exception rolls back"
            )
            raise TransactionOver(self.over)

    def settle(self) -> None:
        """Make each statement a transaction of its own again, or throw the connection away."""
        driver = self.settings.driver
        driver.single(self.connection)
        if driver.unsettled(self.connection) is not None:
            self.close()

    def step(self, work: Callable[["Lease"], T], *, keep: bool = False) -> T:
        """Call a function with the connection that there is; it blocks.

        Args:
            work: The function.
            keep: Do not roll back after an exception.

        Raises:
            StatementTimeout: The server did not answer in time.
            TransactionOver: The connection is gone.
            Exception: What the driver, or the function, raises.
        """
        if self.connection is None:
            raise TransactionOver(
                "this transaction has lost its connection; all of it is rolled back"
            )
        if self.over is not None:
            raise TransactionOver(self.over)
        self.touch()
        _current.lease = self
        try:
            return work(self)
        except BaseException as error:
            was_cut = self._was_cut
            self._recover(keep=keep)
            if was_cut:
                raise self._silence() from error
            raise
        finally:
            _current.lease = None
            self.untouch()
            self.used = time.monotonic()

    def timed(self, function: Callable[P, T], *args: P.args, **kw: P.kwargs) -> T:
        """Call a function that waits for the server, and give it the time of one statement.

        Args:
            function: The function.
            args: Its arguments.
            kw: Its named arguments.

        Returns:
            What it returns.
        """
        self.touch()
        try:
            return function(*args, **kw)
        finally:
            self.untouch()

    def ensure(self) -> None:
        """Have a connection that works: this one, or a new one; it blocks."""
        self._watch(self.settings.connect_timeout)
        try:
            if self.connection is not None and not self._lives():
                self.lost += 1
                self.close()
            if self.connection is None:
                self._open()
        finally:
            self._deadline = None

    def _lives(self) -> bool:
        driver = self.settings.driver
        idle = time.monotonic() - self.used
        if idle < self.settings.ping_after and not self._has_said_something():
            return True
        try:
            driver.ping(self.connection)
        except Exception:  # noqa: BLE001 -- no answer, for whatever reason
            _log.info("{shown}: an idle connection was lost", shown=driver.shown)
            return False
        return True

    def _has_said_something(self) -> bool:
        # Nobody has asked: it is the end of the connection, or a notice.
        poll = select.poll()
        poll.register(self._peer, select.POLLIN)  # type: ignore[arg-type]
        return bool(poll.poll(0))

    def _open(self) -> None:
        self._watch(self.settings.connect_timeout)
        try:
            self.connection = self.settings.driver.connect(self._attach)
            if self.settings.on_connect is not None:
                self.settings.on_connect(self.connection)
                self.connection.commit()
                self.settings.driver.single(self.connection)
                self.check()
        except BaseException as error:
            was_cut = self._was_cut
            self.close()
            if was_cut:
                raise self._silence() from error
            raise
        self.connects += 1

    def _attach(self, peer: socket.socket) -> None:
        self._peer = peer

    def touch(self) -> None:
        """Begin to count the time of a statement."""
        limit = self.settings.statement_timeout
        self._watch(None if limit is None else limit + _GRACE)

    def untouch(self) -> None:
        """Stop counting: no statement runs."""
        self._deadline = None

    def _watch(self, seconds: float | None) -> None:
        self._deadline = None if seconds is None else time.monotonic() + seconds

    def overdue(self) -> bool:
        """Tell whether the server should have answered by now."""
        deadline = self._deadline
        return deadline is not None and time.monotonic() > deadline

    def cut(self) -> bool:
        """Cut the connection, so that a thread that waits for the server goes on; from any thread.

        Returns:
            Whether there was one.
        """
        with self._lock:
            if self._peer is None or self._was_cut:
                return False
            self._was_cut = True
            with suppress(OSError):  # the server has been quicker
                self._peer.shutdown(socket.SHUT_RDWR)
            return True

    def _silence(self) -> StatementTimeout:
        return StatementTimeout(
            f"{self.settings.driver.shown} did not answer in time: the connection was cut; if a "
            "statement was under way, whether it was carried out is not known"
        )

    def _recover(self, *, keep: bool) -> None:
        driver = self.settings.driver
        if self.connection is None:  # the function has thrown it away
            return
        if not driver.closed(self.connection):
            try:
                self._watch(self.settings.connect_timeout)
                if keep:
                    driver.ask(self.connection)
                    with suppress(TransactionOver):  # the next statement is told
                        self.still()
                    return
                self.connection.rollback()
                self.settle()
            except Exception:  # noqa: BLE001 -- the first exception is the one that tells
                _log.info("{shown}: a connection was lost", shown=driver.shown)
            else:
                return
        self.lost += 1
        self.close()

    def close(self) -> None:
        """Close the connection, if there is one; it blocks, but not for long."""
        connection, self.connection = self.connection, None
        try:
            if connection is not None:
                connection.close()
        except Exception:  # noqa: BLE001 -- it is of no use any more
            _log.debug("{shown}: closing failed", shown=self.settings.driver.shown)
        with self._lock:
            peer, self._peer = self._peer, None
            self._was_cut = False
            self.over = None
            if peer is not None:
                peer.close()
