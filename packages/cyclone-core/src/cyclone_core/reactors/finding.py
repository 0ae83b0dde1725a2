"""On which reactor a program runs."""

import sys
from asyncio import _get_running_loop  # one of `asyncio.__all__`
from typing import Any

from twisted.python.threadable import isInIOThread

from cyclone_core.errors import CycloneError

__all__ = ["WrongReactor", "find_reactor"]

_REACTOR = "twisted.internet.reactor"


class WrongReactor(CycloneError):  # noqa: N818 -- the name says what is wrong
    """Something is asked of a reactor that does not run where the program does."""


def find_reactor() -> Any:  # noqa: ANN401 -- mypy cannot read zope's interfaces
    """Find the global reactor.

    If there is none yet and an asyncio loop runs, as in a program that `asyncio.run` runs, it is installed
    on that loop, started, and stopped with it.

    Returns:
        The reactor.

    Raises:
        WrongReactor: A loop runs here, and the global reactor is not running on it; says what to do.
    """
    loop: Any = _get_running_loop()
    if loop is not None:
        _prepare(loop)
    from twisted.internet import reactor

    return reactor


def _prepare(loop: Any) -> None:  # noqa: ANN401 -- as above
    """Have a reactor that runs where this loop does."""
    installed = sys.modules.get(_REACTOR)
    if installed is None:
        from cyclone_core.reactors.hosting import host

        host(loop)
    elif not getattr(installed, "running", False):
        raise WrongReactor(
            f"an asyncio loop runs, but Twisted's {type(installed).__name__} is installed already and does"
            " not run on it. Let nothing import twisted.internet.reactor before listen() is called, or a"
            " client made, in main(), so that it can install the right one; or do without asyncio.run():"
            " call listen(), then reactor.run(). A reactor runs once: a second asyncio.run() in one process"
            " cannot have one"
        )
    elif not isInIOThread():
        raise WrongReactor(
            "Twisted's reactor runs in another thread: call listen() there, with"
            " reactor.callFromThread(application.listen, port), and make clients there"
        )
