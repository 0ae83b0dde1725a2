"""Fixtures of the tests of the client: the servers, a reactor, and clients that must leave nothing."""

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

import pytest

from cyclone.httpclient import AsyncHTTPClient, HTTPClient
from httpclient.nowhere import Resolver, deaf_port
from httpclient.running import Loop
from httpclient.world import Option, World


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


class Makes(Protocol):
    """Makes clients."""

    def __call__(self, **options: Option) -> AsyncHTTPClient:
        """Make one; it is closed behind the test."""


@pytest.fixture
def make_client(loop: Loop) -> Iterator[Makes]:
    """A maker of clients with options."""
    made: list[AsyncHTTPClient] = []

    def make(**options: Option) -> AsyncHTTPClient:
        made.append(AsyncHTTPClient(reactor=loop.reactor, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client: Makes) -> AsyncHTTPClient:
    """Tornado's client as it is without options."""
    return make_client()


@pytest.fixture
def trusting(make_client: Makes, world: World) -> AsyncHTTPClient:
    """Tornado's client, which trusts the authority of these servers."""
    return make_client(defaults={"ca_certs": str(world.authority.path)})


@pytest.fixture
def http(loop: Loop) -> Iterator[HTTPClient]:
    """The client for new code as it is without options."""
    client = HTTPClient(reactor=loop.reactor)
    yield client
    client.close()


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port on which nobody answers, not even with a refusal."""
    with deaf_port() as port:
        yield port


@pytest.fixture
def resolve(loop: Loop) -> Iterator[Callable[[bool], None]]:
    """Puts a resolver in the place of the system's: one that knows no name, or one that is silent."""
    usual = loop.reactor.nameResolver
    yield lambda answers: loop.reactor.installNameResolver(Resolver(answers=answers))
    loop.reactor.installNameResolver(usual)
