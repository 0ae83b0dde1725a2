"""The conversions of replies, where the server's answer is not what they are made for."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_storage.redis.commands import replies
from cyclone_storage.redis.commands.geo import as_positions
from cyclone_storage.redis.commands.scripting import _one_or_all as SCRIPT_EXISTS  # noqa: N812
from cyclone_storage.redis.commands.shapes import Misshapen
from cyclone_storage.redis.commands.words import flatten, listed, option
from cyclone_storage.redis.errors import ResponseError

CONVERSIONS = [
    *(getattr(replies, name) for name in replies.__all__),
    as_positions,
    SCRIPT_EXISTS,
]

ANY_REPLY = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=4) | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=4),
)


@pytest.mark.parametrize("convert", CONVERSIONS, ids=lambda each: each.__name__)
def test_nothing_stays_nothing(convert: Callable[[object], object]) -> None:
    """None says that there is nothing, and of no streams it makes an empty dict."""
    assert convert(None) == ({} if convert is replies.streams else None)


@pytest.mark.parametrize(
    ("convert", "reply"),
    [
        (replies.truth, "OK"),
        (replies.truth, [1]),
        (replies.flags, 1),
        (replies.flags, [1, "1"]),
        (replies.members, "OK"),
        (replies.members, [["a"]]),
        (replies.mapping, "OK"),
        (replies.mapping, ["a", 1, "b"]),
        (replies.mapping, [["a"], 1]),
        (replies.mappings, [["a", 1], "OK"]),
        (replies.integers, ["1", "a"]),
        (replies.integers, [[]]),
        (replies.score, "abc"),
        (replies.score, [1]),
        (replies.score, ResponseError("no")),
        (replies.scores, [1, "abc"]),
        (replies.with_scores, ["a", 1, "b"]),
        (replies.with_scores, ["a", "b"]),
        (replies.with_scores, ["a", 10**400]),
        (replies.key_member_score, ["key", "member"]),
        (replies.cursor_and_items, ["0"]),
        (replies.cursor_and_items, ["a", []]),
        (replies.cursor_and_items, ["0", "ab"]),
        (replies.records, 5),
        (replies.records, "id=1 nothing"),
        (replies.info, [1]),
        (replies.stream_entries, "OK"),
        (replies.stream_entries, ["ab"]),
        (replies.stream_entries, [["1-1", ["a"]]]),
        (replies.streams, "OK"),
        (replies.streams, [["stream", None]]),
        (replies.stream_claimed, ["0-0"]),
        (replies.stream_pending, [1, "1-1", "1-1"]),
        (replies.stream_pending, [1, "1-1", "1-1", [["a", "b"]]]),
        (as_positions, 5),
        (as_positions, [["1.5"]]),
        (as_positions, ["1"]),
        (SCRIPT_EXISTS, "OK"),
        (SCRIPT_EXISTS, ["yes"]),
    ],
)
def test_refuses_what_has_another_shape(convert: Callable[[object], object], reply: object) -> None:
    """It may be another command's: neither is it taken for a result, nor does a ValueError come of it."""
    with pytest.raises(Misshapen, match=f"should come, not this {type(reply).__name__}") as caught:
        convert(reply)
    assert "abc" not in str(caught.value)
    assert caught.value.__suppress_context__


@given(st.sampled_from(CONVERSIONS), ANY_REPLY)
def test_no_reply_ends_in_another_error(convert: Callable[[object], object], reply: object) -> None:
    """Whatever a server sends, there is a result or the one error."""
    with contextlib.suppress(Misshapen):
        convert(reply)


@given(st.one_of(st.integers(), st.floats(allow_nan=False)))
def test_a_score_is_the_number_that_was_sent(number: float) -> None:
    """Text or bytes, with an exponent or without, whole or infinite."""
    for text in (repr(number), repr(number).encode()):
        assert replies.score(text) == number


@given(st.lists(st.text()), st.lists(st.text()))
def test_one_and_several_are_put_together(several: list[str], more: list[str]) -> None:
    """What is a list stays in order; text is one thing; the caller's list is not changed."""
    before = list(several)
    assert listed(several, more) == [*before, *more]
    assert listed(iter(several), more) == [*before, *more]
    assert listed("text", more) == ["text", *more]
    assert listed(b"text") == [b"text"]
    assert several == before


@given(st.dictionaries(st.text(), st.integers()))
def test_a_mapping_comes_back(pairs: dict[str, int]) -> None:
    """Names and values in turn are the mapping that they were made of."""
    assert replies.mapping(flatten(pairs)) == pairs


def test_an_option_is_left_out_or_there() -> None:
    """None and False leave it out, True gives its name alone, 0 is a value."""
    assert option("NX", None) == option("NX", value=False) == ()
    assert option("NX", value=True) == ("NX",)
    assert option("COUNT", 0) == ("COUNT", 0)
