"""Fixtures of the tests of the client: the servers, a reactor, and clients that must leave nothing."""

import inspect
from collections.abc import Iterator
from functools import partial

import pytest

from httpclient.running import Loop
from httpclient.world import World


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine function on the reactor of the fixture `loop`."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    given = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}  # noqa: SLF001 -- pytest has no other way
    loop = pyfuncitem.funcargs["loop"]
    assert isinstance(loop, Loop)
    loop.run(partial(pyfuncitem.obj, **given))
    return True


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All servers."""
    world = World(tmp_path_factory.mktemp("world"))
    yield world
    world.close()


@pytest.fixture(scope="session")
def only_reactor() -> Iterator[Loop]:
    """The reactor of all tests."""
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture(scope="module", autouse=True)
def collected(only_reactor: Loop) -> Iterator[None]:
    """Look behind each module for failures that nobody has handled."""
    yield
    only_reactor.collect()


@pytest.fixture(autouse=True)
def loop(only_reactor: Loop) -> Iterator[Loop]:
    """The reactor; behind the test it must have nothing left."""
    yield only_reactor
    only_reactor.settle()
