"""Between Python's values and Redis's bytes, as txredisapi and cyclone 1.x have it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Final, cast

from cyclone_storage.redis.errors import InvalidData
from cyclone_storage.redis.resp import RawReply
from cyclone_storage.redis.types import Reply, Result

__all__ = ["build_command", "convert_reply", "make_converter", "make_encoder"]

_NUMBER_BEGINNINGS: Final = frozenset(b"0123456789+-.")


def make_converter(charset: str | None, *, numbers: bool) -> Callable[[bytes], Reply]:
    """Make what turns a bulk string into a value.

    Args:
        charset: How text is decoded; what cannot be, stays `bytes`. None: all stays `bytes`.
        numbers: Whether what looks like a number becomes one.

    Returns:
        The function.
    """

    def convert(data: bytes) -> Reply:
        # A `_` is a digit separator for Python 3 only: cyclone 1.x has left "1_0" as it was.
        if numbers and data and data[0] in _NUMBER_BEGINNINGS and b"_" not in data:
            try:
                return float(data) if b"." in data else int(data)
            except ValueError:
                pass
        if charset is None:
            return data
        try:
            return data.decode(charset)
        except UnicodeDecodeError:
            return data

    return convert


def convert_reply(reply: RawReply, convert: Callable[[bytes], Reply]) -> Result:
    """Convert what a reader has read.

    Args:
        reply: A reply, of any depth that the reader allows.
        convert: What turns a bulk string into a value.

    Returns:
        The same, with values in place of bulk strings; lists are changed in place.
    """
    if isinstance(reply, bytes):
        return convert(reply)
    if isinstance(reply, list):
        return _convert_list(reply, convert)
    return reply


def _convert_list(elements: list[RawReply], convert: Callable[[bytes], Reply]) -> list[Reply]:
    # In place: a reply of a million elements need not be there twice.
    replies = cast("list[Reply]", elements)
    for index, element in enumerate(elements):
        if isinstance(element, bytes):
            replies[index] = convert(element)
        elif isinstance(element, list):
            _convert_list(element, convert)
    return replies


def make_encoder(charset: str | None, errors: str) -> Callable[[object], bytes]:
    """Make what turns an argument into bytes.

    Args:
        charset: How text is encoded; None: as UTF-8.
        errors: What is done with text that cannot be (`str.encode`).

    Returns:
        The function; it raises `InvalidData`.
    """
    name = "utf-8" if charset is None else charset

    def encode(value: object) -> bytes:
        if isinstance(value, bytes):
            return value
        if isinstance(value, str):
            try:
                return value.encode(name, errors)
            except UnicodeEncodeError as error:
                # Not the text itself: it may be a secret, and this goes to a log.
                raise InvalidData(
                    f"Redis: a text of {len(value)} characters cannot be encoded as {name}"
                    f" ({error.reason}, at {error.start}): give bytes, or a charset that has it."
                ) from None
        if isinstance(value, float):
            # Without an exponent, as txredisapi has it, but with all the digits, of which it drops some.
            text = repr(value)
            return (format(Decimal(text), "f") if "e" in text else text).encode()
        if isinstance(value, (bytearray, memoryview)):
            return bytes(value)
        return str(value).encode()

    return encode


def build_command(arguments: tuple[object, ...], encode: Callable[[object], bytes]) -> bytes:
    """Build a command: an array of length-prefixed strings, in which no argument can end early.

    Args:
        arguments: Its name, and what belongs to it.
        encode: What turns an argument into bytes.

    Returns:
        The command as it is sent.
    """
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in arguments:
        encoded = encode(argument)
        parts.append(b"$%d\r\n%b\r\n" % (len(encoded), encoded))
    return b"".join(parts)
