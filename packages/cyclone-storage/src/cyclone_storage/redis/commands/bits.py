"""Commands on the bits of strings."""

import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from twisted.internet.defer import Deferred, fail

from cyclone_storage.redis.commands.runner import CommandRunner
from cyclone_storage.redis.commands.words import option
from cyclone_storage.redis.errors import InvalidData, RedisError
from cyclone_storage.redis.types import Key

__all__ = ["BitCommands"]

_OPERATIONS: Final[Mapping[object, str]] = MappingProxyType(
    {
        operator.and_: "AND",
        operator.__and__: "AND",
        operator.or_: "OR",
        operator.__or__: "OR",
        operator.xor: "XOR",
        operator.__xor__: "XOR",
        operator.not_: "NOT",
        operator.__not__: "NOT",
    }
)


class BitCommands(CommandRunner):
    """Commands on the bits of strings."""

    __slots__ = ()

    def getbit(self, key: Key, offset: int) -> Deferred[int]:
        """Give a bit.

        Args:
            key: The key.
            offset: Its number, from 0.

        Returns:
            0 or 1.
        """
        return self._run("execute_command", "GETBIT", key, offset)

    def setbit(self, key: Key, offset: int, value: int) -> Deferred[int]:
        """Set a bit.

        Args:
            key: The key.
            offset: Its number, from 0.
            value: 0, 1 or a bool.

        Returns:
            What it was.
        """
        return self._run("execute_command", "SETBIT", key, offset, int(value))

    def bitop(
        self, operation: str | Callable[..., object], destkey: Key, *srckeys: Key
    ) -> Deferred[int]:
        """Combine the bits of several keys.

        Args:
            operation: `"AND"`, `"OR"`, `"XOR"`, `"NOT"`, or `operator.and_`, `or_`, `xor`, `not_`.
            destkey: The key of the result.
            srckeys: The keys; for NOT one.

        Returns:
            The length of the result in bytes.

        Raises:
            InvalidData: There is no such operation.
            RedisError: No keys, or several for NOT.
        """
        name = operation.upper() if isinstance(operation, str) else _OPERATIONS.get(operation)
        if name not in _OPERATIONS.values():
            return fail(
                InvalidData(f"bitop(): no operation {operation!r}: it is AND, OR, XOR or NOT")
            )
        if not srckeys:
            return fail(RedisError("bitop(): no ``srckeys`` specified"))
        if name == "NOT" and len(srckeys) > 1:
            return fail(RedisError("bitop(): NOT takes only one ``srckey``"))
        return self._run("execute_command", "BITOP", name, destkey, *srckeys)

    def bitcount(
        self, key: Key, start: int | None = None, end: int | None = None, unit: str | None = None
    ) -> Deferred[int]:
        """Count the bits that are 1.

        Args:
            key: The key.
            start: The first byte, from 0; negative: from the end.
            end: The last byte, included.
            unit: `"BIT"`, if those are numbers of bits (Redis 7).

        Returns:
            How many.

        Raises:
            RedisError: Of `start` and `end` one is missing.
        """
        if (start is None) != (end is None):
            return fail(RedisError("bitcount(): ``start`` and ``end`` must both be specified"))
        between = () if start is None else (start, end, *option(unit or "", unit is not None))
        return self._run("execute_command", "BITCOUNT", key, *between)

    def bitpos(
        self, key: Key, bit: int, start: int | None = None, end: int | None = None
    ) -> Deferred[int]:
        """Find the first bit that is 0, or 1.

        Args:
            key: The key.
            bit: 0 or 1.
            start: The first byte to look at, from 0; negative: from the end.
            end: The last byte, included; only together with `start`.

        Returns:
            Its number, or -1 if there is none.
        """
        between = () if start is None else (start,) if end is None else (start, end)
        return self._run("execute_command", "BITPOS", key, int(bit), *between)

    def bitfield(self, key: Key, *words: str | int) -> Deferred[list[int | None]]:
        """Read and write integers of any width.

        Args:
            key: The key.
            words: Operations in Redis's words: `"GET", "u8", 0, "INCRBY", "i5", 100, 1`.

        Returns:
            A result for each.
        """
        return self._run("execute_command", "BITFIELD", key, *words)
