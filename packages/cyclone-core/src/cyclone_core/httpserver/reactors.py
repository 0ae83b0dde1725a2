"""On which reactor a port is opened."""

import sys
from typing import Any

from cyclone_core.httpserver.clock import CoarseClock
from cyclone_core.reactors import find_reactor

__all__ = ["reactor_of"]


def reactor_of(clock: CoarseClock) -> Any:  # noqa: ANN401 -- mypy cannot read zope's interfaces
    """Find the reactor on which the ports of an application are opened.

    Args:
        clock: The application's clock.

    Returns:
        The application's own reactor, if it was given one; else what `find_reactor` finds.

    Raises:
        WrongReactor: A loop runs here, and the global reactor is not running on it; says what to do.
    """
    installed: object = sys.modules.get("twisted.internet.reactor")
    own = clock.has_reactor and clock.reactor is not installed
    if not own:
        find_reactor()
    return clock.reactor
