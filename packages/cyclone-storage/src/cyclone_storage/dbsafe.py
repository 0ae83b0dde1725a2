"""`dbsafe`: a handler whose database is away answers 503, and tells when to come back."""

import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from inspect import isawaitable, iscoroutinefunction
from types import MappingProxyType
from typing import Any, Final, NoReturn, ParamSpec, TypeVar, overload
from weakref import WeakSet

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cyclone_storage.errors import PoolTimeout, StorageUnavailable

__all__ = ["DatabaseSafe", "dbsafe"]

P = ParamSpec("P")
T = TypeVar("T")

_log: Final = Logger()

_RETRY_AFTER: Final = 5

# Exceptions that a decorator has logged: one around it has nothing to add.
_logged: Final[WeakSet[BaseException]] = WeakSet()

# The exceptions by which libraries say that a database is away, under the modules that hold them. They
# are looked for among the modules that are loaded: what is not loaded has raised nothing, and loading
# txredisapi would install a reactor.
_TROUBLE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "cyclone_storage.sql.errors": ("StatementTimeout",),
        "txredisapi": ("ConnectionError", "TimeoutError"),
        "twisted.enterprise.adbapi": ("ConnectionLost",),
        "psycopg": ("OperationalError", "InterfaceError"),
        "psycopg2": ("OperationalError", "InterfaceError"),
        "pymongo.errors": ("ConnectionFailure",),
        "txmongo.errors": ("TimeExceeded",),
    }
)
# Those that say it, but also that a statement is wrong; a number tells the two apart.
_NUMBERED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "sqlite3": ("OperationalError",),
        "pymysql": ("OperationalError", "InterfaceError", "InternalError"),
        "MySQLdb": ("OperationalError", "InterfaceError", "InternalError"),
    }
)
# SQLITE_ERROR: no such table, no such column, a syntax error.
_SQLITE_ERROR: Final = 1
# MySQL's server: too many connections (1040, 1203, 1226), no memory or disk (1021, 1037, 1038, 1041,
# 1114), no such host, user or database (1042 to 1045, 1049, 1129, 1130), a cluster that is not ready
# (1047), shutting down (1053), the network (1158 to 1161), read-only (1036, 1290, 1792, 1836), locks (1205,
# 1213), a commit that failed (1180, 3100), interrupted (1317, 1927, 1969, 3024), idle for too long (4031).
# Its client library: 2000 to 2999. 0: the connection is closed.
_MYSQL: Final = frozenset(
    {
        0,
        1021,
        1036,
        1037,
        1038,
        1040,
        1041,
        1042,
        1043,
        1044,
        1045,
        1047,
        1049,
        1053,
        1114,
        1129,
        1130,
    }
    | {
        1158,
        1159,
        1160,
        1161,
        1180,
        1203,
        1205,
        1213,
        1226,
        1290,
        1317,
        1792,
        1836,
        1927,
        1969,
        3024,
    }
    | {3100, 4031}
    | set(range(2000, 3000))
)
# What PyMySQL says, without a number, of bytes that are not MySQL's protocol.
_GARBAGE: Final = "Packet sequence number wrong"
# Those of PostgreSQL, whose SQLSTATE tells more than their class.
_STATED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"psycopg": ("Error",), "psycopg2": ("Error",)}
)
# A standby, or a server that became one; a transaction that took too long, idle or not.
_PASSING: Final = frozenset({"25006", "25P03", "25P04"})
# "Program limit exceeded": a statement that is too complex, with too many columns or arguments.
_TOO_MUCH: Final = "54"


@overload
def dbsafe(method: Callable[P, T], /) -> Callable[P, T]: ...


@overload
def dbsafe(
    *, retry_after: int | None = ..., errors: tuple[type[Exception], ...] = ...
) -> Callable[[Callable[P, T]], Callable[P, T]]: ...


def dbsafe(
    method: Callable[..., Any] | None = None,
    /,
    *,
    retry_after: int | None = None,
    errors: tuple[type[Exception], ...] = (),
) -> Callable[..., Any]:
    """Make 503 Service Unavailable of a database's trouble; `@dbsafe` or `@dbsafe(retry_after=30)`.

    Trouble is what may pass without a change of the program: no connection, no answer in time, a lock, a
    full disk. A wrong statement is none: it stays what it is, and becomes a 500. Known are
    `cyclone_storage` itself, txredisapi, sqlite3, `twisted.enterprise.adbapi`, psycopg, psycopg2,
    PyMySQL, mysqlclient and pymongo with txmongo. Each failure is logged once, with its reason; the
    client is not told.

    Args:
        method: A method of a handler, or any function: a plain one, an `async def`, or one that returns
            a Deferred, as those of `inlineCallbacks` do.
        retry_after: Seconds after which the client may ask again, the `Retry-After` of the answer. None:
            what a StorageUnavailable says itself, 5 for all else.
        errors: Further exceptions that are trouble, such as those of another library.

    Returns:
        The method, or a decorator. It raises StorageUnavailable instead of the trouble.

    Raises:
        TypeError: What is decorated is no function, or an option is of another type.
        ValueError: `retry_after` is negative.

    Source: cyclone 1.x's documented recipe, and `DatabaseSafe` of its application skeletons.
    """
    _check(method, retry_after, errors)

    def decorate(method: Callable[P, Any]) -> Callable[P, Any]:
        _check(method, retry_after, errors)
        place = getattr(method, "__qualname__", repr(method))

        def translate(error: BaseException) -> NoReturn:
            unavailable = isinstance(error, StorageUnavailable)
            if unavailable and error in _logged:
                raise error
            if not (isinstance(error, errors) or is_trouble(error)):
                raise error
            reason = f"{type(error).__name__}: {error}"
            _log.error(
                "{place}: 503, the database is in trouble: {reason}", place=place, reason=reason
            )
            if unavailable and retry_after is None:
                _logged.add(error)
                raise error
            seconds = _RETRY_AFTER if retry_after is None else retry_after
            answer = StorageUnavailable(reason, seconds)
            _logged.add(answer)
            raise answer from error

        return _around(method, translate)

    return decorate if method is None else decorate(method)


def _check(method: object, retry_after: object, errors: object) -> None:
    if method is not None and not callable(method):
        raise TypeError(
            f"{method!r} is no function: it is '@dbsafe', or '@dbsafe(retry_after=30)' with names"
        )
    if retry_after is not None:
        if isinstance(retry_after, bool) or not isinstance(retry_after, int):
            raise TypeError(
                f"retry_after is {retry_after!r}; it has to be a whole number of seconds"
            )
        if retry_after < 0:
            raise ValueError(f"retry_after is {retry_after} s; it has to be 0 or more")
    if not isinstance(errors, tuple) or not all(
        isinstance(each, type) and issubclass(each, Exception) for each in errors
    ):
        raise TypeError(f"errors is {errors!r}; it has to be a tuple of classes of exceptions")


def _around(
    method: Callable[P, Any], translate: Callable[[BaseException], NoReturn]
) -> Callable[P, Any]:
    def translate_failure(failure: Failure) -> NoReturn:
        error: Any = failure.value  # Twisted types it as if there might be none
        translate(error)

    async def wait(result: Awaitable[Any]) -> Any:  # noqa: ANN401 -- as the method has it
        try:
            return await result
        except Exception as error:  # noqa: BLE001 -- it is raised again, or translated
            translate(error)

    @wraps(method)
    def call(*args: P.args, **kw: P.kwargs) -> Any:  # noqa: ANN401 -- as above
        try:
            result = method(*args, **kw)
        except Exception as error:  # noqa: BLE001 -- as above
            translate(error)
        if isinstance(result, Deferred):
            return result.addErrback(translate_failure)
        return wait(result) if isawaitable(result) else result

    @wraps(method)
    async def call_coroutine(*args: P.args, **kw: P.kwargs) -> Any:  # noqa: ANN401 -- as above
        return await wait(method(*args, **kw))

    return call_coroutine if iscoroutinefunction(method) else call


def is_trouble(error: BaseException) -> bool:
    """Tell whether an exception says that a database is away, rather than that a program is wrong.

    Args:
        error: The exception.
    """
    if isinstance(error, (PoolTimeout, StorageUnavailable)):
        return True
    if isinstance(error, _loaded(_STATED)):
        state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or ""
        if state in _PASSING:
            return True
        return isinstance(error, _loaded(_TROUBLE)) and not state.startswith(_TOO_MUCH)
    if isinstance(error, _loaded(_NUMBERED)):
        return _number_tells(error)
    return isinstance(error, _loaded(_TROUBLE))


def _number_tells(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return bool(code & 0xFF != _SQLITE_ERROR)
    number = error.args[0] if error.args else 0
    return number.startswith(_GARBAGE) if isinstance(number, str) else number in _MYSQL


def _loaded(names: Mapping[str, tuple[str, ...]]) -> tuple[type[BaseException], ...]:
    found = []
    for module, classes in names.items():
        if (loaded := sys.modules.get(module)) is not None:
            found += [getattr(loaded, name) for name in classes]
    return tuple(found)


# The name in the applications that cyclone 1.x generated.
DatabaseSafe = dbsafe
