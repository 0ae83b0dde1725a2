"""Header names: tokens, their one spelling, and the bounded memory of it."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httputil import names
from cyclone_core.httputil.names import is_token, normalize_name

TOKEN_CHARACTERS = set(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")


@given(st.text(max_size=5))
def test_tokens(text: str) -> None:
    """A token is one or more of the characters of RFC 9110 section 5.6.2."""
    assert is_token(text) is (bool(text) and set(text) <= TOKEN_CHARACTERS)


def test_each_character_alone() -> None:
    """Of all characters of latin-1 and some beyond, exactly the listed ones are tokens."""
    assert {c for c in map(chr, range(0x3000)) if is_token(c)} == TOKEN_CHARACTERS


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("content-type", "Content-Type"),
        ("CONTENT-TYPE", "Content-Type"),
        ("cOnTeNt-tYpE", "Content-Type"),
        ("www-authenticate", "Www-Authenticate"),
        ("x", "X"),
        ("-", "-"),
        ("a--b", "A--B"),
        ("a_b", "A_b"),
        ("1a-2b", "1a-2b"),
    ],
)
def test_spelling(name: str, normal: str) -> None:
    """Each part between hyphens is capitalized; the second time as the first."""
    assert [normalize_name(name), normalize_name(name)] == [normal, normal]


def test_usual_names_are_known_in_their_usual_spellings() -> None:
    """The table that spares the work says what the work would say."""
    known = dict(names.KNOWN_NAMES)
    for name in ("host", "Host", "user-agent", "User-Agent", "x-forwarded-for"):
        assert name in known
    for spelling, name in known.items():
        assert name == "-".join(part.capitalize() for part in spelling.split("-"))


def test_memory_of_names_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that invents names fills a small table once, and long names not at all."""
    monkeypatch.setattr(names, "KNOWN_NAMES", {})
    assert normalize_name("x" * 5000) == "X" + "x" * 4999
    assert normalize_name("x" * 65) == "X" + "x" * 64
    assert names.KNOWN_NAMES == {}
    assert normalize_name("x" * 64) == "X" + "x" * 63
    assert list(names.KNOWN_NAMES) == ["x" * 64]
    for number in range(names.MAX_KNOWN_NAMES + 10):
        assert normalize_name(f"x-{number}") == f"X-{number}"
    assert len(names.KNOWN_NAMES) == names.MAX_KNOWN_NAMES
    for number in range(names.MAX_KNOWN_NAMES + 10):
        assert normalize_name(f"x-{number}") == f"X-{number}"
    assert names.MAX_KNOWN_NAMES * max(map(len, names.KNOWN_NAMES)) <= 64_000


def test_what_is_no_name() -> None:
    """Text that is no token is a ValueError, what is no text a TypeError."""
    with pytest.raises(ValueError, match="must be a token"):
        normalize_name("a b")
    with pytest.raises(TypeError, match="must be a str, not bytes"):
        normalize_name(b"a")  # type: ignore[arg-type]


class Willful(str):
    """Text with methods of its own."""

    __slots__ = ()

    def split(self, *_: object) -> list[str]:  # type: ignore[override]
        return ["A\r\nB"]


def test_the_methods_of_a_name_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was checked is what is used and remembered: the letters, as `str` and nothing else."""
    monkeypatch.setattr(names, "KNOWN_NAMES", {})
    assert normalize_name(Willful("x-y")) == "X-Y"
    assert normalize_name("x-y") == "X-Y"
    assert list(map(type, names.KNOWN_NAMES)) == [str]
