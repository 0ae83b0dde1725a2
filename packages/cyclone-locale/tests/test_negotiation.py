"""Accept-Language: reading the header, and choosing."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_locale import closest_locale, parse_accept_language
from cyclone_locale.negotiation import MAX_ENTRY_LENGTH, MAX_LANGUAGES, MAX_PARAMETERS
from cyclone_locale.tags import MAX_TAG_LENGTH

PIECES = st.sampled_from(
    [",", ";", "=", "q", "Q", "q=", "0", "1", ".5", "0.8", "*", "en", "pt-BR", "-", " ", "\t", "é"]
)
HEADERS = st.lists(PIECES, max_size=60).map("".join) | st.text()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", []),
        ("en", [("en", 1.0)]),
        ("pt-BR, en;q=0.8", [("pt-BR", 1.0), ("en", 0.8)]),
        ("en;q=0.8,pt-BR", [("pt-BR", 1.0), ("en", 0.8)]),
        ("a;q=0.5,b;q=0.5,c;q=0.5", [("a", 0.5), ("b", 0.5), ("c", 0.5)]),
        ("en ; q = 0.5 , fr\t;Q=.25", [("en", 0.5), ("fr", 0.25)]),
        ("*;q=0.1, en_US", [("en_US", 1.0), ("*", 0.1)]),
        ("en;level=1;q=0.3", [("en", 0.3)]),
        ("en;level=1", [("en", 1.0)]),
        ("en;", [("en", 1.0)]),
        ("de;q=1.000,fr;q=1.,it;q=0.123456", [("de", 1.0), ("fr", 1.0), ("it", 0.123456)]),
        ("zh-Hans-CN,es-419", [("zh-Hans-CN", 1.0), ("es-419", 1.0)]),
    ],
)
def test_the_header_is_read(header: str, expected: list[tuple[str, float]]) -> None:
    """Entries come by weight, and equal ones in the order of the header."""
    assert parse_accept_language(header) == expected


@pytest.mark.parametrize(
    "entry",
    [
        *("en;q=0", "en;q=0.", "en;q=0.000", "en;q=", "en;q", "en;q=x", "en;q=-1", "en;q=2"),
        *(
            "en;q=1.5",
            "en;q=inf",
            "en;q=nan",
            "en;q=1e3",
            "en;q=0x1",
            "en;q=\u0660.\u0665",
            "en;q=.",
            ";q=1",
        ),
        *("", " ", "e n", "é", "-", "en-", "-en", "**", "*-en", "toolongtag", "en\0", "1", ";;"),
        "en;q=0." + "9" * 16,
        "a-" * MAX_TAG_LENGTH + "a",
        "a-" * (MAX_TAG_LENGTH // 2) + "a",
        "en;" + "x" * MAX_ENTRY_LENGTH,
    ],
)
def test_what_cannot_be_read_is_left_out(entry: str) -> None:
    """Weight 0, a weight that is none, and what is no language; the neighbours are kept."""
    assert parse_accept_language(f"de,{entry},fr;q=0.5") == [("de", 1.0), ("fr", 0.5)]


def test_the_number_of_parameters_is_bounded() -> None:
    """A weight that stands far behind is not looked for."""
    for count, weight in ((MAX_PARAMETERS - 2, 0.5), (MAX_PARAMETERS - 1, 1.0)):
        assert parse_accept_language("en" + ";a=1" * count + ";q=0.5") == [("en", weight)]


def test_the_longest_language() -> None:
    """Languages and entries up to their bounds are read."""
    longest = ("a-" * (MAX_TAG_LENGTH // 2))[:-1] + "b"
    assert len(longest) == MAX_TAG_LENGTH
    assert parse_accept_language(longest) == [(longest, 1.0)]
    blanks = " " * (MAX_ENTRY_LENGTH - 2)
    assert parse_accept_language(f"{blanks}en,{blanks} de") == [("en", 1.0)]


def test_what_is_returned_may_be_changed() -> None:
    """The next call returns a list of its own."""
    parse_accept_language("en,de").clear()
    assert parse_accept_language("en,de") == [("en", 1.0), ("de", 1.0)]


def test_the_number_of_languages_is_bounded() -> None:
    """What follows the first entries is not looked at."""
    header = ",".join(["a;q=0.1"] * MAX_LANGUAGES)
    assert parse_accept_language(header + ",b") == [("a", 0.1)] * MAX_LANGUAGES
    assert parse_accept_language(header.replace("a", "b", 1) + ",c")[0] == ("b", 0.1)


@given(HEADERS)
def test_any_header_is_read(header: str) -> None:
    """Nothing raises; weights are in range and fall, and every language is in the header."""
    found = parse_accept_language(header)
    weights = [weight for _, weight in found]
    assert weights == sorted(weights, reverse=True)
    assert all(0 < weight <= 1 for weight in weights)
    assert len(found) <= min(MAX_LANGUAGES, header.count(",") + 1)
    assert all(language in header for language, _ in found)
    assert closest_locale([language for language, _ in found], {"tlh"}) in {None, "tlh"}


@pytest.mark.parametrize("unit", [",", ";", "en,", "en;q=0.5,", "a-", ";q=", " ", "*", "=", "q"])
def test_reading_is_linear(unit: str) -> None:
    """A megabyte of anything takes a fraction of a second, before and behind a comma."""
    for before in ("", "en,", "en;", "en;q=0."):
        header = before + unit * (1_000_000 // len(unit))
        start = time.thread_time()
        codes = [language for language, _ in parse_accept_language(header)]
        closest_locale(codes, {"tlh"})
        assert time.thread_time() - start < 0.5


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["pt_BR"], "pt_BR"),
        (["pt-br"], "pt_BR"),
        (["PT_BR"], "pt_BR"),
        (["pt-BR-x-foo"], "pt_BR"),
        (["pt-PT"], "pt"),
        (["zh-Hans-CN"], "zh_CN"),
        (["zh"], None),
        (["sr-Latn"], None),
        (["sr-Latn", "es"], None),
        (["sr-Latn", "es-ES"], "es_ES"),
        ([None, "", "*", "!", "pt-AO", "es_ES"], "pt"),
        (["x" * 10_000, "\0", "es-es"], "es_ES"),
        ([], None),
    ],
)
def test_the_first_code_that_fits_is_chosen(codes: list[str | None], expected: str | None) -> None:
    """Each code is tried to its end before the next; a language does not stand for its regions."""
    assert closest_locale(codes, {"pt", "pt_BR", "es_ES", "zh_CN"}) == expected
    assert closest_locale(iter(codes), ["pt", "pt_BR", "es_ES", "zh_CN"]) == expected
