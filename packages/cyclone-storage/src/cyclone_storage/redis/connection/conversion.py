"""Between Python's values and Redis's bytes, as txredisapi and cyclone 1.x have it."""

import codecs
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from cyclone_storage.redis.connection.resp import RawReply
from cyclone_storage.redis.errors import InvalidData
from cyclone_storage.redis.types import Reply, Result

__all__ = ["build_command", "convert_reply", "make_converter", "make_encoder"]

_NUMBER_BEGINNINGS: Final = frozenset(b"0123456789+-.")
_NUMBER_ENDINGS: Final = frozenset(b"0123456789.")
_INFINITE: Final = frozenset({float("inf"), float("-inf")})
_NO_VALUE: Final = "Redis: {} is nothing that can be sent: give str, bytes, int or float"
_ADVICE: Final[Mapping[type, str]] = MappingProxyType(
    {
        type(
            None
        ): "Redis: None cannot be sent, there is no such value: delete the key, or leave the"
        " argument out",
        bool: "Redis: {} cannot be sent, there is no such value: give 1 and 0, or a text",
        dict: f"{_NO_VALUE}, a hash (hmset), or a text of it (json.dumps)",
        list: f"{_NO_VALUE}, its elements (rpush), or a text of it (json.dumps)",
        tuple: f"{_NO_VALUE}, its elements (rpush), or a text of it (json.dumps)",
        set: f"{_NO_VALUE}, or its members (sadd)",
        frozenset: f"{_NO_VALUE}, or its members (sadd)",
    }
)
_UTF8: Final = frozenset({"utf-8", "UTF-8", "utf8", "UTF8"})
# Half the time of a call that names the charset.
_decode_utf8: Final = bytes.decode


def make_converter(charset: str | None, *, numbers: bool) -> Callable[[bytes], Reply]:
    """Make what turns a bulk string into a value.

    Args:
        charset: How text is decoded; what cannot be, stays `bytes`. None: all stays `bytes`.
        numbers: Whether what looks like a number becomes one.

    Returns:
        The function.
    """
    beginnings = _NUMBER_BEGINNINGS if numbers else frozenset()
    decode = _decode_utf8 if charset in _UTF8 else _decoder(charset)

    def convert(data: bytes) -> Reply:
        # What Python alone takes for a number stays text: "1_0" (cyclone 1.x has left it as it was), and
        # "5 " and "1.0e999", of which something would be lost.
        if data and data[0] in beginnings and data[-1] in _NUMBER_ENDINGS and b"_" not in data:
            try:
                number = float(data) if b"." in data else int(data)
            except ValueError:
                pass
            else:
                if number not in _INFINITE:
                    return number
        try:
            return decode(data)
        except UnicodeError:
            return data

    return convert


def _decoder(charset: str | None) -> Callable[[bytes], str | bytes]:
    if charset is None:
        return bytes
    return lambda data: data.decode(charset)


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


def _convert_list(elements: list[Any], convert: Callable[[bytes], Reply]) -> list[Reply]:
    # All at once, and not one after the other, as that is slower.
    elements[:] = [
        convert(each)
        if type(each) is bytes
        else _convert_list(each, convert)
        if type(each) is list
        else each
        for each in elements
    ]
    return elements


def make_encoder(charset: str | None, errors: str) -> Callable[[object], bytes]:
    """Make what turns an argument into bytes.

    Args:
        charset: How text is encoded; None: as UTF-8.
        errors: What is done with text that cannot be (`str.encode`).

    Returns:
        The function. It takes `str`, `bytes`, `bytearray`, `memoryview`, `int`, `float`, and objects whose
        class has a `__str__` of its own, such as `Decimal` and `UUID`; of all else, None and `bool`
        included, it raises `InvalidData`.

    Raises:
        ValueError: Python knows no such charset, or nothing of that name to do.
    """
    name = "utf-8" if charset is None else charset
    try:
        "a".encode(name)
        codecs.lookup_error(errors)
    except LookupError as error:
        raise ValueError(
            f"charset {charset!r} with errors {errors!r} cannot be used: {error}. Give the name of a charset"
            ' of Python\'s, such as "utf-8", or None for bytes; errors is "strict" in most programs.'
        ) from None

    def encode(value: object) -> bytes:
        if isinstance(value, bytes):
            return value
        if isinstance(value, str):
            try:
                return value.encode(name, errors)
            except UnicodeError as error:
                # Not the text itself: it may be a secret, and this goes to a log.
                where = f", at {error.start}" if isinstance(error, UnicodeEncodeError) else ""
                raise InvalidData(
                    f"Redis: a text of {len(value)} characters cannot be encoded as {name}{where}: give"
                    " bytes, or a charset that has all of it."
                ) from None
        if isinstance(value, float):
            # Without an exponent, as txredisapi has it, but with all the digits, of which it drops some;
            # with a point, so that a float comes back as one.
            text = repr(value)
            if "e" in text:
                text = format(Decimal(text), "f")
                text += "" if "." in text else ".0"
            return text.encode()
        if isinstance(value, (bytearray, memoryview)):
            return bytes(value)
        kind = type(value)
        if kind is not bool and (isinstance(value, int) or kind.__str__ is not object.__str__):
            # A Decimal, a UUID, a datetime say by their `__str__` what they are as text.
            return str(value).encode()
        # The others have but a `repr`, for programmers: None became the text "None".
        raise InvalidData(_ADVICE.get(kind, _NO_VALUE).format(kind.__name__))

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
