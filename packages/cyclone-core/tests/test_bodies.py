"""Decoding a body on its way, whoever sends it."""

import gzip
from collections.abc import Callable

import pytest
from twisted.internet.defer import Deferred

from cyclone_core.bodies import DecompressedBody
from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil.inflate import Inflater
from cyclone_core.testing import result_of


class Body:
    """A body that is decoded, and who takes it.

    Attributes:
        told: What the one who takes it was told.
        refusals: What was wrong.
        slow: What it waits for, if it is slow.
        raises: Whether it takes no more.
    """

    def __init__(self, limit: int = 100) -> None:
        self.told: list[object] = []
        self.refusals: list[HTTPInputError] = []
        self.slow: Deferred[object] | None = None
        self.raises = False
        self.decoder = DecompressedBody(
            Inflater("gzip"), self, self.refusals.append, lambda: limit, lambda call: call()
        )

    def data_received(self, chunk: bytes) -> Deferred[object] | None:
        """Take a piece."""
        if self.raises:
            raise ZeroDivisionError
        self.told.append(chunk)
        return self.slow

    def body_finished(self) -> None:
        """Take note of the end."""
        self.told.append("finished")

    def body_failed(self) -> None:
        """Take note that there is none."""
        self.told.append("failed")


def test_decoded() -> None:
    """What is whole is passed on, and then its end."""
    body = Body()
    assert body.decoder.data_received(gzip.compress(b"text")) is None
    body.decoder.body_finished()
    assert (body.told, body.refusals) == ([b"text", "finished"], [])


AFTERWARDS: list[Callable[[DecompressedBody], object]] = [
    lambda decoder: decoder.data_received(gzip.compress(b"more")),
    lambda decoder: decoder.body_finished(),
    lambda decoder: decoder.body_failed(),
    lambda decoder: decoder.refuse(HTTPInputError("another")),
]


@pytest.mark.parametrize("then", AFTERWARDS)
def test_refused(then: Callable[[DecompressedBody], object]) -> None:
    """When a body was refused nobody is told anything more, whatever comes."""
    body = Body()
    body.decoder.data_received(b"no gzip")
    assert len(body.refusals) == 1
    then(body.decoder)
    assert (body.told, len(body.refusals)) == ([], 1)


@pytest.mark.parametrize("then", AFTERWARDS)
def test_failed(then: Callable[[DecompressedBody], object]) -> None:
    """So it is when it has failed."""
    body = Body()
    body.decoder.body_failed()
    then(body.decoder)
    assert (body.told, body.refusals) == (["failed"], [])


def test_failed_while_somebody_waits() -> None:
    """What is not passed on when a body fails is not passed on later, either."""
    body = Body(limit=1_000_000)
    body.slow = Deferred()
    waiting = body.decoder.data_received(gzip.compress(b"\0" * 100_000))
    assert waiting is not None
    body.decoder.body_failed()
    body.slow.callback(None)
    assert not waiting.called
    assert [type(each) for each in body.told] == [bytes, str]


def test_refused_from_outside() -> None:
    """Who finds something else wrong with a body says so here, and who waits is told nothing."""
    body = Body()
    body.slow = Deferred()
    waiting = body.decoder.data_received(gzip.compress(b"text"))
    body.decoder.refuse(HTTPInputError("too slow"))
    assert [str(error) for error in body.refusals] == ["too slow"]
    body.slow.errback(ZeroDivisionError())
    assert waiting is not None
    assert not waiting.called


def test_receiver_raises_later() -> None:
    """What the one who takes it raises behind a wait is what the wait of the sender fails with."""
    body = Body(limit=1_000_000)
    body.slow = Deferred()
    waiting = body.decoder.data_received(gzip.compress(b"\0" * 100_000))
    assert waiting is not None
    body.raises = True
    body.slow.callback(None)
    with pytest.raises(ZeroDivisionError):
        result_of(waiting)
