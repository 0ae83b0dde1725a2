"""Received bytes that wait."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.http1.buffer import ReceiveBuffer


def filled(*pieces: bytes) -> ReceiveBuffer:
    buffer = ReceiveBuffer()
    for piece in pieces:
        buffer.append(piece)
    return buffer


def test_pieces_are_joined_behind_what_was_taken() -> None:
    """Appending keeps what waits and forgets what is gone, whatever the kind of storage."""
    buffer = filled(b"abc")
    assert buffer.take(2) == b"ab"
    buffer.append(b"de")
    assert buffer.take(2) == b"cd"
    buffer.append(b"f")
    assert buffer.take(9) == b"ef"
    assert len(buffer) == 0


def test_take_until_removes_the_separator() -> None:
    """The piece before the separator is returned, the separator is gone, the rest waits."""
    buffer = filled(b"one\r\ntwo")
    assert buffer.take_until(b"\r\n") == b"one"
    assert buffer.take_until(b"\r\n") is None
    assert buffer.peek(0, 9) == b"two"


def test_a_separator_is_found_across_pieces() -> None:
    """A separator whose bytes arrive in two pieces is not overlooked."""
    buffer = filled(b"one\r")
    assert buffer.take_until(b"\r\n") is None
    buffer.append(b"\ntwo\r\n")
    assert buffer.take_until(b"\r\n") == b"one"
    assert buffer.take_until(b"\r\n") == b"two"


def test_index_counts_from_the_first_waiting_byte() -> None:
    """Positions do not depend on what was taken before."""
    buffer = filled(b"xxa,b,c")
    buffer.take(2)
    assert buffer.index(b",", 0) == 1
    assert buffer.index(b",", 2) == 3
    assert buffer.index(b"!", 0) == -1


@given(st.lists(st.binary(max_size=9)), st.lists(st.integers(0, 9)))
def test_nothing_is_lost_or_invented(pieces: list[bytes], counts: list[int]) -> None:
    """However appending and taking interleave, the bytes come out in their order."""
    buffer = ReceiveBuffer()
    taken = b""
    for piece, count in itertools.zip_longest(pieces, counts):
        buffer.append(piece or b"")
        taken += buffer.take(count or 0)
    assert taken + buffer.take(len(buffer)) == b"".join(pieces)
