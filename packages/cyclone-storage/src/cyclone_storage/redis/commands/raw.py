"""Any command by its name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from twisted.internet.defer import Deferred, fail

from cyclone_storage.redis.commands.runner import CommandRunner
from cyclone_storage.redis.errors import RedisError
from cyclone_storage.redis.types import Reply, Value

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

    def execute(self, name: str, *args: Value) -> Deferred[Reply]:
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
        """
        words = name.split()
        if not words:
            return fail(RedisError("execute() needs the name of a command, as 'PING'"))
        full = [*words, *args]
        command = words[0].upper()
        for wanted in (command, f"{command} {_text(full[1])}" if len(full) > 1 else ""):
            if (advice := _REFUSED.get(wanted)) is not None:
                return fail(RedisError(f"execute() does not send {wanted}: {advice}"))
        if command in _BLOCKING or (command in {"XREAD", "XREADGROUP"} and _blocks(full)):
            return self._run_blocking(*full)
        return self._run("execute_command", *full)


def _text(word: Value) -> str:
    return (word.decode("ascii", "replace") if isinstance(word, bytes) else str(word)).upper()


def _blocks(words: list[Value]) -> bool:
    options = [_text(word) for word in words]
    end = options.index("STREAMS") if "STREAMS" in options else len(options)
    return "BLOCK" in options[:end]
