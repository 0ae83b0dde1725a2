"""Which part of an answer a `Range` asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.web.files.ranges import content_range, find_range, unsatisfied_range


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("bytes=0-9", range(10)),
        ("bytes=0-0", range(1)),
        ("bytes=22-", range(22, 26)),
        ("bytes=1-1000", range(1, 26)),
        ("bytes=25-25", range(25, 26)),
        ("bytes=-4", range(22, 26)),
        ("bytes=-1000", range(26)),
        ("bytes=0-", range(26)),
        ("BYTES=0-1", range(2)),
        (" \tbytes=0-1 ", range(2)),
        ("bytes=0-" + "9" * 40, range(26)),
        ("bytes=00000001-0000003", range(1, 4)),
    ],
)
def test_part(field: str, part: range) -> None:
    """One range gives its positions, as far as they exist."""
    assert find_range(field, 26) == part


@pytest.mark.parametrize("field", ["bytes=26-", "bytes=26-30", "bytes=-0", "bytes=10-3"])
def test_no_such_part(field: str) -> None:
    """What lies behind the end, or has no sense, gives no position at all."""
    part = find_range(field, 26)
    assert part is not None
    assert not part


@pytest.mark.parametrize("field", ["bytes=0-", "bytes=0-9", "bytes=-1", "bytes=-0"])
def test_part_of_nothing(field: str) -> None:
    """Nothing has no parts."""
    part = find_range(field, 0)
    assert part is not None
    assert not part


@pytest.mark.parametrize(
    "field",
    [
        "",
        "asdf",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=1",
        "bytes=26",
        "bytes=a-b",
        "bytes=1-b",
        "bytes=+1-2",
        "bytes=1_0-20",
        "bytes=0x1-2",
        "bytes=\uff11-2",
        "bytes=--1",
        "bytes= 1-2",
        "bytes=1 - 2",
        "lines=1-2",
        "bytes=0-1,3-4",
        "bytes=" + ",".join(["0-"] * 1000),
        "bytes=" + "1" * 41 + "-",
    ],
)
def test_ignored(field: str) -> None:
    """What is malformed, in another unit, or several ranges asks for the whole."""
    assert find_range(field, 26) is None


@given(st.text(alphabet="bytes=-,0123456789 \t", max_size=40), st.integers(0, 100))
def test_anything(field: str, size: int) -> None:
    """Whatever a client sends, a part never leaves the whole."""
    part = find_range("bytes=" + field, size)
    assert part is None or not part or 0 <= part.start < part.stop <= size


def test_content_range() -> None:
    """The last position is named, not the one behind it."""
    assert content_range(range(10), 26) == "bytes 0-9/26"
    assert unsatisfied_range(26) == "bytes */26"
