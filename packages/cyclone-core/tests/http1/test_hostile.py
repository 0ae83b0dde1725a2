"""Slips in right requests, and text that is made to be slow."""

import importlib
import pkgutil
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings

import cyclone_core.http1
import cyclone_core.httputil
from cyclone_core.errors import HTTPInputError
from cyclone_core.http1 import EndOfBody, RequestHead, RequestReader
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.httputil.names import is_token, normalize_name
from cyclone_core.limits import Limits

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package

from grammar import slipped


def heads_and_bodies(data: bytes, size: int) -> list[object]:
    """Read in pieces of a size; a body that is not complete is left out, a mistake ends with its status."""
    reader = RequestReader(Limits())
    seen: list[object] = []
    body = b""
    try:
        for start in range(0, len(data), size):
            reader.receive_data(data[start : start + size])
            while (event := reader.next_event()) is not None:
                if isinstance(event, RequestHead):
                    seen.append((event.method, event.uri, event.version, event.host, event.headers))
                    seen.append((event.has_body, event.keep_alive, event.expects_continue))
                    body = b""
                elif isinstance(event, EndOfBody):
                    seen.append((body, event.trailers))
                else:
                    body += event
    except HTTPInputError as error:
        seen.append(error.status)
    return seen


@settings(max_examples=300)
@given(slipped())
def test_slips(data: bytes) -> None:
    """Whatever is wrong, there is no other exception, and the cuts do not matter, even for the status."""
    whole = heads_and_bodies(data, len(data) or 1)
    assert heads_and_bodies(data, 1) == whole
    assert heads_and_bodies(data, 7) == whole


SIZE = 64 * 1024

# What is repeated; in front of it stands what leads a pattern deep into itself, behind it what fails.
UNITS = [
    "a",
    "0",
    "%",
    "%4",
    "[",
    ":",
    '"',
    '""',
    "\\",
    '\\"',
    ";",
    "; ",
    ";a",
    ";a=",
    ';a="',
    "=",
    " ",
]
UNITS += [
    "\t",
    " \t",
    ",",
    "*",
    "'",
    "/",
    "?",
    ".",
    "-",
    "\xe9",
    "a.",
    "a:",
    "::",
    "a;b=c",
    ';a="b"',
    "<",
]
UNITS += [
    ";a=b",
    "\r",
    "\r\n",
    "\r\n ",
    "W/",
    '"a",',
    "a=b;",
    "*0*=",
    "5;",
    "@",
    "http://",
    "+",
    "f",
    "F0",
]
FRONTS = [
    "",
    "a",
    "5;",
    "5;a=",
    '5;a="',
    "http://",
    "http://a/",
    "[",
    '"',
    "a=",
    'a="',
    "HTTP/",
    "%",
]
ENDS = ["\x00", "\x01z", "\n", "@"]


def patterns() -> Iterator[tuple[str, "re.Pattern[str] | re.Pattern[bytes]"]]:
    """Find every compiled pattern of the parser and of what it parses headers with."""
    for package in (cyclone_core.http1, cyclone_core.httputil):
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            for name, value in vars(module).items():
                if isinstance(value, re.Pattern):
                    yield f"{found.name}.{name}", value


PATTERNS = dict(patterns())


def seconds(action: Callable[[], object]) -> float:
    """Measure the processor's time of an action, the best of three."""
    best = 1e9
    for _ in range(3):
        start = time.process_time()
        action()
        best = min(best, time.process_time() - start)
    return best


def grows(action: Callable[[int], object]) -> float:
    """Tell how much longer an action takes for 64 KiB than for half of it; 0 if it is quick.

    Other processes may disturb one comparison, but not a dozen in the same direction.
    """
    least = 1e9
    for _ in range(12):
        whole = seconds(lambda: action(SIZE))
        if whole < 0.003:
            return 0.0
        least = min(least, whole / seconds(lambda: action(SIZE // 2)))
        if least < 2.5:
            break
    return least


def test_the_patterns_are_found() -> None:
    """The search below is not empty."""
    assert {name.rpartition(".")[2] for name in PATTERNS} >= {"_HOST", "_SIZE_LINE", "_TOKEN"}


@pytest.mark.parametrize("name", PATTERNS)
def test_patterns_are_linear(name: str) -> None:
    """No near-miss of 64 KiB makes a pattern go over it twice: doubled text costs less than thrice."""
    pattern = PATTERNS[name]
    slow = {}
    for front in FRONTS:
        for unit in UNITS:
            for end in ENDS:

                def match(
                    size: int, front: str = front, unit: str = unit, end: str = end
                ) -> object:
                    text = front + unit * (size // len(unit)) + end
                    data = text.encode("latin-1") if isinstance(pattern.pattern, bytes) else text
                    return pattern.fullmatch(data)  # type: ignore[arg-type]

                if (ratio := grows(match)) >= 3:
                    slow[front, unit, end] = ratio
    assert slow == {}


WIDE = Limits(
    max_request_line=10**6,
    max_header_line=10**6,
    max_header_size=10**7,
    max_header_count=10**6,
    max_chunk_line=10**6,
    max_chunk_extensions=10**7,
)
GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

# What stands before, what is repeated, what ends it.
HEADS = {
    "method": (b"", b"a", b" / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "method, not a token": (b"", b"a", b"@ / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "target": (b"GET /", b"%4", b" HTTP/1.1\r\nHost: a\r\n\r\n"),
    "target, not one": (b"GET /", b"a", b"\xe9 HTTP/1.1\r\nHost: a\r\n\r\n"),
    "authority": (b"GET http://", b"a%41", b"/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    "authority, not one": (b"GET http://", b"a%4", b"/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    "blanks in the request line": (b"GET /", b" ", b"HTTP/1.1\r\nHost: a\r\n\r\n"),
    "version": (b"GET / HTTP/1.", b"1", b"\r\nHost: a\r\n\r\n"),
    "host": (b"GET / HTTP/1.1\r\nHost: ", b"a.", b"\r\n\r\n"),
    "host, not one": (b"GET / HTTP/1.1\r\nHost: ", b"a%41", b"@\r\n\r\n"),
    "address": (b"GET / HTTP/1.1\r\nHost: [", b":", b"]\r\n\r\n"),
    "name": (GET, b"a-", b": b\r\n\r\n"),
    "name, not one": (GET, b"a-", b"@: b\r\n\r\n"),
    "no colon": (GET, b"a", b"\r\n\r\n"),
    "colons": (GET + b"X", b":", b"\r\n\r\n"),
    "blanks in a value": (GET + b"X: a", b" \t", b"a\r\n\r\n"),
    "lines": (GET, b"X: y\r\n", b"\r\n"),
    "lines of many names": (GET, b"X%d: y\r\n", b"\r\n"),
    "connection": (GET + b"Connection: ", b",", b"x\r\n\r\n"),
    "connection, options": (GET + b"Connection: ", b"a,", b"close\r\n\r\n"),
    "connection, lines": (GET, b"Connection: x\r\n", b"\r\n"),
    "expectations": (GET + b"Expect: ", b"100-continue,", b"x\r\n\r\n"),
    "codings": (POST + b"Transfer-Encoding: ", b"chunked,", b"x\r\n\r\n"),
    "codings, unknown": (POST + b"Transfer-Encoding: ", b"a,", b"chunked\r\n\r\n"),
    "length": (POST + b"Content-Length: ", b"0", b"\r\n\r\n"),
    "lengths": (POST + b"Content-Length: ", b"5,", b"5\r\n\r\n"),
    "chunk size": (CHUNKED, b"0", b"\r\n\r\n"),
    "chunk extensions": (CHUNKED + b"5", b";a", b"@\r\n"),
    "chunk extension values": (CHUNKED + b"5", b";a=b", b";\r\n"),
    "chunk extension blanks": (CHUNKED + b"5;a", b" \t", b"@\r\n"),
    "chunk extension quotes": (CHUNKED + b'5;a="', b'\\"', b"\r\n"),
    "chunk extensions, quoted": (CHUNKED + b"5", b';a="b"', b'"\r\n'),
    "trailer lines": (CHUNKED + b"0\r\n", b"X: y\r\n", b"\r\n"),
    "trailer, no colon": (CHUNKED + b"0\r\n", b"a", b"\r\n\r\n"),
    "tiny chunks": (CHUNKED, b"1\r\nx\r\n", b"0\r\n\r\n"),
    "line feeds": (GET + b"X: ", b"\n", b"\r\n\r\n"),
    "empty lines": (b"", b"\r\n", b""),
}


@pytest.mark.parametrize("step", [SIZE * 2, 16], ids=["whole", "pieces"])
@pytest.mark.parametrize("what", HEADS)
def test_reading_is_linear(what: str, step: int) -> None:
    """Long text in any place of a request costs time in proportion, whole and in pieces of 16 bytes."""
    front, unit, end = HEADS[what]

    def spelled(size: int) -> bytes:
        count = size // len(unit)
        if b"%d" in unit:
            return front + b"".join([unit % number for number in range(count)]) + end
        return front + unit * count + end

    texts = {size: spelled(size) for size in (SIZE, SIZE // 2)}

    def read(size: int) -> None:
        data = texts[size]
        reader = RequestReader(WIDE)
        try:
            for start in range(0, len(data), step):
                reader.receive_data(data[start : start + step])
                while reader.next_event() is not None:
                    pass
        except HTTPInputError:
            return

    assert grows(read) < 3


@pytest.mark.parametrize("unit", UNITS)
def test_headers_are_linear(unit: str) -> None:
    """So do the public functions for headers and names, whatever they are given."""

    def use(size: int) -> None:
        text = unit * (size // len(unit))
        is_token(text + "@")
        for action in (
            lambda: normalize_name(text),
            lambda: HTTPHeaders({"X": text}),
            lambda: HTTPHeaders.parse(f"X: {text}"),
            lambda: HTTPHeaders.parse(text),
            lambda: HTTPHeaders().parse_line(text),
        ):
            try:
                action()
            except (HTTPInputError, ValueError):
                continue

    assert grows(use) < 3
