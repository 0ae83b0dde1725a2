"""On which reactor a port is opened."""

import sys
from asyncio import _get_running_loop  # one of `asyncio.__all__`
from typing import Any

from twisted.python.threadable import isInIOThread

from cyclone_core.errors import CycloneError
from cyclone_core.httpserver.clock import CoarseClock

__all__ = ["WrongReactor", "reactor_of"]

_REACTOR = "twisted.internet.reactor"


class WrongReactor(CycloneError):  # noqa: N818 -- the name says what is wrong
    """A port would be opened on a reactor that does not run where the program does."""


def reactor_of(clock: CoarseClock) -> Any:  # noqa: ANN401 -- mypy cannot read zope's interfaces
    """Find the reactor on which the ports of an application are opened.

    It is the application's own, if it was given one; else the global one. If there is none yet and an
    asyncio loop runs, as in a program that `asyncio.run` runs, it is installed on that loop, started,
    and stopped with it.

    Args:
        clock: The application's clock.

    Returns:
        The reactor.

    Raises:
        WrongReactor: A loop runs here, and the global reactor is not running on it; says what to do.
    """
    loop: Any = _get_running_loop()
    installed: object = sys.modules.get(_REACTOR)
    own = clock.has_reactor and clock.reactor is not installed
    if loop is not None and not own:
        _prepare(loop)
    return clock.reactor


def _prepare(loop: Any) -> None:  # noqa: ANN401 -- as above
    """Have a reactor that runs where this loop does."""
    installed = sys.modules.get(_REACTOR)
    if installed is None:
        from cyclone_core.httpserver.hosting import host

        host(loop)
    elif not getattr(installed, "running", False):
        raise WrongReactor(
            f"an asyncio loop runs, but Twisted's {type(installed).__name__} is installed already and does"
            " not run on it. Let nothing import twisted.internet.reactor before listen() is called in"
            " main(), so that it can install the right one; or do without asyncio.run(): call listen(),"
            " then reactor.run(). A reactor runs once: a second asyncio.run() in one process cannot"
            " have one"
        )
    elif not isInIOThread():
        raise WrongReactor(
            "Twisted's reactor runs in another thread: call listen() there, with"
            " reactor.callFromThread(application.listen, port)"
        )
