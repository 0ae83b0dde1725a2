"""Redis's protocol, RESP2, as bytes in and replies out: no reactor, no connection.

txredisapi reads lines with a receiver that copies what it has for each line, and lets a turn of the
reactor pass for each bulk string; it bounds nothing. This reader is linear in what it is fed, however
that is cut, holds no more than `max_reply_size` bytes of a reply, and stops for good at the first byte
that cannot be right: what follows a misread length is anybody's guess.

RESP3 is not spoken: nobody asks for it (`HELLO`), so its types are as wrong as any other byte.
"""

import enum
from typing import Final, TypeAlias, cast

from cyclone_storage.redis.errors import (
    AuthenticationError,
    InvalidResponse,
    ProtocolError,
    ReplyTooLarge,
    ResponseError,
)

__all__ = [
    "MAX_DEPTH",
    "MAX_ELEMENTS",
    "MAX_LINE",
    "MAX_REPLY_SIZE",
    "PENDING",
    "Pending",
    "RawReply",
    "ReplyReader",
    "make_error",
]

MAX_REPLY_SIZE: Final = 64 * 1024 * 1024
"""Bytes of one reply as it is sent. Redis allows values of 512 MiB: a program that has them says so."""

MAX_ELEMENTS: Final = 2 * 1024 * 1024
"""Elements of one reply, inner ones included: four bytes sent can cost sixty of memory."""

MAX_DEPTH: Final = 32
"""Arrays within arrays. No command goes beyond ten; a script may."""

MAX_LINE: Final = 64 * 1024
"""Bytes of a status, an error, a number or a length."""


class Pending(enum.Enum):
    """The one value that is no reply; `None` is one."""

    PENDING = enum.auto()


PENDING: Final = Pending.PENDING

RawReply: TypeAlias = str | bytes | int | list["RawReply"] | ResponseError | None
"""A status is `str`, a bulk string `bytes`; an error is not raised, as it may stand in an array."""

_BULK, _STATUS, _NUMBER, _ARRAY, _ERROR = b"$+:*-"
_TYPES: Final = {
    _BULK: "the length of a string",
    _STATUS: "a status",
    _NUMBER: "a number",
    _ARRAY: "the length of an array",
    _ERROR: "an error",
}
_RESP3: Final = frozenset(b"_#,(!=%~>|")
_STRANGERS: Final = (
    (b"HTTP/", "it is a web server's answer: is this the right port?"),
    (b"\x15\x03", "it is TLS: connect with TLS, rediss://"),
    (b"SSH-", "it is an SSH server's greeting: is this the right port?"),
)

_SHORT: Final = {b"$%d\r\n" % length: length for length in range(100)}

# With its sign; 19 digits hold every integer of 64 bits.
_LONGEST_NUMBER: Final = 20
_LIMIT: Final = 2**63


class _Begun(enum.Enum):
    BEGUN = enum.auto()


# An array has begun, and has elements: neither a reply nor a part of one.
_BEGUN: Final = _Begun.BEGUN


class ReplyReader:
    """Makes replies of bytes.

    Once it has raised an error, it raises the same again: the connection is of no use any more.

    Attributes:
        max_reply_size: Bytes that one reply may have.
        max_elements: Elements that one reply may have.
        max_depth: Arrays that may be within each other.
        max_line: Bytes that a line may have.
    """

    def __init__(
        self,
        *,
        max_reply_size: int = MAX_REPLY_SIZE,
        max_elements: int = MAX_ELEMENTS,
        max_depth: int = MAX_DEPTH,
        max_line: int = MAX_LINE,
    ) -> None:
        """Begin before the first reply.

        Args:
            max_reply_size: Bytes that one reply may have as it is sent.
            max_elements: Elements that one reply may have, inner ones included.
            max_depth: Arrays that may be within each other.
            max_line: Bytes that a status, an error, a number or a length may have.

        Raises:
            ValueError: A bound is below one.
        """
        bounds = {
            "max_reply_size": max_reply_size,
            "max_elements": max_elements,
            "max_depth": max_depth,
            "max_line": max_line,
        }
        for name, bound in bounds.items():
            if bound < 1:
                raise ValueError(f"{name} is {bound}, and no reply would fit: give at least 1.")
        self.max_reply_size = max_reply_size
        self.max_elements = max_elements
        self.max_depth = max_depth
        self.max_line = max_line
        self._error: InvalidResponse | None = None
        self._buffer = b""
        self._position = 0
        # The beginning of a line, or of a bulk string of which `_missing` bytes have not come.
        self._part = bytearray()
        self._missing = 0
        # The array that is being read, how many elements it wants yet, and those around it.
        self._elements: list[RawReply] | None = None
        self._wanted = 0
        self._outer: list[tuple[list[RawReply], int]] = []
        # What the reply has so far, as all of it is bounded.
        self._size = 0
        self._count = 0

    @property
    def idle(self) -> bool:
        """Whether nothing of a next reply has come."""
        begun = self._part or self._missing or self._elements is not None
        return self._position == len(self._buffer) and not begun

    def feed(self, data: bytes) -> None:
        """Take what has come; then ask `next_reply` until it is `PENDING`.

        Args:
            data: Any number of bytes.
        """
        if self._position < len(self._buffer):
            # Nobody has asked for what there is: a paused reader.
            self._buffer = self._buffer[self._position :] + data
            self._position = 0
            return
        self._buffer = data
        self._position = 0
        if self._part and not self._missing:
            self._continue_line()

    def next_reply(self) -> RawReply | Pending:
        """Take a reply.

        Returns:
            The reply, or `PENDING` if none is complete.

        Raises:
            ProtocolError: This is not RESP2.
            ReplyTooLarge: The reply is above one of the bounds.
        """
        if self._error is not None:
            raise self._error
        try:
            return self._read()
        except InvalidResponse as error:
            self._error = error
            self._buffer, self._position, self._part = b"", 0, bytearray()
            self._elements, self._outer = None, []
            raise

    def _read(self) -> RawReply | Pending:
        value: RawReply | Pending | _Begun
        while True:
            if self._missing:
                value = self._continue_bulk()
            elif self._elements is not None and (reply := self._take_strings()) is not PENDING:
                return reply
            else:
                value = self._read_line()
            if value is PENDING:
                return PENDING
            if self._size > self.max_reply_size:
                raise self._too_large(f"has {self._size} bytes or more", "max_reply_size")
            if isinstance(value, _Begun):
                continue
            if self._elements is None:
                self._size = 0
                return value
            self._elements.append(value)
            self._wanted -= 1
            if not self._wanted and (reply := self._end_arrays()) is not PENDING:
                return reply

    def _take_strings(self) -> RawReply | Pending:
        """Take the short strings of an array that have come: most of what large replies consist of.

        What is anything else, or not complete, is left for the others.
        """
        buffer = self._buffer
        begin = position = self._position
        if buffer[position : position + 1] != b"$":
            return PENDING
        wanted = self._wanted
        append = cast("list[RawReply]", self._elements).append
        while wanted:
            # A look at a table is faster than to search the line's end and to make a number of it.
            start = position + 4
            length = _SHORT.get(buffer[position:start])
            if length is None:
                start = position + 5
                length = _SHORT.get(buffer[position:start])
                if length is None:
                    break
            stop = start + length
            if buffer[stop : stop + 2] != b"\r\n":
                break
            append(buffer[start:stop])
            position = stop + 2
            wanted -= 1
        self._size += position - begin
        self._position = position
        self._wanted = wanted
        if self._size > self.max_reply_size:
            raise self._too_large(f"has {self._size} bytes or more", "max_reply_size")
        return PENDING if wanted else self._end_arrays()

    def _read_line(self) -> RawReply | Pending | _Begun:
        buffer = self._buffer
        start = self._position
        end = buffer.find(b"\r\n", start)
        if end < 0:
            return self._keep_line(buffer, start)
        kind = buffer[start]
        if end - start > self.max_line:
            raise self._too_long(kind)
        self._position = end + 2
        self._size += end - start + 2
        line = buffer[start + 1 : end]
        if kind == _BULK:
            return self._begin_bulk(buffer, line, end + 2)
        if kind == _STATUS:
            return line.decode("utf-8", "backslashreplace")
        if kind == _NUMBER:
            return _parse_integer(line)
        if kind == _ARRAY:
            return self._begin_array(line)
        if kind == _ERROR:
            return make_error(line.decode("utf-8", "backslashreplace"))
        raise _describe_stranger(buffer[start : end + 2])

    def _keep_line(self, buffer: bytes, start: int) -> Pending:
        """Keep the beginning of a line until the rest comes; refuse what no rest can mend."""
        if start == len(buffer):
            return PENDING
        part = self._part
        part += memoryview(buffer)[start:]
        self._buffer, self._position = b"", 0
        if part[0] not in _TYPES:
            raise _describe_stranger(bytes(part))
        if len(part) > self.max_line + 1:  # it may end with half of the line's end
            raise self._too_long(part[0])
        return PENDING

    def _continue_line(self) -> None:
        """Put a line together as soon as its end may have come.

        To look at its beginning again each time would make many small packets expensive.
        """
        if b"\n" in self._buffer:
            self._buffer = bytes(self._part + self._buffer)
            self._part = bytearray()

    def _begin_bulk(self, buffer: bytes, line: bytes, start: int) -> RawReply | Pending:
        length = _parse_length(line, _BULK)
        if length is None:
            return None
        self._size += length + 2
        if self._size > self.max_reply_size:
            raise self._too_large(
                f"has a string of {length} bytes, of {self.max_reply_size} in all", "max_reply_size"
            )
        end = start + length
        if len(buffer) < end + 2:
            self._part += memoryview(buffer)[start:]
            self._missing = end + 2 - len(buffer)
            self._buffer, self._position = b"", 0
            return PENDING
        if buffer[end : end + 2] != b"\r\n":
            raise _end_missing(length)
        self._position = end + 2
        return buffer[start:end]

    def _continue_bulk(self) -> RawReply | Pending:
        part = self._part
        buffer = self._buffer
        start = self._position
        there = min(len(buffer) - start, self._missing)
        part += memoryview(buffer)[start : start + there]
        self._position = start + there
        self._missing -= there
        if self._missing:
            return PENDING
        self._part = bytearray()
        if part[-2:] != b"\r\n":
            raise _end_missing(len(part) - 2)
        del part[-2:]
        return bytes(part)

    def _begin_array(self, line: bytes) -> RawReply | _Begun:
        length = _parse_length(line, _ARRAY)
        if not length:
            return None if length is None else []
        self._count += length
        if self._count > self.max_elements:
            raise self._too_large(f"has {self._count} elements or more", "max_elements")
        if self._elements is not None:
            if len(self._outer) + 2 > self.max_depth:
                raise self._too_large("has more arrays within each other", "max_depth")
            self._outer.append((self._elements, self._wanted))
        self._elements, self._wanted = [], length
        return _BEGUN

    def _end_arrays(self) -> RawReply | Pending:
        """End the array that is complete, and those that end with it."""
        while self._elements is not None and not self._wanted:
            ended = self._elements
            if not self._outer:
                self._elements = None
                self._size = self._count = 0
                return ended
            self._elements, self._wanted = self._outer.pop()
            self._elements.append(ended)
            self._wanted -= 1
        return PENDING

    def _too_large(self, what: str, option: str) -> ReplyTooLarge:
        bound = getattr(self, option)
        return ReplyTooLarge(
            f"A reply of the Redis server {what}, and {option} is {bound}: ask for less at a time, or give"
            f" {option} as much as the program can hold."
        )

    def _too_long(self, kind: int) -> InvalidResponse:
        if kind in {_STATUS, _ERROR}:
            return self._too_large("is a line that does not end", "max_line")
        if kind in _TYPES:
            return ProtocolError(f"The Redis server has sent {_TYPES[kind]} that does not end.")
        return _describe_stranger(bytes([kind]))


def make_error(text: str) -> ResponseError:
    """Make the exception of an error that the server has sent.

    Args:
        text: The line, without its `-`.

    Returns:
        The error, as txredisapi shows it: without `ERR`.
    """
    if text.startswith(("NOAUTH", "WRONGPASS")):
        return AuthenticationError(text)
    return ResponseError(text.removeprefix("ERR "))


def _parse_length(line: bytes, kind: int) -> int | None:
    if line.isdigit() and len(line) < _LONGEST_NUMBER:
        return int(line)
    if line == b"-1":
        return None
    raise ProtocolError(f"The Redis server has sent {_TYPES[kind]} that is no number.")


def _parse_integer(line: bytes) -> int:
    digits = line[1:] if line[:1] in {b"-", b"+"} else line
    # Not `int` alone, which takes b" 1_0 ".
    if digits.isdigit() and len(digits) < _LONGEST_NUMBER:
        number = int(line)
        if -_LIMIT <= number < _LIMIT:
            return number
    raise ProtocolError("The Redis server has sent a number that is none of 64 bits.")


def _end_missing(length: int) -> ProtocolError:
    return ProtocolError(
        f"The Redis server has sent a string without its end: more, or less, than the {length} bytes that"
        " it announced."
    )


def _describe_stranger(line: bytes) -> ProtocolError:
    """Say what a line is that begins no reply. It is not shown: it may be a part of somebody's data."""
    for beginning, meaning in _STRANGERS:
        if line.startswith(beginning):
            return ProtocolError(f"This is no Redis server: {meaning}")
    if line[:1] and line[0] in _RESP3:
        return ProtocolError(
            f"The server has sent a reply that begins with {line[:1]!r}, a type of RESP3. Only RESP2 is"
            " spoken here: has something sent HELLO 3?"
        )
    return ProtocolError(
        f"The server has sent a reply that begins with {line[:1]!r}, which no type of Redis's protocol"
        " does. Is it a Redis server, and nothing between that changes what it sends?"
    )
