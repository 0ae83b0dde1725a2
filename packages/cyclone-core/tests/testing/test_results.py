"""`result_of`: results where nobody waits."""

import pytest
from twisted.internet.defer import Deferred, fail, succeed

from cyclone_core.testing import NotFired, result_of


def test_result() -> None:
    """A result that is there is given, and stays for others."""
    waiting = succeed(1)
    assert result_of(waiting) == result_of(waiting) == 1


def test_failure() -> None:
    """A failure is raised, and handled thereby."""
    with pytest.raises(ZeroDivisionError):
        result_of(fail(ZeroDivisionError()))


def test_nothing_yet() -> None:
    """Without a result it says so; what comes later goes where it went before."""
    waiting: Deferred[int] = Deferred()
    with pytest.raises(NotFired, match="has not fired: the handler still waits"):
        result_of(waiting)
    waiting.callback(2)
    assert result_of(waiting) == 2
    failing: Deferred[int] = Deferred()
    with pytest.raises(NotFired):
        result_of(failing)
    failing.errback(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        result_of(failing)


def test_coroutine() -> None:
    """A coroutine is run to its end."""

    async def twice(number: int) -> int:
        return 2 * await succeed(number)

    assert result_of(twice(4)) == 8
