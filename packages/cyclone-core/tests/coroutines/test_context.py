"""Running in a request's context."""

from contextvars import ContextVar, copy_context

import pytest

from cyclone_core.coroutines import run_in

name: ContextVar[str] = ContextVar("name", default="outside")


def test_runs_within() -> None:
    """The function runs in the context, with its arguments, and its result comes back."""
    context = copy_context()
    assert run_in(context, lambda value, *, more: name.set(value + more), "in", more="side")
    assert context[name] == "inside"
    assert name.get() == "outside"


def test_when_within_already() -> None:
    """In the context itself the function is just called, and what it sets stays."""
    context = copy_context()

    def within() -> None:
        run_in(context, name.set, "again")
        assert name.get() == "again"

    context.run(within)
    assert context[name] == "again"


def test_when_another_came_between() -> None:
    """From within another context the function still sees its own, and does not touch the other."""
    first, second = copy_context(), copy_context()
    seen: list[str] = []

    def innermost() -> None:
        seen.append(name.get())
        name.set("lost")

    def in_second() -> None:
        name.set("second")
        run_in(first, innermost)
        seen.append(name.get())

    def in_first() -> None:
        name.set("first")
        run_in(second, in_second)
        seen.append(name.get())

    run_in(first, in_first)
    assert seen == ["first", "second", "first"]


def test_exceptions_pass() -> None:
    """What the function raises comes out, a RuntimeError included, and it runs once."""
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        run_in(copy_context(), fail)
    assert calls == [1]
