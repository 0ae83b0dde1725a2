"""What is escaped, and by which function."""

import functools

import pytest

from cyclone_template import DictLoader, Template


def tag(text: bytes) -> bytes:
    """Mark what was escaped; an application's own function gets bytes."""
    assert type(text) is bytes
    return b"[" + text + b"]"


class Markup(str):
    """A str that is markup, as MarkupSafe's."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


class Widget:
    """An object with markup."""

    def __html__(self) -> str:
        return "<widget>"

    def __str__(self) -> str:
        return "text <"


def test_default() -> None:
    """Expressions are escaped; text, raw expressions and applied text are not."""
    text = "<'>{{ x }}{% raw x %}{% apply f %}{{ x }}<{% end %}"
    assert Template(text).generate(x="<", f=bytes.upper) == b"<'>&lt;<&LT;<"


def test_none() -> None:
    """None turns escaping off, from wherever it comes."""
    assert Template("{% autoescape None %}{{ x }}").generate(x="<") == b"<"
    assert Template("{{ x }}", autoescape=None).generate(x="<") == b"<"
    assert DictLoader({"a": "{{ x }}"}, autoescape=None).load("a").generate(x="<") == b"<"


def test_what_comes_before_what() -> None:
    """The directive comes before the parameter, that before the loader's."""
    loader = DictLoader({}, autoescape=None)
    assert Template("{{ x }}", loader=loader).generate(x="<") == b"<"
    assert Template("{{ x }}", loader=loader, autoescape="xhtml_escape").generate(x="<") == b"&lt;"
    text = "{% autoescape xhtml_escape %}{{ x }}"
    assert Template(text, loader=loader, autoescape=None).generate(x="<") == b"&lt;"
    assert Template(text).autoescape == "xhtml_escape"
    assert Template("{% autoescape None %}").autoescape is None
    assert Template("{% autoescape f.g %}").autoescape == "f.g"


def test_it_holds_for_the_whole_file() -> None:
    """As in Tornado, the last directive counts, above it too."""
    text = "{{ x }}{% autoescape tag %}{{ x }}{% if 1 %}{% autoescape None %}{% end %}{{ x }}"
    assert Template(text).generate(x="<", tag=tag) == b"<<<"


@pytest.mark.parametrize(
    ("function", "page"),
    [
        ("tag", "[<>]"),
        ("lambda text: b'(' + text + b')'", "(<>)"),
        ("lambda text: text.decode() * 2", "<><>"),
        ("functions.tag", "[<>]"),
        ("functions['tag']", "[<>]"),
        ("xhtml_escape", "&lt;&gt;"),
        ("escape", "&lt;&gt;"),
        ("url_escape", "%3C%3E"),
        ("json_encode", '"<>"'),
        ("squeeze", "<>"),
        ("linkify", "&lt;&gt;"),
        ("partial", "&lt;&gt;"),
        ("unhashable", "[<>]"),
    ],
)
def test_functions(function: str, page: str) -> None:
    """A function is an expression. Those of cyclone-escape get text, all others bytes."""

    class Functions(dict[str, object]):
        tag = staticmethod(tag)

    class Unhashable:
        __hash__ = None  # type: ignore[assignment]

        def __call__(self, text: bytes) -> bytes:
            return tag(text)

    from cyclone_escape import xhtml_escape

    variables = {
        "tag": tag,
        "functions": Functions(tag=tag),
        "partial": functools.partial(xhtml_escape),
        "unhashable": Unhashable(),
    }
    text = f"{{% autoescape {function} %}}{{{{ x }}}}"
    assert Template(text).generate(x="<>", **variables) == page.encode()


@pytest.mark.parametrize(
    ("value", "page"),
    [
        ("é", "[é]"),
        (b"\xc3\xa9", "[é]"),
        (1, "[1]"),
        (True, "[True]"),
        (None, "[None]"),
        (1.5, "[1.5]"),
        (["a"], "[['a']]"),
        (Widget(), "[text <]"),
        (Markup("<"), "[<]"),
    ],
)
def test_values_for_own_functions(value: object, page: str) -> None:
    """An application's own function gets the bytes of whatever is written, numbers too."""
    text = "{% autoescape tag %}{{ x }}"
    assert Template(text).generate(x=value, tag=tag) == page.encode()


def test_objects_with_markup() -> None:
    """For xhtml_escape, what has __html__ is markup; for other functions and raw it is text."""
    text = "{{ x }}|{% raw x %}"
    assert Template(text).generate(x=Widget()) == b"<widget>|text <"
    assert Template(text).generate(x=Markup("<b>")) == b"<b>|<b>"
    text = "{% autoescape escape %}{{ x }}"
    assert Template(text).generate(x=Widget()) == b"<widget>"


@pytest.mark.parametrize("result", [None, 1, ["a"]])
def test_functions_that_give_no_text(result: object) -> None:
    """A function that gives neither str nor bytes is an error that names it."""

    def broken(_: bytes) -> object:
        return result

    kind = type(result).__name__
    with pytest.raises(TypeError, match=rf"broken\(\) returned {kind}"):
        Template("{% autoescape broken %}{{ 1 }}").generate(broken=broken)


def test_each_file_has_its_own() -> None:
    """A block is escaped as the file says in which it stands, an include as the included one."""
    loader = DictLoader(
        {
            "plain": "{% autoescape None %}{{ x }}{% block b %}{{ x }}{% end %}{% include tag %}{{ x }}",
            "tag": "{% autoescape tag %}{{ x }}",
            "default": "{% extends plain %}{% block b %}{{ x }}{% super %}{% include tag %}{% end %}",
        },
        namespace={"tag": tag},
    )
    assert loader.load("default").generate(x="<") == b"<&lt;<[<][<]<"


@pytest.mark.parametrize(
    "text",
    [
        "{% autoescape f %}{% from base64 import b64encode as f %}{{ x }}",
        "{% from base64 import b64encode as f %}{% autoescape f %}{{ x }}",
        "{% autoescape m.b64encode %}{% import base64 as m %}{{ x }}",
        "{% autoescape f %}{% import base64 %}{% set f = base64.b64encode %}{{ x }}",
        "{% autoescape f %}{% import base64 %}{% for f in [base64.b64encode] %}{{ x }}{% end %}",
        "{% autoescape f %}{% import base64 %}{{ str((f := base64.b64encode))[:0] }}{{ x }}",
        "{% autoescape f %}{% from base64 import b64encode as f %}{% apply bytes.strip %}{{ x }}{% end %}",
        "{% autoescape f %}{% apply bytes.strip %}{% from base64 import b64encode as f %}{{ x }}{% end %}",
        "{% autoescape f %}{% from base64 import b64encode as f %}{% for _ in [1] %}{{ x }}{% end %}",
    ],
)
def test_functions_that_the_template_binds(text: str) -> None:
    """The function may be imported or set by the template itself."""
    assert Template(text).generate(x="<") == b"PA=="


def test_functions_that_another_file_binds() -> None:
    """What the page imports is the function of the files that it includes, too."""
    loader = DictLoader(
        {
            "page": "{% from base64 import b64encode as f %}{% include part %}{{ x }}{% include part %}",
            "part": "{% autoescape f %}{{ x }}",
        }
    )
    assert loader.load("page").generate(x="<") == b"PA==&lt;PA=="


def test_a_function_that_changes() -> None:
    """The function is the one that the name has where something is written."""
    text = "{% autoescape f %}{{ x }}{% set f = g %}{{ x }}"
    assert Template(text).generate(x="a", f=tag, g=bytes.upper) == b"[a]A"


def test_two_functions() -> None:
    """Several functions in one page do not mix."""
    loader = DictLoader(
        {"a": "{% autoescape f %}{{ x }}{% include b %}{{ x }}", "b": "{% autoescape g %}{{ x }}"}
    )
    assert loader.load("a").generate(x="a", f=tag, g=bytes.upper) == b"[a]A[a]"
