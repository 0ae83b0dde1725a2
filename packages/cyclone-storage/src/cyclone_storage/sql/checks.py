"""Refuses arguments that make no sense, where they are given."""

from collections.abc import Callable, Mapping
from math import isfinite

__all__ = ["check_arguments", "check_seconds", "check_sizes"]


def check_seconds(name: str, found: object, *, zero: bool = False) -> None:
    """See that something is a number of seconds.

    Args:
        name: The argument's name.
        found: What was given.
        zero: It may be 0.

    Raises:
        TypeError: It is no number.
        ValueError: It is negative, 0, infinite or none.
    """
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise TypeError(f"{name} is {found!r}; it has to be a number of seconds")
    if not isfinite(found) or found < 0 or (not found and not zero):
        least = "0 or more" if zero else "more than 0"
        raise ValueError(f"{name} is {found} s; it has to be {least}, and finite")


def check_sizes(min_size: int, max_size: int, max_waiting: int) -> None:
    """See that these make a pool.

    Args:
        min_size: How many connections stay open.
        max_size: How many there may be.
        max_waiting: How many callers may wait.

    Raises:
        TypeError: One is no whole number.
        ValueError: They make none.
    """
    found = {"min_size": min_size, "max_size": max_size, "max_waiting": max_waiting}
    for name, number in found.items():
        if isinstance(number, bool) or not isinstance(number, int):
            raise TypeError(f"{name} is {number!r}; it has to be a whole number")
    if not 0 <= min_size <= max_size or max_size < 1 or max_waiting < 0:
        raise ValueError(
            "0 <= min_size <= max_size, 1 <= max_size and 0 <= max_waiting are needed; got "
            + ", ".join(f"{name}={number}" for name, number in found.items())
        )


def check_arguments(
    tls: bool | str | None,
    on_connect: Callable[..., object] | None,
    driver_options: object,
) -> None:
    """See that the other arguments are what they have to be.

    Args:
        tls: Whether TLS is used, or the path of certificates.
        on_connect: Called with connections.
        driver_options: Arguments for the driver.

    Raises:
        TypeError: One is something else.
        ValueError: The path is empty.
    """
    if not (tls is None or isinstance(tls, (bool, str))):
        raise TypeError(
            f"tls is {tls!r}; it has to be True, False, None or the path of a file, as str"
        )
    if tls == "":
        raise ValueError("tls is an empty path; it has to be that of a file of CAs' certificates")
    if not (on_connect is None or callable(on_connect)):
        raise TypeError(f"on_connect is {on_connect!r}; it has to be a function of a connection")
    if not isinstance(driver_options, Mapping) or not all(
        isinstance(name, str) for name in driver_options
    ):
        # Not shown: a password may be among them.
        raise TypeError(
            "driver_options have to be a dictionary of arguments of the driver's connect()"
        )
