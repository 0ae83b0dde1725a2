"""What all tests of this package share."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from .running import Loop
from .servers.redis import RedisServer

# A shared machine may stop for a second, in an example or while it is made: hypothesis must not call
# that a failure. All else is as it was: at random, or where CI is set, the same each time.
settings.register_profile(
    "cyclone", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("cyclone")


@pytest.fixture(scope="session", autouse=True)
def _end() -> Iterator[None]:
    """Stop the reactor when no test needs it any more."""
    yield
    Loop().end()


@pytest.fixture
def loop() -> Iterator[Loop]:
    """Give the reactor; afterwards nothing is left of the test, and no error in the log."""
    loop = Loop()
    yield loop
    try:
        loop.settle()
    finally:
        loop.close()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """Give the Redis server that tests share; each uses keys of its own."""
    server = RedisServer()
    yield server
    server.close()
