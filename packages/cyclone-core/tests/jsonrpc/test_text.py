"""JSON as JSON-RPC reads and writes it."""

from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.jsonrpc.text import MAX_DEPTH, NestedTooDeeply, read_json, write_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"1", 1),
        (
            b' {"a": [1, 2.5, -0, "x", true, false, null]} ',
            {"a": [1, 2.5, 0, "x", True, False, None]},
        ),
        ('"\xe4"', "\xe4"),
        ('"\xe4"'.encode(), "\xe4"),
        (b'"\\ud800"', "\ud800"),
        (bytearray(b"1e308"), 1e308),
        (b"9" * 4000, int("9" * 4000)),
    ],
)
def test_read(text: bytes, value: object) -> None:
    """JSON is read as Python reads it; bytes are UTF-8."""
    assert read_json(text) == value


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[1,]",
        b"{'a': 1}",
        b'{"a": 1} x',
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e309",
        b"[-1e309]",
        b"9" * 5000,
        b"[\xff]",
        b'"\xe4"',
        b'\xef\xbb\xbf"bom"',
        '"16"'.encode("utf-16"),
        '"32"'.encode("utf-32-le"),
        b"\x00",
    ],
)
def test_refused(text: bytes) -> None:
    """What is no JSON, no UTF-8 or too large for a number is a ValueError, whatever Python says."""
    with pytest.raises(ValueError, match=r"."):
        read_json(text)


@pytest.mark.parametrize(("left", "right"), [("[", "]"), ('{"a":', "}"), ('[{"]]]":', "}]")])
def test_depth(left: str, right: str) -> None:
    """So many levels and no more; brackets in strings are none."""
    levels = left.count("[") + left.count("{")
    fits = MAX_DEPTH // levels
    assert read_json(left * fits + "1" + right * fits)
    with pytest.raises(NestedTooDeeply, match="more than 100 levels"):
        read_json(left * (fits + 1) + "1" + right * (fits + 1))
    wide = ",".join(["[[]]"] * MAX_DEPTH)
    assert len(read_json(f"[{wide}]", 3)) == MAX_DEPTH
    assert read_json(f'["{"[" * 200}"]', 1) == ["[" * 200]
    assert read_json(r'["\"[[[", "\\", []]', 2) == ['"[[[', "\\", []]


def test_python_cannot_follow() -> None:
    """A bound that Python cannot keep is no reason for another exception."""
    with pytest.raises(NestedTooDeeply, match="than Python can follow"):
        read_json("[" * 200_000, max_depth=10**6)
    value: list[object] = []
    for _ in range(200_000):
        value = [value]
    with pytest.raises(ValueError, match="too deeply"):
        write_json(value)
    while value:  # layer by layer: to forget it at once is as deep
        value = value.pop()  # type: ignore[assignment]  # each holds the next


@pytest.mark.parametrize(
    "text", ['"' + '\\"' * 500_000, '["' * 500_000, "[" * 10**6, "[{" + '"' * 10**6]
)
def test_linear(text: str) -> None:
    """A megabyte of quotes, backslashes and brackets is refused as quickly as it is read."""
    start = thread_time()
    with pytest.raises(ValueError, match=r"."):
        read_json("[" * 101 + text)
    assert thread_time() - start < 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, None, True]}, b'{"a":[1,null,true]}'),
        ("\xe4\u20ac\ud800", rb'"\u00e4\u20ac\ud800"'),
        ({b"a": [b"\xc3\xa4", (1, b"b")]}, rb'{"a":["\u00e4",[1,"b"]]}'),
    ],
)
def test_write(value: object, text: bytes) -> None:
    """JSON is written without blanks and in ASCII; bytes are text."""
    assert write_json(value) == text


def test_cannot_be_written() -> None:
    """What JSON cannot say is a TypeError or a ValueError."""
    circle: list[object] = []
    circle.append(circle)
    for value in (float("nan"), float("inf"), [b"\xff"], circle, [circle, b"x"]):
        with pytest.raises(ValueError, match=r"."):
            write_json(value)
    for other in ({1, 2}, {(1, 2): 3}, object()):
        with pytest.raises(TypeError, match=r"."):
            write_json(other)


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    """Any bytes are JSON or a ValueError, and what was read can be written."""
    try:
        value = read_json(data)
    except ValueError:
        return
    assert read_json(write_json(value)) == value
