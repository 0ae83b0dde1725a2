"""The names of channels and patterns: what is none is refused before anything is sent."""

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.task import Clock

from cyclone_storage.redis import SubscriberFactory, connect


class Quiet(Clock):
    """A reactor that connects to nothing."""

    def connectTCP(self, *_: object, **__: object) -> None:  # noqa: N802 -- Twisted's
        """Do nothing."""


@pytest.mark.parametrize(
    ("ask", "problem"),
    [
        (lambda pool: pool.subscribe(5), "a channel or pattern is a str or bytes, not 5$"),
        (lambda pool: pool.subscribe(None), "not None$"),
        (lambda pool: pool.subscribe(["a"]), r"not \['a'\]; several are .* subscribe\(\*names\)"),
        (lambda pool: pool.subscribe("a", patterns=5), "or a list of these, not 5"),
        (lambda pool: pool.subscribe("a", patterns=[5]), "not 5$"),
        (lambda pool: pool.subscribe("a").subscribe(5), "not 5$"),
        (lambda pool: pool.subscribe("a").unsubscribe("a", patterns=5), "not 5$"),
    ],
)
def test_names_of_a_subscription(ask: Callable[[Any], object], problem: str) -> None:
    """A TypeError says what a name is, and how several are given."""
    pool = connect("redis://127.0.0.1", reactor=Quiet())
    with pytest.raises(TypeError, match=problem):
        ask(pool)


@pytest.mark.parametrize("method", ["subscribe", "psubscribe", "unsubscribe", "punsubscribe"])
@pytest.mark.parametrize("names", [5, [5], ["a", None]])
def test_names_of_a_classic_subscriber(method: str, names: object) -> None:
    """One name or a list of them is taken, as in cyclone 1.x, and nothing else."""
    factory: Any = SubscriberFactory()
    with pytest.raises(TypeError, match="str"):
        getattr(factory.buildProtocol(None), method)(names)
    assert not factory.subscribed.channels
