"""Messages that wait for their reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from cyclone_storage.redis.listening.inbox import Inbox, SlowConsumer, StreamClosed, WhenFull


def result(deferred: Deferred[int]) -> int:
    """Return what a Deferred has, and raise its failure."""
    found: list[int | Failure] = []
    deferred.addBoth(found.append)
    (value,) = found
    if isinstance(value, Failure):
        value.raiseException()
        raise AssertionError  # noqa: TRY004 -- never reached
    return value


def test_order() -> None:
    """Messages come in the order of their arrival, whether they or their readers were first."""
    inbox: Inbox[int] = Inbox(10, 100, "close")
    first, second = inbox.get(), inbox.get()
    for number in range(4):
        inbox.put(number, 1)
    assert len(inbox) == 2
    assert [result(each) for each in (first, second, inbox.get(), inbox.get())] == [0, 1, 2, 3]
    assert len(inbox) == 0


def test_cancel() -> None:
    """A reader that has given up takes no message."""
    inbox: Inbox[int] = Inbox(10, 100, "close")
    gone, patient = inbox.get(), inbox.get()
    gone.cancel()
    inbox.put(1, 1)
    assert result(patient) == 1
    with pytest.raises(CancelledError):
        result(gone)


def test_drop_oldest() -> None:
    """The oldest messages make room, and are counted."""
    inbox: Inbox[int] = Inbox(3, 100, "drop_oldest")
    for number in range(5):
        inbox.put(number, 1)
    assert inbox.dropped == 2
    assert [result(inbox.get()) for _ in range(3)] == [2, 3, 4]


def test_drop_bytes() -> None:
    """A long message makes others go; one alone may be longer than the bound."""
    inbox: Inbox[int] = Inbox(10, 10, "drop_oldest")
    for number in range(10):
        inbox.put(number, 1)
    inbox.put(10, 9)
    assert inbox.dropped == 9
    inbox.put(11, 50)
    assert inbox.dropped == 11
    assert result(inbox.get()) == 11
    inbox.put(12, 10)
    inbox.put(13, 1)
    assert inbox.dropped == 12


def test_close_when_full() -> None:
    """One message too many ends it: a reader has what fitted, then an error that says what to do."""
    inbox: Inbox[int] = Inbox(2, 100, "close")
    for number in range(4):
        inbox.put(number, 1)
    assert inbox.closed
    assert inbox.dropped == 1
    assert [result(inbox.get()), result(inbox.get())] == [0, 1]
    for _ in range(2):
        with pytest.raises(
            SlowConsumer, match=r"2 with 2 bytes wait, of at most 2 and 100; .*max_bytes"
        ):
            result(inbox.get())


def test_close() -> None:
    """Closing fails those who wait and those who come; nothing more is taken in."""
    inbox: Inbox[int] = Inbox(2, 100, "close")
    waiting = inbox.get()
    inbox.close()
    inbox.close(ValueError("too late"))
    inbox.put(1, 1)
    assert len(inbox) == 0
    for each in (waiting, inbox.get()):
        with pytest.raises(StreamClosed):
            result(each)


def test_close_why() -> None:
    """Readers fail with the reason that was given."""
    inbox: Inbox[int] = Inbox(2, 100, "close")
    inbox.close(ValueError("why"))
    with pytest.raises(ValueError, match="why"):
        result(inbox.get())


@pytest.mark.parametrize(("messages", "size"), [(0, 1), (1, 0)])
def test_no_room(messages: int, size: int) -> None:
    """Bounds that let nothing in are refused."""
    with pytest.raises(ValueError, match="no room"):
        Inbox(messages, size, "close")


def test_unknown_policy() -> None:
    """A policy that does not exist is refused by its name."""
    with pytest.raises(ValueError, match="when_full='block' must be 'drop_oldest' or 'close'"):
        Inbox(1, 1, "block")  # type: ignore[arg-type]


@given(
    st.lists(st.one_of(st.none(), st.integers(1, 20))),
    st.integers(1, 5),
    st.integers(1, 30),
    st.sampled_from(["drop_oldest", "close"]),
)
def test_bounds(steps: list[int | None], messages: int, size: int, policy: WhenFull) -> None:
    """Whatever comes and goes: bounds hold, none is lost uncounted, and the order is kept."""
    inbox: Inbox[int] = Inbox(messages, size, policy)
    taken, sizes = [], []
    for step in steps:
        if step is not None and not inbox.closed:
            sizes.append(step)
            inbox.put(len(sizes) - 1, step)
        elif step is None and len(inbox):
            taken.append(result(inbox.get()))
        assert len(inbox) <= messages
    while len(inbox):
        taken.append(result(inbox.get()))
    assert taken == sorted(taken)
    assert len(taken) + inbox.dropped == len(sizes)
