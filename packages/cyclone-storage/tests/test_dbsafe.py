"""`dbsafe`: 503 when the database is away."""

import importlib
import sqlite3
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from twisted.enterprise import adbapi
from twisted.internet.defer import Deferred, fail, inlineCallbacks, maybeDeferred, succeed
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from cyclone_storage.dbsafe import DatabaseSafe, dbsafe
from cyclone_storage.errors import PoolClosed, PoolTimeout, StorageUnavailable
from cyclone_storage.sql import PoolFull, StatementTimeout
from cyclone_storage.sqlite import QueueFull


@pytest.fixture
def log() -> Iterator[list[str]]:
    """Collect what is logged."""
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        lines.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    yield lines
    globalLogPublisher.removeObserver(observe)


def outcome(function: Callable[..., Any], *args: Any) -> Any:  # noqa: ANN401 -- whatever it is
    """Return what a function returns, or a coroutine or Deferred of it gives, or the exception."""
    found: list[Any] = []
    maybeDeferred(function, *args).addErrback(lambda failure: failure.value).addBoth(found.append)
    return found[0]


class Handler:
    """Methods of all kinds, which raise what they are given."""

    @dbsafe
    def plain(self, result: object) -> object:
        """Raise it, or return it."""
        if isinstance(result, Exception):
            raise result
        return result

    @dbsafe
    async def coroutine(self, result: object) -> object:
        """Raise it, or return it."""
        return self.plain.__wrapped__(self, result)  # type: ignore[attr-defined]

    @dbsafe
    @inlineCallbacks
    def generator(self, result: object) -> Generator[Deferred[None], None, object]:
        """Raise it, or return it."""
        yield succeed(None)
        return self.plain.__wrapped__(self, result)  # type: ignore[attr-defined]

    @dbsafe
    def deferred(self, result: object) -> Deferred[object]:
        """Fail with it, or give it."""
        return fail(result) if isinstance(result, Exception) else succeed(result)

    @DatabaseSafe
    def awaitable(self, result: object) -> Any:  # noqa: ANN401 -- as above
        """Return something that is awaited, and is no Deferred."""
        return Handler.coroutine.__wrapped__(self, result)  # type: ignore[attr-defined]

    @dbsafe(retry_after=30)
    def patient(self, result: Exception) -> None:
        """Raise it."""
        raise result

    @dbsafe(retry_after=0, errors=(LookupError,))
    def further(self, result: Exception) -> None:
        """Raise it."""
        raise result


KINDS = ["plain", "coroutine", "generator", "deferred", "awaitable"]


@pytest.mark.parametrize("kind", KINDS)
def test_trouble(kind: str, log: list[str]) -> None:
    """Trouble becomes 503 with Retry-After, and one line in the log that says why."""
    trouble = PoolTimeout("nothing became free")
    error = outcome(getattr(Handler(), kind), trouble)
    assert isinstance(error, StorageUnavailable)
    assert (error.http_status, dict(error.http_headers)) == (503, {"Retry-After": "5"})
    assert error.__cause__ is trouble
    reason = "PoolTimeout: nothing became free"
    assert log == [f"Handler.{kind}: 503, the database is in trouble: {reason}"]


@pytest.mark.parametrize("kind", KINDS)
def test_all_else(kind: str, log: list[str]) -> None:
    """What is returned, and any other exception, passes; nothing is logged."""
    method = getattr(Handler(), kind)
    assert outcome(method, 7) == 7
    for error in [KeyError("no"), PoolClosed("closed")]:
        assert outcome(method, error) is error
    assert log == []


def test_options() -> None:
    """The seconds and further exceptions are chosen with the decorator; its name is the method's."""
    error = outcome(Handler().patient, PoolTimeout("no"))
    assert dict(error.http_headers) == {"Retry-After": "30"}
    error = outcome(Handler().further, KeyError("no"))
    assert isinstance(error, StorageUnavailable)
    assert error.retry_after == 0
    assert Handler.patient.__name__ == "patient"
    assert Handler.coroutine.__doc__ == "Raise it, or return it."
    assert outcome(dbsafe(KeyError), "x").args == ("x",)


@pytest.mark.parametrize("kind", KINDS)
def test_unavailable_already(kind: str, log: list[str]) -> None:
    """What says 503 itself keeps its class and its seconds, and is logged."""
    error = QueueFull("many wait", 60)
    assert outcome(getattr(Handler(), kind), error) is error
    assert log == [f"Handler.{kind}: 503, the database is in trouble: QueueFull: many wait"]


def test_own_seconds(log: list[str]) -> None:
    """Seconds that are chosen with the decorator count for what says 503 itself, too."""
    cause = QueueFull("many wait", 60)
    error = outcome(Handler().patient, cause)
    assert dict(error.http_headers) == {"Retry-After": "30"}
    assert error.__cause__ is cause
    assert log == ["Handler.patient: 503, the database is in trouble: QueueFull: many wait"]


@pytest.mark.parametrize("error", [PoolTimeout("no"), QueueFull("many wait")])
def test_logged_once(error: Exception, log: list[str]) -> None:
    """A decorator around another one logs nothing, and what the inner one says counts."""
    outer = dbsafe(retry_after=99)(Handler().plain)
    answer = outcome(outer, error)
    assert isinstance(answer, StorageUnavailable)
    assert answer.retry_after == 5
    assert len(log) == 1


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda: dbsafe(5), TypeError, "5 is no function"),  # type: ignore[call-overload]
        (lambda: dbsafe(retry_after=3)(5), TypeError, "5 is no function"),  # type: ignore[type-var]
        (lambda: dbsafe(retry_after=-1), ValueError, "retry_after is -1 s"),
        (lambda: dbsafe(retry_after=1.5), TypeError, "retry_after is 1.5"),  # type: ignore[call-overload]
        (lambda: dbsafe(retry_after=float("nan")), TypeError, "is nan"),  # type: ignore[call-overload]
        (lambda: dbsafe(retry_after=True), TypeError, "retry_after is True"),
        (lambda: dbsafe(errors=[ValueError]), TypeError, "has to be a tuple"),  # type: ignore[call-overload]
        (lambda: dbsafe(errors=(5,)), TypeError, "tuple of classes"),  # type: ignore[arg-type]
        (lambda: dbsafe(errors=(int,)), TypeError, "tuple of classes"),  # type: ignore[arg-type]
    ],
)
def test_wrong_options(wrong: Callable[[], object], error: type[Exception], message: str) -> None:
    """What makes no sense is refused where it is decorated."""
    with pytest.raises(error, match=message):
        wrong()


@pytest.mark.parametrize(("module", "name"), [("psycopg", "sqlstate"), ("psycopg2", "pgcode")])
def test_states_of_postgresql(module: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A standby and a transaction that took too long are trouble, a statement too large is not."""
    base: type[Exception] = type("Error", (Exception,), {})
    operational: type[Exception] = type("OperationalError", (base,), {})
    interface: type[Exception] = type("InterfaceError", (base,), {})
    library(
        monkeypatch,
        module,
        Error=base,
        OperationalError=operational,
        InterfaceError=interface,
    )
    for state, kind, trouble in [
        ("25006", base, True),
        ("25P03", base, True),
        ("25P04", base, True),
        ("54001", operational, False),
        ("54011", operational, False),
        ("54000", operational, False),
        ("57P01", operational, True),
        (None, operational, True),
        ("42601", base, False),
    ]:
        error = type("Stated", (kind,), {name: state})("no")
        assert isinstance(outcome(Handler().plain, error), StorageUnavailable) is trouble, state


@pytest.mark.parametrize(
    "error", [PoolFull("many wait"), StatementTimeout("cut"), adbapi.ConnectionLost()]
)
def test_own_trouble(error: Exception) -> None:
    """A full pool, a silent server and adbapi's lost connections are trouble."""
    assert isinstance(outcome(Handler().plain, error), StorageUnavailable)


def test_sqlite(tmp_path: Path) -> None:
    """A locked, missing or read-only database is trouble, a wrong statement is not."""
    path = tmp_path / "data"
    first, second = sqlite3.connect(path), sqlite3.connect(path, timeout=0)
    first.execute("CREATE TABLE t (a)")
    first.execute("BEGIN EXCLUSIVE")
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0)

    def missing() -> None:
        sqlite3.connect(tmp_path / "nowhere" / "data")

    for trouble in [
        lambda: second.execute("SELECT * FROM t"),
        lambda: reader.execute("SELECT * FROM t"),
        missing,
    ]:
        assert isinstance(outcome(dbsafe(trouble)), StorageUnavailable)
    first.rollback()
    assert isinstance(
        outcome(dbsafe(lambda: reader.execute("INSERT INTO t VALUES (1)"))), StorageUnavailable
    )
    for wrong in ["SELECT * FROM nowhere", "SELEC", "SELECT b FROM t"]:
        found = outcome(dbsafe(first.execute), wrong)
        assert type(found) is sqlite3.OperationalError
    text = sqlite3.OperationalError("without a number")
    assert outcome(Handler().plain, text) is text
    for connection in (first, second, reader):
        connection.close()


def library(
    monkeypatch: pytest.MonkeyPatch, module: str, **classes: type[Exception]
) -> type[Exception]:
    """Put exceptions where a library has them that is not installed, and return the first."""
    loaded = ModuleType(module)
    vars(loaded).update(classes)
    monkeypatch.setitem(sys.modules, module, loaded)
    return next(iter(classes.values()))


@pytest.mark.parametrize("module", ["pymysql", "MySQLdb"])
def test_mysql(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of a MySQL error tells whether it is trouble."""

    class Error(Exception):
        pass

    class OperationalError(Error):
        pass

    class InterfaceError(Error):
        pass

    class InternalError(Error):
        pass

    library(
        monkeypatch,
        module,
        OperationalError=OperationalError,
        InterfaceError=InterfaceError,
        InternalError=InternalError,
    )
    plain = Handler().plain
    for trouble in [
        OperationalError(2003, "Can't connect"),
        OperationalError(2013, "Lost connection"),
        OperationalError(1045, "Access denied"),
        OperationalError(1213, "Deadlock"),
        OperationalError(1969, "Query execution was interrupted"),
        InterfaceError(0, ""),
        InterfaceError(),
        InternalError(1205, "Lock wait timeout"),
        InternalError("Packet sequence number wrong - got 72 expected 1"),
        *(OperationalError(number, "no") for number in (1036, 1047, 1114, 1158, 1159, 1161)),
        InternalError(1180, "no"),
        OperationalError(3100, "no"),
    ]:
        assert isinstance(outcome(plain, trouble), StorageUnavailable), trouble
    for wrong in [
        OperationalError(1054, "Unknown column"),
        InternalError(1364, "no default"),
        OperationalError("text"),
        Error(2003),
    ]:
        assert outcome(plain, wrong) is wrong


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("psycopg", "OperationalError"),
        ("psycopg", "InterfaceError"),
        ("psycopg2", "OperationalError"),
        ("psycopg2", "InterfaceError"),
        ("txredisapi", "ConnectionError"),
        ("txredisapi", "TimeoutError"),
        ("pymongo.errors", "ConnectionFailure"),
        ("txmongo.errors", "TimeExceeded"),
    ],
)
def test_other_libraries(module: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each library the exceptions that mean trouble are known, those derived from them too."""
    names = {
        "Error",
        "OperationalError",
        "InterfaceError",
        "ConnectionError",
        "TimeoutError",
        "TimeExceeded",
    }
    classes: dict[str, type[Exception]] = {
        each: type(each, (Exception,), {}) for each in names | {"ConnectionFailure"}
    }
    library(monkeypatch, module, **classes)
    derived: type[Exception] = type("Derived", (classes[name],), {})
    error = derived("gone")
    assert isinstance(outcome(Handler().plain, error), StorageUnavailable)


def test_names_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exceptions of the libraries that are installed are where they are looked for."""
    txredisapi = importlib.import_module("txredisapi")
    error = txredisapi.ConnectionError("gone")
    assert isinstance(outcome(Handler().plain, error), StorageUnavailable)
    monkeypatch.delitem(sys.modules, "txredisapi")
    assert outcome(Handler().plain, error) is error
