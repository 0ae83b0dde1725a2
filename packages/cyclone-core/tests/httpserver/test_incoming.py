"""How long a body may take."""

import pytest

from cyclone_core.httpserver.clock import NEVER
from cyclone_core.httpserver.incoming import IncomingBody
from cyclone_core.limits import Limits

STALL_ONLY = Limits(body_stall_timeout=30, min_body_rate=None)
RATE = Limits(body_stall_timeout=30, min_body_rate=1000)


def test_stall() -> None:
    """Each piece moves the deadline."""
    body = IncomingBody(continue_wanted=False, now=100)
    assert body.deadline(STALL_ONLY) == 130
    body.heard = 120
    assert body.deadline(STALL_ONLY) == 150


def test_total() -> None:
    """A total counts from when it was set, whatever arrives."""
    body = IncomingBody(continue_wanted=False, now=100)
    body.set_timeout(40, 105)
    assert body.deadline(STALL_ONLY) == 130
    body.heard = 140
    assert body.deadline(STALL_ONLY) == 145
    body.set_timeout(None, 141)
    assert body.deadline(STALL_ONLY) == 170


@pytest.mark.parametrize(("received", "deadline"), [(0, 110), (10_000, 110), (20_000, 120)])
def test_rate(received: int, deadline: float) -> None:
    """Ten seconds are free; then each 1000 bytes are worth a second."""
    body = IncomingBody(continue_wanted=False, now=100)
    body.received = received
    body.heard = 109
    assert body.deadline(RATE) == deadline


def test_the_application_pays_for_its_pauses() -> None:
    """What passes in a pause moves the total and the rate."""
    body = IncomingBody(continue_wanted=False, now=100)
    body.set_timeout(60, 100)
    body.received = 20_000
    body.pause(110)
    assert body.paused
    body.resume(150)
    assert not body.paused
    body.heard = 151
    assert body.deadline(RATE) == 160
    body.received = 1_000_000
    body.heard = 199
    assert body.deadline(RATE) == 200


def test_without_any_bound() -> None:
    """The total is none unless it is set."""
    body = IncomingBody(continue_wanted=True, now=0)
    assert body.continue_wanted
    assert body.deadline(Limits(body_stall_timeout=NEVER, min_body_rate=None)) == NEVER
