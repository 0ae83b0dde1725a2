"""What MONITOR says, read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_storage.redis.errors import InvalidResponse
from cyclone_storage.redis.listening.monitored import MonitoredCommand, parse_monitored


def quote(word: bytes) -> str:
    """Quote a word as the server does (`sdscatrepr`)."""
    special = {10: "\\n", 13: "\\r", 9: "\\t", 7: "\\a", 8: "\\b", 34: '\\"', 92: "\\\\"}
    shown = (
        special.get(code) or (chr(code) if 32 <= code < 127 else f"\\x{code:02x}") for code in word
    )
    return f'"{"".join(shown)}"'


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            '1700000000.000001 [0 127.0.0.1:60866] "keys" "*"',
            MonitoredCommand(1700000000.000001, 0, "127.0.0.1:60866", (b"keys", b"*")),
        ),
        (
            '1.5 [15 [::1]:6379] "SET" "a b" "\\"\\\\\\n\\x00\\xff]"',
            MonitoredCommand(1.5, 15, "[::1]:6379", (b"SET", b"a b", b'"\\\n\x00\xff]')),
        ),
        ('1.5 [0 lua] "get" ""', MonitoredCommand(1.5, 0, "lua", (b"get", b""))),
        (
            '1.5 [0 unix:/run/a b.sock] "PING"',
            MonitoredCommand(1.5, 0, "unix:/run/a b.sock", (b"PING",)),
        ),
        ("1.5 [0 lua]", MonitoredCommand(1.5, 0, "lua", ())),
    ],
)
def test_lines(line: str, expected: MonitoredCommand) -> None:
    """A line of the server is read word by word."""
    assert parse_monitored(line) == expected


def test_name() -> None:
    """A command's name is in capitals, however it was written; there is one even if it is no text."""
    assert parse_monitored('1.5 [0 lua] "hGet" "k"').name == "HGET"
    assert parse_monitored('1.5 [0 lua] "\\xff"').name == "\\XFF"
    assert parse_monitored("1.5 [0 lua]").name == ""


@given(
    st.lists(st.binary(), min_size=1),
    st.integers(0, 10**10),
    st.integers(0, 999_999),
    st.integers(0, 99),
)
def test_round_trip(words: list[bytes], seconds: int, micros: int, database: int) -> None:
    """Whatever a client has sent is read back from the line."""
    line = f"{seconds}.{micros:06d} [{database} 10.0.0.1:1] " + " ".join(map(quote, words))
    found = parse_monitored(line)
    assert found.words == tuple(words)
    assert found.database == database
    assert found.time == pytest.approx(seconds + micros / 1e6)


@given(st.text())
def test_any_line(line: str) -> None:
    """Any text is a line of MONITOR, or one clear error."""
    try:
        parse_monitored(line)
    except InvalidResponse as error:
        assert "is no line of it" in str(error)  # noqa: PT017 -- it may also be right


@pytest.mark.parametrize(
    "line",
    ["", "OK", '1.5 [0 lua] "open', '1.5 [x lua] "a"', '1.5 [0 lua] "a"b', '1.5 [0 lua] "a\\"'],
)
def test_garbage(line: str) -> None:
    """What is no such line is refused."""
    with pytest.raises(InvalidResponse):
        parse_monitored(line)


def test_garbage_shown() -> None:
    """A long line is shown in part."""
    with pytest.raises(InvalidResponse, match=r"'x{80}…'$"):
        parse_monitored("x" * 1000)
