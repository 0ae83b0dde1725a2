"""The conversions of replies, where the server's answer is not what they are made for."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_storage.redis.commands import replies
from cyclone_storage.redis.commands.geo import as_positions
from cyclone_storage.redis.commands.words import flatten, listed, option

CONVERSIONS = [*(getattr(replies, name) for name in replies.__all__), as_positions]


@pytest.mark.parametrize("convert", CONVERSIONS, ids=lambda each: each.__name__)
def test_leaves_what_has_another_shape(convert: Callable[[object], object]) -> None:
    """A conversion is no check: what it does not know goes to the caller as it came."""
    assert convert(1.5) == 1.5


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
