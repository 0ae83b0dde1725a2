"""What values the options of clients and requests may have: one table for both."""

import math
import reprlib
from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any, Final, NamedTuple

from cyclone_core.httpclient.errors import InvalidRequest

__all__ = ["CALLBACKS", "FLAGS", "NUMBERS", "TEXTS", "check_option", "check_options"]


class _Kind(NamedTuple):
    """A kind of values.

    Attributes:
        types: The types that they have.
        wanted: The same in words.
        fits: Whether a value of these types will do; None if all of them do.
        secret: Whether nobody may see a wrong one.
    """

    types: tuple[type, ...]
    wanted: str
    fits: Callable[[Any], bool] | None = None
    secret: bool = False


def _at_least_0(number: float) -> bool:
    return 0 <= number < math.inf


def _above_0(number: float) -> bool:
    return 0 < number < math.inf


_FLAG: Final = _Kind((bool,), "True or False")
_BOUND: Final = _Kind(
    (int, float), "a number of seconds, 0 for no bound and never below", _at_least_0
)
_SECONDS: Final = _Kind((int, float), "a number of seconds above zero", _above_0)
_COUNT: Final = _Kind((int,), "a whole number, 0 or more", _at_least_0)
_SIZE: Final = _Kind((int,), "a whole number above zero", _above_0)
_TEXT: Final = _Kind((str,), "text")
_SECRET: Final = _Kind((str,), "text", secret=True)
_PATH: Final = _Kind((str, PathLike), "a path, as text or a PathLike")
_CALLABLE: Final = _Kind((Callable,), "a function")  # type: ignore[arg-type]  # it is a class, too

_KINDS: Final[Mapping[str, _Kind]] = {
    "allow_ipv6": _FLAG,
    "allow_nonstandard_methods": _FLAG,
    "auth_mode": _Kind((str,), "'basic' or 'digest'", {"basic", "digest"}.__contains__),
    "auth_password": _SECRET,
    "auth_username": _SECRET,
    "body_producer": _CALLABLE,
    "ca_certs": _PATH,
    "client_cert": _PATH,
    "client_key": _PATH,
    "connect_timeout": _BOUND,
    "decompress_response": _FLAG,
    "expect_100_continue": _FLAG,
    "follow_redirects": _FLAG,
    "header_callback": _CALLABLE,
    "idle_connection_timeout": _SECONDS,
    "idle_timeout": _BOUND,
    "max_body_size": _SIZE,
    "max_clients": _SIZE,
    "max_header_size": _SIZE,
    "max_idle_connections": _COUNT,
    "max_redirects": _COUNT,
    "request_timeout": _BOUND,
    "server_name": _TEXT,
    "streaming_callback": _CALLABLE,
    "unix_socket": _PATH,
    "user_agent": _TEXT,
    "validate_cert": _FLAG,
}
"""By name. What concerns proxies, addresses and `ssl_options` has rules of its own: see `routes`."""

# What requests check, in four groups: most requests have nothing of any, and few something of two.
NUMBERS: Final = (
    "connect_timeout",
    "request_timeout",
    "idle_timeout",
    "max_redirects",
    "max_body_size",
)
FLAGS: Final = (
    "follow_redirects",
    "validate_cert",
    "allow_ipv6",
    "allow_nonstandard_methods",
    "decompress_response",
    "expect_100_continue",
)
TEXTS: Final = (
    "auth_username",
    "auth_password",
    "auth_mode",
    "user_agent",
    "ca_certs",
    "client_key",
    "client_cert",
    "server_name",
    "unix_socket",
)
CALLBACKS: Final = ("streaming_callback", "header_callback", "body_producer")


def check_options(names: tuple[str, ...], values: tuple[Any, ...]) -> None:
    """Check several options.

    Args:
        names: Their names.
        values: The values, in the same order; None is never wrong.

    Raises:
        InvalidRequest: A value is out of range.
        TypeError: One has another type.
    """
    for name, value in zip(names, values, strict=True):
        if value is not None:
            check_option(name, value)


def check_option(name: str, value: object) -> None:
    """Check an option.

    Args:
        name: Its name; what is not in the table is not looked at.
        value: Its value.

    Raises:
        InvalidRequest: The value is out of range.
        TypeError: It has another type.
    """
    kind = _KINDS.get(name)
    if kind is None:
        return
    # To Python a bool is a number.
    if not isinstance(value, kind.types) or (value.__class__ is bool and kind is not _FLAG):
        shown = type(value).__name__ if kind.secret else reprlib.repr(value)
        raise TypeError(f"{name} is {kind.wanted}, not {shown}")
    if kind.fits is not None and not kind.fits(value):
        raise InvalidRequest(f"{name} is {kind.wanted}, not {reprlib.repr(value)}")
