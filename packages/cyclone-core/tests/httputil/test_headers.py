"""Header fields as a mapping: what goes in, what comes out, and what is refused."""

import copy
import enum
import io
import pickle
import time
from collections.abc import Callable, MutableMapping
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.httputil.headers import parse_field_lines

CONTROLS = [*map(chr, range(9)), *map(chr, range(10, 32)), "\x7f"]
NOT_TOKENS = ["", " ", "X ", " X", "X Y", "X:", "X\n", "X\r\n", "X\x00", "X\t", "X(", 'X"', "X\xe9"]

NAMES = st.text("!#$%&'*+-.^_`|~09azAZ", min_size=1, max_size=9)
VALUES = st.text(st.characters(codec="latin-1", exclude_characters=CONTROLS), max_size=9).map(
    lambda value: value.strip(" \t")
)
PAIRS = st.lists(st.tuples(NAMES, VALUES))


def pairs(headers: HTTPHeaders) -> list[tuple[str, str]]:
    """List all pairs."""
    return list(headers.get_all())


# A mapping.


def test_names_are_case_insensitive_and_values_are_joined_with_a_comma() -> None:
    """A repeated name gives `a,b` by item and both values by list, whatever the case."""
    headers = HTTPHeaders({"content-type": "text/html"})
    assert isinstance(headers, MutableMapping)
    assert not isinstance(headers, dict)
    headers.add("Set-Cookie", "A=B")
    headers.add("set-cookie", "C=D")
    headers.add("SET-COOKIE", "E=F")
    assert headers["set-cookie"] == headers.get("Set-cookie") == "A=B,C=D,E=F"
    assert headers.get_list("SeT-CooKie") == ["A=B", "C=D", "E=F"]
    assert headers.get_list("CONTENT-TYPE") == ["text/html"]
    assert list(headers) == ["Content-Type", "Set-Cookie"]
    assert len(headers) == 2
    assert pairs(headers) == [
        ("Content-Type", "text/html"),
        ("Set-Cookie", "A=B"),
        ("Set-Cookie", "C=D"),
        ("Set-Cookie", "E=F"),
    ]


def test_names_get_one_spelling() -> None:
    """Each part between hyphens is capitalized."""
    headers = HTTPHeaders({"sec-websocket-KEY": "1", "ETag": "2", "x_y": "3", "--a": "4"})
    assert list(headers) == ["Sec-Websocket-Key", "Etag", "X_y", "--A"]


def test_setting_replaces_all_values_and_keeps_the_place() -> None:
    """Item assignment drops what was added before."""
    headers = HTTPHeaders([("A", "1"), ("B", "2"), ("a", "3")])
    headers["A"] = "4"
    assert pairs(headers) == [("A", "4"), ("B", "2")]
    headers["B"] = "tab\tin \xe9"
    assert headers["B"] == "tab\tin \xe9"


def test_deleting_removes_all_values() -> None:
    """After `del` the name is gone, and a second `del` is a KeyError."""
    headers = HTTPHeaders([("A", "1"), ("a", "2")])
    del headers["A"]
    assert "a" not in headers
    with pytest.raises(KeyError):
        del headers["A"]
    with pytest.raises(KeyError):
        headers["A"]


def test_methods_of_every_mapping_know_no_case() -> None:
    """`pop`, `setdefault`, `update`, `clear`, `==` work as those of any mapping."""
    headers = HTTPHeaders({"Aa": "1"})
    assert headers.setdefault("AA", "2") == "1"
    assert headers.setdefault("BB", "2") == "2"
    headers.update({"bb": "3"}, cC="4")
    assert headers == {"Aa": "1", "Bb": "3", "Cc": "4"}
    assert headers == HTTPHeaders(aa="1", bb="3", cc="4")
    assert headers.pop("aA") == "1"
    assert headers.pop("aA", None) is None
    assert dict(headers) == {"Bb": "3", "Cc": "4"}
    headers.clear()
    assert not headers


def test_what_is_absent() -> None:
    """`get` has a default, `get_list` is empty, `in` is false."""
    headers = HTTPHeaders()
    assert headers.get("A") is None
    assert headers.get("A", "b") == "b"
    assert headers.get_list("A") == []
    assert "A" not in headers
    assert 5 not in headers


@pytest.mark.parametrize("name", NOT_TOKENS)
def test_what_cannot_be_a_name_is_absent(name: str) -> None:
    """Asking for a name that no header can have is no error: it is not there."""
    headers = HTTPHeaders({"X": "y"})
    assert name not in headers
    assert headers.get(name) is None
    assert headers.get(name, "z") == "z"
    assert headers.get_list(name) == []
    assert headers.pop(name, None) is None
    with pytest.raises(KeyError):
        headers[name]
    with pytest.raises(KeyError):
        del headers[name]
    assert headers == {"X": "y"}


def test_the_constructor_takes_what_a_dict_takes() -> None:
    """Headers, a mapping, pairs, keywords; pairs keep repeated names."""
    assert pairs(HTTPHeaders()) == []
    assert pairs(HTTPHeaders({"a": "1"}, b="2")) == [("A", "1"), ("B", "2")]
    assert pairs(HTTPHeaders([("a", "1"), ("A", "2")])) == [("A", "1"), ("A", "2")]
    assert pairs(HTTPHeaders([("a", "1"), ("A", "2")], a="3")) == [("A", "3")]
    assert pairs(HTTPHeaders(HTTPHeaders([("a", "1"), ("A", "2")]))) == [("A", "1"), ("A", "2")]
    assert pairs(HTTPHeaders(other="1")) == [("Other", "1")]


# What may enter.


def _set(headers: HTTPHeaders, name: str, value: str) -> None:
    headers[name] = value


ENTRANCES: list[Callable[[HTTPHeaders, str, str], object]] = [
    HTTPHeaders.add,
    _set,
    HTTPHeaders.setdefault,
    lambda _, name, value: HTTPHeaders({name: value}),
    lambda _, name, value: HTTPHeaders([(name, value)]),
    lambda _, name, value: HTTPHeaders(**{name: value}),
    lambda headers, name, value: headers.update({name: value}),
]


@pytest.mark.parametrize("enter", ENTRANCES)
def test_no_way_in_for_what_could_split_a_message(
    enter: Callable[[HTTPHeaders, str, str], object],
) -> None:
    """Control characters in values and names that are no token raise ValueError everywhere."""
    headers = HTTPHeaders({"Old": "1"})
    for control in CONTROLS:
        for value in (f"a{control}b", control, f"a{control}", f"a{control}\n b: c"):
            with pytest.raises(ValueError, match="control character"):
                enter(headers, "X", value)
    for value in ("\u20ac", "a\u2028b", "\U0001f600"):
        with pytest.raises(ValueError, match="latin-1"):
            enter(headers, "X", value)
    for name in NOT_TOKENS:
        with pytest.raises(ValueError, match="must be a token"):
            enter(headers, name, "y")
    assert pairs(headers) == [("Old", "1")]


@pytest.mark.parametrize("enter", ENTRANCES)
@pytest.mark.parametrize("value", [5, None, ["y"]])
def test_values_are_text(enter: Callable[[HTTPHeaders, str, str], object], value: str) -> None:
    """Numbers and lists raise a TypeError that names the header."""
    with pytest.raises(TypeError, match="value of header X is str or bytes"):
        enter(HTTPHeaders(), "X", value)


def test_values_may_be_bytes() -> None:
    """Bytes are read as latin-1, and checked like text."""
    headers = HTTPHeaders([("X", b"caf\xe9")])
    headers["Y"] = b"\xff"
    assert pairs(headers) == [("X", "caf\xe9"), ("Y", "\xff")]
    for enter in ENTRANCES:
        with pytest.raises(ValueError, match="control character"):
            enter(HTTPHeaders(), "X", b"a\r\nb: c")  # type: ignore[arg-type]


def test_names_are_text() -> None:
    """A name in bytes is a TypeError and not a header that is never found."""
    headers = HTTPHeaders({"X": "y"})
    with pytest.raises(TypeError, match="name must be a str"):
        headers.add(b"X", "y")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="name must be a str"):
        headers[b"X"]  # type: ignore[index]
    assert b"X" not in headers


class Kind(enum.StrEnum):
    """Text that is not of the type `str` itself."""

    HTML = "text/html"


class Shouting(str):
    """Text with a mind of its own."""

    __slots__ = ()

    def __str__(self) -> str:
        return "EVIL\r\n"

    def __format__(self, spec: str) -> str:
        return "EVIL\r\n"


@pytest.mark.parametrize("value", [Kind.HTML, Shouting("text/html")])
@pytest.mark.parametrize("enter", ENTRANCES)
def test_subclasses_of_str_are_stored_as_str(
    enter: Callable[[HTTPHeaders, str, str], object], value: str
) -> None:
    """What was checked is what is sent: an enumeration's value, not its letters or its methods."""
    headers = HTTPHeaders()
    made = enter(headers, "Content-Type", value)
    if isinstance(made, HTTPHeaders):
        headers = made
    assert headers.to_wire() == "Content-Type: text/html\r\n"
    assert type(headers["Content-Type"]) is str


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Bearer s3cr3t\r\n", "a control character: '\\r' at index 13"),
        ("\0s3cr3t", "a control character: '\\x00' at index 0"),
        (b"s3cr3t\x7fs3cr3t", "a control character: '\\x7f' at index 6"),
        ("s3cr3t\u20acs3cr3t", "a character beyond latin-1: '\u20ac' at index 6"),
    ],
)
@pytest.mark.parametrize("enter", ENTRANCES)
def test_messages_show_the_place_and_nothing_of_the_value(
    enter: Callable[[HTTPHeaders, str, Any], object], value: str | bytes, shown: str
) -> None:
    """Messages go to logs: they show what is wrong and where, and nothing of what may be secret."""
    with pytest.raises(ValueError, match="header Authorization holds") as caught:
        enter(HTTPHeaders(), "Authorization", value)
    assert str(caught.value).endswith(f"holds {shown}")
    assert "s3cr3t" not in str(caught.value)


def test_a_received_line_is_not_shown_either() -> None:
    """What a peer has sent may be as secret, and is as little shown."""
    with pytest.raises(HTTPInputError, match="Cookie holds") as caught:
        HTTPHeaders().parse_line("Cookie: s3cr3t\0s3cr3t")
    assert str(caught.value).endswith("a control character: '\\x00' at index 6")


def test_a_value_of_another_type_is_not_shown() -> None:
    """The message says which type it is."""
    with pytest.raises(TypeError, match="str or bytes, not list") as caught:
        HTTPHeaders({"Authorization": cast("Any", ["s3cr3t"])})
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("bad", ["\n", "\u20ac"])
def test_messages_show_the_beginning_of_a_name(bad: str) -> None:
    """A name is no secret, but no megabyte of it belongs into a log."""
    with pytest.raises(ValueError, match="must be a token") as caught:
        HTTPHeaders({f"{'s' * 5000}{bad}": "x"})
    assert len(str(caught.value)) < 250


# Copies.


@pytest.mark.parametrize(
    "duplicate",
    [
        HTTPHeaders.copy,
        copy.copy,
        copy.deepcopy,
        HTTPHeaders,
        lambda headers: pickle.loads(pickle.dumps(headers)),  # noqa: S301 -- our own bytes
    ],
)
def test_copies_share_no_state(duplicate: Callable[[HTTPHeaders], HTTPHeaders]) -> None:
    """Copies and pickles keep repeated values apart, and changing one leaves the other alone."""
    first = HTTPHeaders([("A", "1"), ("A", "2"), ("B", "3")])
    second = duplicate(first)
    assert type(second) is HTTPHeaders
    assert pairs(second) == pairs(first)
    second.add("A", "4")
    first.add("B", "5")
    assert pairs(first) == [("A", "1"), ("A", "2"), ("B", "3"), ("B", "5")]
    assert pairs(second) == [("A", "1"), ("A", "2"), ("A", "4"), ("B", "3")]


def test_the_list_of_values_is_a_copy() -> None:
    """Changing what `get_list` returned changes no header."""
    headers = HTTPHeaders([("A", "1"), ("A", "2"), ("B", "3")])
    headers.get_list("A").append("x")
    headers.get_list("B").append("x")
    assert pairs(headers) == [("A", "1"), ("A", "2"), ("B", "3")]


def test_subclasses_copy_as_themselves() -> None:
    """A copy has the type of its original."""

    class Mine(HTTPHeaders):
        pass

    assert type(Mine({"A": "b"}).copy()) is Mine
    assert type(Mine.parse("A: b")) is Mine


def test_a_pickle_with_a_bad_header_is_refused() -> None:
    """Unpickling passes through the same checks as everything else that enters."""
    good = pickle.dumps(HTTPHeaders({"A": "b-c"}), protocol=0)
    bad = io.BytesIO(good.replace(b"b-c", b"b\\u000ac"))
    with pytest.raises(ValueError, match="control character"):
        pickle.load(bad)  # noqa: S301 -- our own bytes


# As text.


def test_text_forms() -> None:
    """`str` has LF line ends, the wire form CRLF, and `repr` shows pairs."""
    headers = HTTPHeaders([("a", "1"), ("a", "2"), ("b", "3 ")])
    assert str(headers) == "A: 1\nA: 2\nB: 3 \n"
    assert headers.to_wire() == "A: 1\r\nA: 2\r\nB: 3 \r\n"
    assert repr(headers) == "HTTPHeaders([('A', '1'), ('A', '2'), ('B', '3 ')])"
    assert str(HTTPHeaders()) == HTTPHeaders().to_wire() == ""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_blocks_of_lines_are_parsed(end: str) -> None:
    """Lines end with LF or CRLF, the last one may go without, empty ones do not count."""
    lines = ["Foo: bar", "baz:qux", "foo:\t  b  z \t", "Empty:", ""]
    expected = [("Foo", "bar"), ("Foo", "b  z"), ("Baz", "qux"), ("Empty", "")]
    assert pairs(HTTPHeaders.parse(end.join(lines))) == expected
    assert pairs(HTTPHeaders.parse(end.join(lines[:-1]))) == expected
    assert pairs(HTTPHeaders.parse(end.join([*lines, "", ""]))) == expected


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\u2029"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_odd_line_separators_stay_in_the_value(separator: str, encoding: str) -> None:
    """Only LF and CRLF end a line; what Unicode calls one is part of the value, as latin-1."""
    try:
        raw = separator.encode(encoding)
    except UnicodeEncodeError:
        raw = separator.encode("utf-8")
    value = b"foo=" + raw + b"bar"
    headers = HTTPHeaders.parse((b"Cookie: " + value + b"\r\nX: y").decode("latin-1"))
    assert headers["Cookie"].encode("latin-1") == value
    assert headers["X"] == "y"


@pytest.mark.parametrize(
    "line",
    [
        "no colon",
        ": no name",
        " folded: line",
        "\tfolded: line",
        "Sp ace: x",
        "Space : x",
        "X: a\x00b",
        "X: a\rb",
        "X: a\r",
        "X: a\nY: b",
        "X: a\x0bb",
        "X: a\x1cb",
        "X: \x7f",
        "X: \u20ac",
        "\x00: x",
        "\xa0X: y",
    ],
)
def test_lines_that_are_no_header_field(line: str) -> None:
    """They are the peer's mistake, and leave the headers as they were."""
    headers = HTTPHeaders({"Old": "1"})
    with pytest.raises(HTTPInputError) as caught:
        headers.parse_line(line)
    assert caught.value.status == 400
    assert pairs(headers) == [("Old", "1")]
    with pytest.raises(HTTPInputError):
        parse_field_lines(["X: y", line])


def test_the_log_learns_what_was_wrong() -> None:
    """The message says which rule was broken, and quotes no more than a part of the line."""
    for fold in (" a: b", "\ta: b"):
        with pytest.raises(HTTPInputError, match="folded"):
            HTTPHeaders().parse_line(fold)
    with pytest.raises(HTTPInputError, match=r"without a colon: 'x{100}'$"):
        HTTPHeaders().parse_line("x" * 5000)


def test_a_block_with_a_bad_line_is_refused() -> None:
    """A folded line or a bare CR in the middle spoils the block."""
    for block in ("A: b\r\n c\r\nD: e\r\n", "A: b\r\r\nD: e", "A: b\rD: e", "A: b\r"):
        with pytest.raises(HTTPInputError):
            HTTPHeaders.parse(block)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_single_lines_are_added(end: str) -> None:
    """`parse_line` adds to what is there, takes a line end, and nothing from an empty line."""
    headers = HTTPHeaders()
    for line in ("a: 1", "A:2", "a:   3   ", "b: x:y", ""):
        headers.parse_line(line + end)
    assert pairs(headers) == [("A", "1"), ("A", "2"), ("A", "3"), ("B", "x:y")]


def test_only_blanks_and_tabs_are_stripped() -> None:
    """A no-break space is part of the value (RFC 9110 section 5.6.3)."""
    headers = HTTPHeaders.parse("A: \xa0b\xa0 \t\r\nB: \x85c\x85")
    assert pairs(headers) == [("A", "\xa0b\xa0"), ("B", "\x85c\x85")]


@given(PAIRS)
def test_round_trips(given_pairs: list[tuple[str, str]]) -> None:
    """What was put in comes out of the text forms, of copies and of pickles."""
    headers = HTTPHeaders(given_pairs)
    expected: dict[str, list[str]] = {}
    for name, value in given_pairs:
        normal = "-".join(part.capitalize() for part in name.split("-"))
        expected.setdefault(normal, []).append(value)
    flat = [(name, value) for name, values in expected.items() for value in values]
    assert pairs(headers) == flat
    for text in (headers.to_wire(), str(headers)):
        assert pairs(HTTPHeaders.parse(text)) == flat
    assert pairs(pickle.loads(pickle.dumps(headers))) == flat  # noqa: S301 -- our own bytes
    assert pairs(headers.copy()) == flat
    assert {name: headers.get_list(name) for name in headers} == expected
    assert dict(headers) == {name: ",".join(values) for name, values in expected.items()}


@given(st.text(max_size=30))
def test_any_text_parses_or_is_the_peers_mistake(text: str) -> None:
    """No text leads to another exception, and what was parsed is parsed again alike."""
    try:
        headers = HTTPHeaders.parse(text)
    except HTTPInputError:
        return
    assert pairs(HTTPHeaders.parse(headers.to_wire())) == pairs(headers)


def test_adding_is_linear() -> None:
    """Four times as many values of one name cost four times the time, not sixteen times."""

    def seconds(count: int) -> float:
        block = "X: y\r\n" * count
        start = time.thread_time()
        headers = HTTPHeaders.parse(block)
        assert len(headers["X"]) == 2 * count - 1
        assert headers.to_wire() == block
        return time.thread_time() - start

    seconds(1000)
    assert seconds(40_000) < 10 * max(seconds(10_000), 0.01)
