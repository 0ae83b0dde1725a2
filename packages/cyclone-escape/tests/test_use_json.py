"""The choice of the library that writes JSON."""

import dataclasses
import datetime as dt
import decimal
import enum
import json
import sys
import threading
import uuid
from collections import OrderedDict, namedtuple
from collections.abc import Iterator
from functools import partial
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cyclone_escape as escape
from cyclone_escape import json_encode

# The tests of this group run only where the library is installed.
needs_orjson = pytest.mark.needs("orjson")

TEXT = st.text() | st.text(st.characters(), max_size=5) | st.sampled_from(["</", "null", "g"])
NUMBERS = st.integers() | st.integers(-(2**65), 2**65) | st.floats()
KEYS = TEXT | NUMBERS | st.booleans() | st.none()
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT | st.binary(max_size=3) | st.uuids() | st.dates(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS | st.binary(max_size=3), inner)
        | st.dictionaries(TEXT, inner).map(escape.ObjectDict)
    ),
    max_leaves=8,
)

NAN = float("nan")
Pair = namedtuple("Pair", ["a", "b"])  # noqa: PYI024 - a type that json writes as a list


class Number(enum.IntEnum):
    """An enumeration of what json writes."""

    ONE = 1


class Word(enum.StrEnum):
    """An enumeration whose values are not the text that its members are."""

    A = "member"

    def __new__(cls, text: str) -> Self:
        """Make a member with a value of its own."""
        made = str.__new__(cls, text)
        made._value_ = "value"
        return made


class Color(enum.Enum):
    """An enumeration that json refuses."""

    RED = 1


@dataclasses.dataclass
class Point:
    """A dataclass, which json refuses."""

    x: int = 1


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Give back what was in use before the test."""
    previous = escape.use_json("stdlib")
    assert previous == "stdlib"
    yield
    escape.use_json(previous)


def outcome(value: object) -> tuple[str, str]:
    """Return what comes of a value: the class of an error and its text, or what is read again.

    The text of the representation also tells 1 from 1.0 and True, and NaN is equal to NaN there.
    """
    try:
        text = json_encode(value)
    except (TypeError, ValueError) as error:
        return type(error).__name__, str(error)
    assert "</" not in text
    return "", repr(json.loads(text))


def both(value: object) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return what comes of a value with the standard library and with orjson."""
    escape.use_json("stdlib")
    before = outcome(value)
    escape.use_json("orjson")
    return before, outcome(value)


def test_a_function_writes_the_documents() -> None:
    """A function is used at once, also through names imported before; it may return str or bytes."""
    escape.use_json(partial(json.dumps, separators=(",", ":")))
    assert json_encode({"a": [1, "</a>"]}) == '{"a":[1,"<\\/a>"]}'
    escape.use_json(lambda value: json.dumps(value, ensure_ascii=False).encode())
    assert json_encode("\xe9</") == '"\xe9<\\/"'


def test_what_was_in_use_can_be_restored() -> None:
    """use_json() returns its previous argument, a name or a function, and takes it again."""
    compact = partial(json.dumps, separators=(",", ":"))
    assert escape.use_json(compact) == "stdlib"
    assert escape.use_json("stdlib") is compact
    assert json_encode([1, 2]) == "[1, 2]"
    assert escape.use_json(compact) == "stdlib"
    assert json_encode([1, 2]) == "[1,2]"


def test_a_function_may_take_more_types() -> None:
    """What a function accepts is its own affair; bytes are text for it, too, if it refuses them."""
    escape.use_json(partial(json.dumps, default=str))
    assert json_encode([uuid.UUID(int=1)]) == '["00000000-0000-0000-0000-000000000001"]'
    escape.use_json(json.dumps)
    assert json_encode({b"a": b"b"}) == '{"a": "b"}'
    with pytest.raises(TypeError, match="set is not JSON serializable"):
        json_encode({1})


def test_a_function_has_to_return_text() -> None:
    """Another result is a TypeError that names the type."""
    escape.use_json(lambda _: 1)  # type: ignore[arg-type, return-value]
    with pytest.raises(TypeError, match=r"given to use_json\(\) returned int"):
        json_encode([])


def test_unknown_names_and_other_types_are_refused() -> None:
    """Both errors name what is accepted, and nothing is switched."""
    with pytest.raises(ValueError, match="'stdlib' and 'orjson', not 'ujson'"):
        escape.use_json("ujson")
    with pytest.raises(TypeError, match=r"use_json\(\) takes .* not NoneType"):
        escape.use_json(None)  # type: ignore[arg-type]
    assert escape.use_json("stdlib") == "stdlib"


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to type, and what was in use stays in use."""
    monkeypatch.setitem(sys.modules, "orjson", None)
    with pytest.raises(ImportError, match=r'pip install "cyclone-escape\[orjson\]"') as caught:
        escape.use_json("orjson")
    assert caught.value.name == "orjson"
    assert json_encode([1, 2]) == "[1, 2]"
    assert escape.use_json("stdlib") == "stdlib"


def test_threads_see_one_function_or_the_other() -> None:
    """While one thread switches, each document of another is written by one function alone."""
    compact = partial(json.dumps, separators=(",", ":"))
    stop = threading.Event()

    def switch() -> None:
        while not stop.is_set():
            escape.use_json(compact)
            escape.use_json("stdlib")

    thread = threading.Thread(target=switch)
    thread.start()
    try:
        seen = {json_encode([1, [2, 3]]) for _ in range(20_000)}
    finally:
        stop.set()
        thread.join()
    assert seen <= {"[1,[2,3]]", "[1, [2, 3]]"}


@needs_orjson
def test_orjson_writes_plain_data() -> None:
    """Plain data has no blanks and stands as it is, but a script still cannot be ended."""
    assert escape.use_json("orjson") == "stdlib"
    value = {"a": [1, 2.5, None, True, (-1, "\xe9\u2028")], "</b>": "</script>"}
    assert json_encode(value) == (
        '{"a":[1,2.5,null,true,[-1,"\xe9\u2028"]],"<\\/b>":"<\\/script>"}'
    )
    assert escape.use_json("stdlib") == "orjson"
    assert json_encode("\xe9") == '"\\u00e9"'


@needs_orjson
@pytest.mark.parametrize("value", [b"caf\xc3\xa9</", [b"a", (b"b",)], {b"k": 1, "l": [b""]}])
def test_orjson_takes_bytes_for_text(value: object) -> None:
    """UTF-8 bytes are text as values and as keys; what else the document holds does not matter."""
    before, after = both(value)
    assert after == before
    assert not after[0]


@needs_orjson
@pytest.mark.parametrize(
    "value",
    [
        {1: "int", 2.5: "float", False: "bool", None: "none", "1": "str"},
        {float("nan"): 1},
        [float("nan"), None],
        [float("inf"), "null"],
        {"a": -float("inf")},
        [None, float("nan"), [float("nan")]],
        [None, NAN, NAN],
        (NAN, -NAN, None, "g"),
        2**64,
        -(2**63) - 1,
        "\ud800",
        {"\udfff": 1},
        escape.ObjectDict(a=1),
        OrderedDict([("z", 1), ("a", 2)]),
        Number.ONE,
        {Number.ONE: Number.ONE},
        [Word.A],
        {Word.A: 1},
        Pair(1, [2]),
    ],
)
def test_what_orjson_cannot_write_is_written_as_before(value: object) -> None:
    """Data that orjson refuses or changes is written, to the letter, by the standard library."""
    escape.use_json("orjson")
    assert json_encode(value) == json.dumps(value)


@needs_orjson
@pytest.mark.parametrize(
    "value",
    [
        uuid.UUID(int=1),
        Color.RED,
        Point(),
        dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        dt.date(2026, 1, 1),
        dt.time(1, 2),
        decimal.Decimal("1.5"),
        {1},
        1j,
        object,
        {(1, 2): 3},
        {Color.RED: 1},
        bytearray(b"a"),
        b"\xff",
    ],
)
@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: [None, {"a": value}]])
def test_what_is_refused_stays_refused(value: object, wrap: partial[object]) -> None:
    """Data without JSON form raises the standard library's error, and no other behind it."""
    before, after = both(wrap(value))
    assert after == before
    assert before[0] in {"TypeError", "UnicodeDecodeError"}
    with pytest.raises((TypeError, ValueError)) as caught:
        json_encode(wrap(value))
    assert caught.value.__context__ is None


@needs_orjson
def test_orjson_refuses_a_circle() -> None:
    """A structure that contains itself is the same ValueError."""
    circle: list[object] = []
    circle += [{"a": circle}, (circle,)]
    before, after = both(circle)
    assert after == before
    assert before == ("ValueError", "Circular reference detected")


@needs_orjson
def test_depth_is_what_python_allows() -> None:
    """Data too deep for orjson is written all the same, and endless depth is a RecursionError."""
    value: list[object] = []
    for _ in range(400):
        value = [value]
    before, after = both(value)
    assert after == before
    assert not before[0]
    for _ in range(200_000):
        value = [value]
    with pytest.raises(RecursionError):
        json_encode(value)


@needs_orjson
@given(PLAIN)
def test_orjson_changes_no_meaning_of_plain_data(value: object) -> None:
    """json.loads() gives the same for what both libraries write."""
    before, after = both(value)
    assert after == before
    assert not before[0]


@needs_orjson
@given(ANYTHING)
def test_orjson_changes_no_meaning_of_anything(value: object) -> None:
    """Whatever the value holds, both write the same data or raise the same error."""
    before, after = both(value)
    assert after == before


@needs_orjson
def test_orjson_itself_is_a_function_like_any_other() -> None:
    """orjson.dumps with its own meaning can be had by passing it."""
    import orjson

    escape.use_json(orjson.dumps)
    assert json_encode([uuid.UUID(int=1)]) == '["00000000-0000-0000-0000-000000000001"]'
    assert json_encode(float("nan")) == "null"


@needs_orjson
def test_reading_stays_the_standard_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """json_decode() keeps large integers, and refuses endless nesting, whatever is in use."""
    escape.use_json("orjson")
    assert escape.json_decode(str(2**70)) == 2**70
    with pytest.raises(ValueError, match="nested too deeply"):
        escape.json_decode("[" * 200_000)
    monkeypatch.setattr("json.loads", lambda _: "the standard library")
    assert escape.json_decode("1") == "the standard library"
