"""Any command by its name."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from twisted.internet.defer import Deferred, fail

from cyclone_storage.redis.commands.runner import CommandRunner
from cyclone_storage.redis.errors import RedisError
from cyclone_storage.redis.types import Key, Reply, Value

__all__ = ["RawCommands"]

_SUBSCRIBE: Final = "subscribe with `async with pool.subscribe(...)` or a SubscriberProtocol"
_TRANSACTION: Final = "use transaction(), or watch() and multi()"

# What would change the connection for all who share it, or leave it in a state that nobody knows.
_REFUSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ASKING": "Redis Cluster is not supported",
        "AUTH": "give `username` and `password` to what makes the pool, or call auth()",
        "CLIENT REPLY": "each command waits for its reply",
        "CLIENT TRACKING": "there is nobody who would read what the server then sends",
        "DISCARD": _TRANSACTION,
        "EXEC": _TRANSACTION,
        "HELLO": "this client speaks RESP2 only",
        "MONITOR": "use MonitorProtocol",
        "MULTI": _TRANSACTION,
        "PSUBSCRIBE": _SUBSCRIBE,
        "PSYNC": "this client is no replica",
        "PUNSUBSCRIBE": _SUBSCRIBE,
        "QUIT": "use disconnect(), or quit()",
        "RESET": "use disconnect(), or quit()",
        "SCRIPT DEBUG": "the server would answer with what is no reply",
        "SELECT": "give `dbid` to what makes the pool, or call select()",
        "SHUTDOWN": "use shutdown(): there is no reply",
        "SSUBSCRIBE": _SUBSCRIBE,
        "SUBSCRIBE": _SUBSCRIBE,
        "SUNSUBSCRIBE": _SUBSCRIBE,
        "SYNC": "this client is no replica",
        "UNSUBSCRIBE": _SUBSCRIBE,
        "UNWATCH": _TRANSACTION,
        "WATCH": _TRANSACTION,
    }
)

_BLOCKING: Final = frozenset(
    {
        "BLMOVE",
        "BLMPOP",
        "BLPOP",
        "BRPOP",
        "BRPOPLPUSH",
        "BZMPOP",
        "BZPOPMAX",
        "BZPOPMIN",
        "WAIT",
        "WAITAOF",
    }
)


class RawCommands(CommandRunner):
    """Any command by its name."""

    __slots__ = ()

    def execute(self, name: Key, *args: Value) -> Deferred[Reply]:
        """Run any command of the server, as `execute("CLUSTER INFO")` or `execute("SET", key, value)`.

        One that blocks has a connection to itself, as those of the methods have.

        Args:
            name: Its name; of one with a subcommand both words may be here.
            args: Its arguments.

        Returns:
            The reply; nothing but text and numbers is converted.

        Raises:
            RedisError: The command would break a connection that others use; the message says what to
                use instead.
            ResponseError: The server refuses it.
            TypeError: The name is neither `str` nor `bytes`.
        """
        if not isinstance(name, (str, bytes)):
            return fail(_no_name("execute", name))
        return self._run_guarded("execute", (*name.split(), *args))

    def _run_guarded(
        self,
        method: str,
        words: Sequence[Any],
        *,
        post_proc: Callable[[Any], object] | None = None,
        **options: Any,  # noqa: ANN401 -- those of a connection's execute_command
    ) -> Deferred[Any]:
        """Run a command that the program names, unless it would break a connection that others use."""
        if not words:
            return fail(RedisError(f"{method}() needs the name of a command, as 'PING'"))
        if not isinstance(words[0], (str, bytes)):
            return fail(_no_name(method, words[0]))
        command = _text(words[0])
        for wanted in (command, f"{command} {_text(words[1])}" if len(words) > 1 else ""):
            if (advice := _REFUSED.get(wanted)) is not None:
                return fail(RedisError(f"{method}() does not send {wanted}: {advice}"))
        if command in _BLOCKING or (command in {"XREAD", "XREADGROUP"} and _blocks(words)):
            return self._run_blocking(*words, post_proc=post_proc)
        if post_proc is not None:
            options["post_proc"] = post_proc
        return self._run("execute_command", *words, **options)


def _no_name(method: str, name: object) -> TypeError:
    return TypeError(
        f"{method}() needs the name of a command as str or bytes, as 'PING', not {type(name).__name__}"
    )


def _text(word: object) -> str:
    # As the server will read it: an Enum that is a text, too, has another `str()` than that.
    if isinstance(word, (bytes, bytearray, memoryview)):
        return bytes(word).decode("ascii", "replace").upper()
    return word.upper() if isinstance(word, str) else str(word).upper()


def _blocks(words: Sequence[Any]) -> bool:
    options = [_text(word) for word in words]
    end = options.index("STREAMS") if "STREAMS" in options else len(options)
    return "BLOCK" in options[:end]
