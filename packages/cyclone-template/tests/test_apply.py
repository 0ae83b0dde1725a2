"""The output of a body, sent through a function."""

import pytest

from cyclone_template import DictLoader, Template


def upper(text: bytes) -> bytes:
    """An application's own function: it gets bytes."""
    assert type(text) is bytes
    return text.upper()


def test_functions_get_bytes() -> None:
    """An application's own function gets bytes and gives bytes or str."""
    assert (
        Template("a{% apply f %}b{{ x }}é{% end %}c").generate(f=upper, x="d") == "aBDéc".encode()
    )
    text = "{% apply lambda text: text.decode().title() %}one two é{% end %}"
    assert Template(text).generate() == "One Two É".encode()


@pytest.mark.parametrize(
    ("function", "page"),
    [
        ("linkify", b'&lt;  <a href="http://www.a.com">www.a.com</a>'),
        ("escape", b"&lt;  www.a.com"),
        ("xhtml_escape", b"&lt;  www.a.com"),
        ("squeeze", b"< www.a.com"),
        ("url_escape", b"%3C++www.a.com"),
        ("json_encode", b'"<  www.a.com"'),
    ],
)
def test_functions_of_cyclone_escape_get_text(function: str, page: bytes) -> None:
    """The functions that every template knows work on text."""
    assert Template(f"{{% apply {function} %}}<  www.a.com{{% end %}}").generate() == page


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("{% apply f %}{% end %}", b""),
        ("{% apply f %}{% apply g %}a{% end %}b{% end %}c", b"(A)Bc"),
        ("{% apply f %}a{% end %}{% apply f %}b{% end %}", b"AB"),
        ("{% for i in [1, 2] %}{% apply f %}a{{ i }}{% end %}{% end %}", b"A1A2"),
        (
            "{% apply f %}{% for i in 'ab' %}{% if i == 'b' %}{% break %}{% end %}{{ i }}{% end %}{% end %}",
            b"A",
        ),
        ("{% apply f %}{% if 1 %}a{% else %}b{% end %}{% end %}", b"A"),
        ("{% apply f %}{% set x = 'q' %}{{ x }}{% end %}", b"Q"),
        ("{% apply f %}{{ '<' }}{% end %}", b"&LT;"),
        ("{% apply f %}{% try %}a{{ 1 / 0 }}{% except %}b{% end %}{% end %}", b"AB"),
        ("{% apply f if 1 else g %}a{% end %}", b"A"),
        ("{% apply\nf %}a{% end %}", b"A"),
        ("{% apply (lambda t: t[:1]) %}abc{% end %}", b"a"),
        ("{% apply d['f'] %}abc{% end %}", b"ABC"),
    ],
)
def test_bodies(text: str, page: bytes) -> None:
    """A body may hold anything, other applies too, and the function is an expression."""

    def around(body: bytes) -> str:
        return f"({body.decode()})"

    assert Template(text).generate(f=upper, g=around, d={"f": upper}) == page


def test_bytes_that_are_no_text() -> None:
    """As in Tornado, bytes that are no UTF-8 go through: out of the function, and into it."""
    text = "{% apply f %}a{% apply g %}b{% end %}{% end %}"
    page = Template(text).generate(f=lambda body: b"[" + body + b"]", g=lambda _: b"\xff")
    assert page == b"[a\xff]"
    with pytest.raises(UnicodeDecodeError):
        Template("{% apply squeeze %}{% raw x %}{% end %}").generate(x=b"\xff")


@pytest.mark.parametrize("result", [None, 1, ["a"]])
def test_functions_that_give_no_text(result: object) -> None:
    """A function that gives neither str nor bytes is an error that names it."""

    def broken(_: bytes) -> object:
        return result

    with pytest.raises(TypeError, match=rf"broken\(\) returned {type(result).__name__}"):
        Template("{% apply broken %}{% end %}").generate(broken=broken)


def test_blocks_in_apply() -> None:
    """A block in an apply may be replaced, and a replaced block may be sent through apply."""
    loader = DictLoader(
        {
            "base": "{% apply f %}a{% block x %}b{% end %}{% end %}{% block y %}c{% end %}",
            "page": "{% extends base %}{% block x %}d{% super %}{% end %}"
            "{% block y %}{% apply f %}{% super %}{% end %}{% end %}",
            "part": "{% apply f %}{% include page %}{% end %}",
        }
    )
    assert loader.load("page").generate(f=upper) == b"ADBC"
    assert loader.load("part").generate(f=bytes.swapcase) == b"adbc"
