"""Any sequence of requests, on each kind of store, against a model: hypothesis looks for one that differs."""

import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cyclone_storage.sessions import Session

from ..running import Loop
from ..servers.redis import RedisServer
from .handling import Browser, Handler, Whatever
from .stores import KINDS, Stores

IDLE = 1800
LIFETIME = 7200

keys = st.sampled_from("abc")
values = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.text(max_size=3), st.lists(st.integers(0, 3))
)
numbers = st.integers(0, 9)


class Model:
    """What one session should be; the same object as long as it lives."""

    def __init__(self, now: float, data: dict[str, Any]) -> None:
        self.data = data
        self.created = now
        self.used = now
        self.gone = False

    def over(self, now: float) -> bool:
        """Tell whether it has ended."""
        return self.gone or now - self.used >= IDLE or now - self.created >= LIFETIME


class Running:
    """A request that has found its session and is not at its end."""

    def __init__(self, handler: Handler, session: Session, model: Model | None) -> None:
        self.handler = handler
        self.session = session
        self.model = model
        self.generation = 0
        self.set: dict[str, Any] = {}
        self.deleted: set[str] = set()


class Sessions(RuleBasedStateMachine):
    """One browser, up to three requests at once, and the time."""

    loop: ClassVar[Loop]
    kind: ClassVar[str]
    server: ClassVar[Callable[[], RedisServer]]

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.running: list[Running] = []
        self.model: Model | None = None  # what the browser's cookie leads to
        self.generations: dict[int, int] = {}  # rotations of each model

    def do(self, main: Callable[[], Awaitable[None]]) -> None:
        """Run something on the reactor."""
        type(self).loop.run(main)

    @initialize()
    def begin(self) -> None:
        """Make store and browser."""

        async def main() -> None:
            self.stores = Stores(self.kind, self.directory, type(self).server)
            store = self.stores.open()
            self.browser = Browser(
                session_store=store,
                session_clock=self.stores.clock,
                session_idle_timeout=IDLE,
                session_lifetime=LIFETIME,
            )

        self.do(main)

    def teardown(self) -> None:
        """Close the store."""
        if hasattr(self, "stores"):
            self.do(self.stores.close)
        shutil.rmtree(self.directory)

    @precondition(lambda self: len(self.running) < 3)
    @rule()
    def request(self) -> None:
        """Begin a request, which sees what the last ones have left."""

        async def main() -> None:
            handler = self.browser.request()
            session = await handler.get_session()
            model = self.model
            if model is not None and model.over(self.stores.clock()):
                model = None
            assert session == ({} if model is None else model.data)
            assert session.new is (model is None)
            started = Running(handler, session, model)
            if model is not None:
                started.generation = self.generations[id(model)]
            self.running.append(started)

        self.do(main)

    @precondition(lambda self: self.running)
    @rule(number=numbers, key=keys, value=values)
    def put(self, number: int, key: str, value: Whatever) -> None:
        """Set a value."""
        one = self.running[number % len(self.running)]
        one.session[key] = value
        one.set[key] = value
        one.deleted.discard(key)

    @precondition(lambda self: self.running)
    @rule(number=numbers, key=keys)
    def delete(self, number: int, key: str) -> None:
        """Delete a value."""
        one = self.running[number % len(self.running)]
        if key in one.session:
            del one.session[key]
            one.set.pop(key, None)
            one.deleted.add(key)

    @precondition(lambda self: self.running)
    @rule(number=numbers, status=st.sampled_from([200, 302, 404]))
    def finish(self, number: int, status: int) -> None:
        """End a request: its changes are saved, unless its session is gone or rotated."""
        one = self.running.pop(number % len(self.running))
        one.handler.status = status

        async def main() -> None:
            await self.browser.end(one.handler)
            now = self.stores.clock()
            model = one.model
            if model is None:
                if one.set:
                    self.model = Model(now, dict(one.set))
                    self.generations[id(self.model)] = 0
                return
            if not self.usable(one, model, now):
                assert one.handler.jar == {}
                return
            self.apply(one, model, now)

        self.do(main)

    def usable(self, one: Running, model: Model, now: float) -> bool:
        """Tell whether the session of a request is still its own."""
        return not model.over(now) and self.generations[id(model)] == one.generation

    def apply(self, one: Running, model: Model, now: float) -> None:
        """Save to the model what a request has changed."""
        before = dict(model.data)
        model.data = {k: v for k, v in model.data.items() if k not in one.deleted} | one.set
        if before != model.data or now - model.used >= IDLE / 10:
            model.used = now

    @precondition(lambda self: self.running)
    @rule(number=numbers)
    def fail(self, number: int) -> None:
        """A request that fails changes nothing."""
        one = self.running.pop(number % len(self.running))
        one.handler.status = 500

        async def main() -> None:
            await self.browser.end(one.handler)
            assert one.handler.jar == {}

        self.do(main)

    @precondition(lambda self: self.running)
    @rule(number=numbers)
    def sign_in(self, number: int) -> None:
        """Rotate, and end the request; whoever is late begins a session of its own."""
        one = self.running.pop(number % len(self.running))
        one.session["user"] = "me"
        one.session.rotate()
        one.set["user"] = "me"

        async def main() -> None:
            old = self.browser.cookies.get("session")
            await self.browser.end(one.handler)
            assert self.browser.cookies["session"] != old
            now = self.stores.clock()
            model = one.model
            if model is not None and self.usable(one, model, now):
                self.apply(one, model, now)
                model.used = now
                self.generations[id(model)] += 1
                self.model = model
                return
            self.model = Model(now, dict(one.set))
            self.generations[id(self.model)] = 0

        self.do(main)

    @precondition(lambda self: self.running)
    @rule(number=numbers)
    def sign_out(self, number: int) -> None:
        """Destroy, and end the request: the session never comes back."""
        one = self.running.pop(number % len(self.running))
        one.session.destroy()

        async def main() -> None:
            await self.browser.end(one.handler)
            if one.model is not None:
                one.model.gone = True
            if one.handler.jar:
                assert one.handler.jar["session"][0] is None
                self.model = None

        self.do(main)

    @rule(seconds=st.sampled_from([1, 100, 1000, 1801]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""

        async def main() -> None:
            await self.stores.go(seconds)

        self.do(main)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, loop: Loop) -> tuple[str, Loop, Callable[[], RedisServer]]:
    """Give a kind of store, and what it needs."""

    def server() -> RedisServer:
        found: RedisServer = request.getfixturevalue("redis_server")
        return found

    if request.param == "redis":
        server()
    return request.param, loop, server


def test_any_requests(kind: tuple[str, Loop, Callable[[], RedisServer]]) -> None:
    """Whatever requests do, in whatever order they end, a session is what the model says."""
    name, loop, server = kind

    class Machine(Sessions):
        pass

    Machine.kind = name
    Machine.loop = loop
    Machine.server = staticmethod(server)
    count = 100 if name == "memory" else 15
    run_state_machine_as_test(
        Machine, settings=settings(max_examples=count, stateful_step_count=30)
    )
