"""Adding arguments to URLs, and what stands before their path."""

import unittest
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core import httputil
from cyclone_core.httputil import (
    encode_username_password,
    qs_to_qsl,
    responses,
    split_host_and_port,
    url_concat,
)


@pytest.mark.parametrize(
    ("url", "args", "result"),
    [
        ("https://a/path", [("y", "y"), ("z", "z")], "https://a/path?y=y&z=z"),
        ("https://a/path", [("y", "/y"), ("z", "z")], "https://a/path?y=%2Fy&z=z"),
        ("https://a/path?", [("y", "y")], "https://a/path?y=y"),
        ("https://a/path?x", [("y", "y")], "https://a/path?x=&y=y"),
        ("https://a/path?x&", [("y", "y")], "https://a/path?x=&y=y"),
        ("https://a/path?a=1&b=2", [("y", "y")], "https://a/path?a=1&b=2&y=y"),
        ("https://a/path?r=1&t=2", [], "https://a/path?r=1&t=2"),
        ("https://a/path?r=1&t=2", None, "https://a/path?r=1&t=2"),
        ("https://a/path#tab", [("y", "y")], "https://a/path?y=y#tab"),
        ("https://a/path", [("y", "1"), ("y", "2")], "https://a/path?y=1&y=2"),
        ("https://a/path?r=1&r=2", (("y", "y"),), "https://a/path?r=1&r=2&y=y"),
        ("https://a/path?r=1", {"y": "ü ä"}, "https://a/path?r=1&y=%C3%BC+%C3%A4"),
        ("https://a/path;v=1?r=1", {"y": "y"}, "https://a/path;v=1?r=1&y=y"),
        ("/path", {"y": "y"}, "/path?y=y"),
        ("/path?r=%E9", {"y": "y"}, "/path?r=%E9&y=y"),
        ("", {"y": "y"}, "?y=y"),
    ],
)
def test_url_concat(url: str, args: Any, result: str) -> None:  # noqa: ANN401 -- several types
    """Old arguments stay, in front, and what was no UTF-8 in them; so do parameters and fragment."""
    assert url_concat(url, args) == result


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.text())), st.data())
def test_url_concat_loses_nothing(pairs: list[tuple[str, str]], data: st.DataObject) -> None:
    """Any arguments are read back in their order, whether they were added at once or one by one."""
    pairs = [(name, value.encode("utf-8", "ignore").decode()) for name, value in pairs]
    split = data.draw(st.integers(0, len(pairs)))
    url = url_concat(url_concat("/path#f", pairs[:split]), pairs[split:])
    parts = urlsplit(url)
    assert (parts.path, parts.fragment) == ("/path", "f")
    assert parse_qsl(parts.query, keep_blank_values=True) == pairs


@pytest.mark.parametrize("args", ["a=b", 5, {("a", "b")}])
def test_url_concat_of_something_else(args: object) -> None:
    """A text in place of the arguments is a mistake that is named."""
    with pytest.raises(TypeError, match=r"are a dict or a list of pairs, not (str|int|set)"):
        url_concat("/path", args)  # type: ignore[arg-type]


def test_qs_to_qsl() -> None:
    """Each name comes with each of its values, in order."""
    assert list(qs_to_qsl({"a": [b"1", b""], "b": [b"2"]})) == [
        ("a", b"1"),
        ("a", b""),
        ("b", b"2"),
    ]


@pytest.mark.parametrize(
    ("netloc", "parts"),
    [
        ("example.com:80", ("example.com", 80)),
        ("example.com", ("example.com", None)),
        ("example.com:", ("example.com:", None)),
        ("example.com:http", ("example.com:http", None)),
        ("example.com:٣", ("example.com:٣", None)),
        (":80", (":80", None)),
        ("", ("", None)),
        ("[::1]:8888", ("[::1]", 8888)),
        ("[::1]", ("[::1]", None)),
        ("::1", ("::1", None)),
        ("user:pass@host", ("user:pass@host", None)),
    ],
)
def test_split_host_and_port(netloc: str, parts: tuple[str, int | None]) -> None:
    """A port is digits behind the last colon that is not one of the address."""
    assert split_host_and_port(netloc) == parts


def test_encode_username_password() -> None:
    """Text is normalized and encoded, bytes are taken as they are; the password may have colons."""
    assert encode_username_password("e\u0301", "a:b") == "é:a:b".encode()
    assert encode_username_password(b"\xff", b"\xe9") == b"\xff:\xe9"


@pytest.mark.parametrize("name", ["a:b", b"a:b"])
def test_a_name_with_a_colon(name: str | bytes) -> None:
    """It would be read as a shorter name with a longer password."""
    with pytest.raises(ValueError, match="a user name with a colon cannot be sent"):
        encode_username_password(name, "x")


def test_responses() -> None:
    """Reason phrases by status."""
    assert responses[404] == "Not Found"


def test_the_examples_run() -> None:
    """`doctests()` is a suite of the documented examples, and they are right."""
    suite = httputil.doctests()
    assert suite.countTestCases() == 7
    assert suite.run(unittest.TestResult()).wasSuccessful()


def test_errors_are_the_ones_of_the_package() -> None:
    """Both families of mistakes are found where Tornado has them."""
    assert issubclass(httputil.HTTPInputError, Exception)
    assert issubclass(httputil.HTTPOutputError, Exception)
    assert httputil.HTTP_WHITESPACE == " \t"
