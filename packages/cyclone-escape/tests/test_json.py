"""JSON."""

import json
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cyclone_escape as escape
from cyclone_escape import json as json_module

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_encode_writes_what_json_dumps_writes() -> None:
    """Plain data has the default separators and is ASCII."""
    assert escape.json_encode({"a": [1, None, True], "b": "\xe9\u2028"}) == (
        '{"a": [1, null, true], "b": "\\u00e9\\u2028"}'
    )


def test_encode_cannot_end_a_script() -> None:
    r"""`</` is written `<\/`, in values and in keys, and reads as the same string."""
    text = escape.json_encode({"</a>": "</script>", "b": "a < b / c"})
    assert text == '{"<\\/a>": "<\\/script>", "b": "a < b / c"}'
    assert escape.json_decode(text) == {"</a>": "</script>", "b": "a < b / c"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"caf\xc3\xa9</", '"caf\\u00e9<\\/"'),
        ([b"a", (b"b", {"c": b"d"})], '["a", ["b", {"c": "d"}]]'),
        ({b"k": 1, "l": [b""]}, '{"k": 1, "l": [""]}'),
        (OrderedDict([("z", b"1"), ("a", 2)]), '{"z": "1", "a": 2}'),
    ],
)
def test_encode_takes_bytes_for_text(value: object, expected: str) -> None:
    """UTF-8 bytes are text at any depth, as values and as keys."""
    assert escape.json_encode(value) == expected


def test_encode_refuses_bytes_that_are_no_text() -> None:
    """Other bytes are an error and not a guess."""
    with pytest.raises(UnicodeDecodeError):
        escape.json_encode({"a": b"\xff"})


def test_encode_refuses_other_types_once() -> None:
    """An object without JSON form is one TypeError, with no second one hidden behind it."""
    with pytest.raises(TypeError, match="set is not JSON serializable") as caught:
        escape.json_encode({"a": b"bytes", "b": {1}})
    assert caught.value.__context__ is None


def test_encode_refuses_a_circle() -> None:
    """A list that contains itself is a ValueError."""
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(ValueError, match="Circular"):
        escape.json_encode(circle)


def test_encode_does_not_change_its_argument() -> None:
    """Bytes are decoded in a copy."""
    value = {"a": [b"b"]}
    escape.json_encode(value)
    assert value == {"a": [b"b"]}


def test_decode_reads_text_and_bytes() -> None:
    """JSON is read from str and from UTF-8 bytes, white space around it allowed."""
    assert escape.json_decode(' {"a": "\xe9"} ') == {"a": "\xe9"}
    assert escape.json_decode(b'"\xc3\xa9"') == "\xe9"


@pytest.mark.parametrize(
    "value", ["", "{", "[1,]", "nul", '"\x00"', b"\xff", "[" * 200_000, '{"a":' * 200_000]
)
def test_every_bad_text_is_a_value_error(value: str | bytes) -> None:
    """What a stranger can send wrong is a ValueError, endless nesting too."""
    with pytest.raises(ValueError):  # noqa: PT011 - the class is the promise, texts are Python's
        escape.json_decode(value)


def test_deep_nesting_is_named() -> None:
    """The error about nesting says what happened and hides Python's RecursionError."""
    with pytest.raises(ValueError, match="nested too deeply") as caught:
        escape.json_decode("[" * 200_000)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("value", [None, 1, {}, bytearray(b"1")])
def test_decode_refuses_other_types(value: object) -> None:
    """Something that is no text is the programmer's mistake: TypeError."""
    with pytest.raises(TypeError, match=rf"json_decode\(\) .* not {type(value).__name__}"):
        escape.json_decode(value)  # type: ignore[arg-type]


@given(PLAIN)
def test_data_survives_the_round_trip(value: object) -> None:
    """json_decode() undoes json_encode(), as str and as bytes, and `</` never appears."""
    text = escape.json_encode(value)
    assert escape.json_decode(text) == value
    assert escape.json_decode(text.encode()) == value
    assert "</" not in text
    assert text.replace("<\\/", "</") == json.dumps(value)


@given(PLAIN | st.floats())
def test_encode_agrees_with_json_dumps(value: object) -> None:
    """The encoder that is made once writes, to the letter, what json.dumps writes."""
    assert escape.json_encode(value) == json.dumps(value).replace("</", "<\\/")


def test_encode_needs_no_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter without the C encoder writes the same with json.dumps."""
    monkeypatch.setattr(json_module, "_make_encoder", None)
    assert escape.json_encode({"a": [1, "</"]}) == '{"a": [1, "<\\/"]}'


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"self": inner}])
def test_a_large_value_that_contains_itself_is_refused_at_once(
    wrap: Callable[[object], object],
) -> None:
    """A cycle costs one pass over the data, not one for each level of recursion."""
    rows = [{"id": number} for number in range(20_000)]
    document: dict[str, object] = {"rows": rows}
    document["back"] = wrap(document)
    before = time.process_time()
    escape.json_encode(rows)
    once = time.process_time() - before
    before = time.process_time()
    with pytest.raises(ValueError, match="Circular"):
        escape.json_encode(document)
    assert time.process_time() - before < 20 * once
    del document["back"]
    assert escape.json_decode(escape.json_encode(document)) == document


def test_an_error_leaves_nothing_behind() -> None:
    """What could not be encoded can be once it is mended: nothing is taken for a cycle."""
    value: list[object] = [[{1, 2}]]
    with pytest.raises(TypeError):
        escape.json_encode(value)
    value[0] = [1]
    assert escape.json_encode([value, value]) == "[[[1]], [[1]]]"


def test_default_is_looked_up_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who replaces JSONEncoder.default does so for json_encode, as for json.dumps; it may encode."""

    def default(_: json.JSONEncoder, value: object) -> object:
        return [escape.json_encode({"nested": str(value)})]

    monkeypatch.setattr(json.JSONEncoder, "default", default)
    written = escape.json_encode({"when": 1j})
    assert escape.json_decode(written) == {"when": ['{"nested": "1j"}']}


def test_threads_do_not_disturb_each_other() -> None:
    """Other threads write the same value at the same time, and find what contains itself."""
    document = {"rows": [{"id": number} for number in range(100)]}
    written = escape.json_encode(document)
    cycle: list[object] = []
    cycle.append(cycle)

    def encode(_: int) -> str:
        with pytest.raises(ValueError, match="Circular"):
            escape.json_encode(cycle)
        return escape.json_encode(document)

    with ThreadPoolExecutor(4) as threads:
        found = threads.map(encode, range(200))
        here = {encode(number) for number in range(200)}
        assert {*found, *here} == {written}
