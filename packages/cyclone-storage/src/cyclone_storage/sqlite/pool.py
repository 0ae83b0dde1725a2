"""SQLite behind a pool of threads."""

import os
import sqlite3
from collections.abc import Callable, Iterable
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, Concatenate, Final, Generic, Literal, ParamSpec, Self, TypeVar, overload

from twisted.internet.defer import Deferred, fail

from cyclone_storage.errors import PoolClosed, PoolTimeout
from cyclone_storage.sqlite.connections import Settings, open_connection
from cyclone_storage.sqlite.interaction import Cursor, interact, run_with_connection
from cyclone_storage.sqlite.lanes import Bounds, Lane
from cyclone_storage.sqlite.outbox import Outbox
from cyclone_storage.sqlite.rows import RowFactory
from cyclone_storage.sqlite.statements import Parameters, arguments, reads, rows_of

__all__ = ["SQLitePool"]

T = TypeVar("T")
P = ParamSpec("P")
Row = TypeVar("Row")

_MEMORY: Final = ":memory:"


class SQLitePool(Generic[Row]):
    """x."""

    def __init__(
        self,
        path: "str | os.PathLike[str]",
        *,
        max_threads: int = 5,
        max_waiting: int = 10_000,
        wait_timeout: float = 30.0,
        busy_timeout: float = 5.0,
        wal: bool = True,
        synchronous: Literal["full", "normal", "off"] = "full",
        foreign_keys: bool = True,
        row_factory: Any = None,
        on_connect: Callable[[sqlite3.Connection], object] | None = None,
        reactor: Any = None,  # noqa: ANN401 -- several of Twisted's interfaces
    ) -> None:
        if reactor is None:
            from twisted.internet import reactor
        self._reactor: Any = reactor
        self.path = os.fspath(path)
        memory = self.path == _MEMORY
        if not memory:
            self.path = os.path.abspath(self.path)
        settings = Settings(
            self.path,
            busy_timeout,
            wal and not memory,
            synchronous,
            foreign_keys,
            row_factory,
            on_connect,
        )
        outbox = Outbox(reactor)
        bounds = Bounds(max_waiting, wait_timeout)

        def lane(name: str, threads: int, *, read_only: bool) -> Lane:
            connect = partial(open_connection, settings, read_only=read_only)
            return Lane(
                f"sqlite-{name}", threads, self.path, connect, bounds, reactor, outbox, self._blame
            )

        self._writer = lane("writer", 1, read_only=False)
        single = memory or max_threads == 1
        self._readers = self._writer if single else lane("reader", max_threads - 1, read_only=True)
        self._closed: Deferred[None] | None = None

    def runQuery(self, sql: str, *parameters: Any) -> Deferred[list[Row]]:
        try:
            given = arguments(sql, parameters)
            self._check_open()
        except (TypeError, PoolClosed) as error:
            return fail(error)
        lane = self._readers if reads(sql) else self._writer
        return lane.submit(_query, *given)

    def runOperation(self, sql: str, *parameters: Any) -> Deferred[None]:
        try:
            given = arguments(sql, parameters)
            self._check_open()
        except (TypeError, PoolClosed) as error:
            return fail(error)
        return self._writer.submit(_operation, *given)

    def runInteraction(
        self,
        interaction: "Callable[Concatenate[Cursor, P], T]",
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Deferred[T]:
        try:
            self._check_open()
        except PoolClosed as error:
            return fail(error)
        return self._writer.submit(interact, copy_context(), interaction, args, kwargs)

    def _blame(self) -> str:
        return "statements run too long"

    def _check_open(self) -> None:
        if self._closed is not None:
            raise PoolClosed(f"{self.path}: the pool is closed")

    def close(self) -> Deferred[None]:
        self._closed = d = Deferred()
        r = self._readers.close()
        if self._readers is not self._writer:
            r.addCallback(lambda _: self._writer.close())
        r.chainDeferred(d)
        return d


def _query(connection: sqlite3.Connection, sql: str, parameters: Parameters) -> list[Any]:
    return connection.execute(sql, parameters).fetchall()


def _operation(connection: sqlite3.Connection, sql: str, parameters: Parameters) -> None:
    connection.execute(sql, parameters)
