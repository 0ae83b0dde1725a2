"""Any text is a template or a ParseError with a line, in linear time; and pages are as expected."""

import html
import itertools
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclone_template import DictLoader, ParseError, Template, TemplateNotFoundError
from cyclone_template.lexer import tokenize

FRAGMENTS = [
    *("{{", "}}", "{%", "%}", "{#", "#}", "{", "}", "%", "#", "!", "{{!", "{{{", "}}}", " ", "\n"),
    *("\r", "\r\n", "\t", "\x0c", "\x00", "\ud800", "é", "\u2028", "\U0001f600", "'", '"', "'''"),
    *(
        '"""',
        "\\",
        "<pre>",
        "a",
        "if",
        "else",
        "elif",
        "end",
        "for",
        "in",
        "while",
        "try",
        "except",
    ),
    *("finally", "set", "=", "==", ":", ":=", ";", ",", ".", "(", ")", "[", "]", "lambda", "yield"),
    *(
        "await",
        "async",
        "import",
        "from",
        "*",
        "**",
        "apply",
        "block",
        "super",
        "break",
        "continue",
    ),
    *(
        "autoescape",
        "None",
        "whitespace",
        "single",
        "raw",
        "module",
        "comment",
        "extends",
        "include",
    ),
    *("f'", "f'{", "r'", "b'", "1", "0x", "1e", "_tt_value", "__debug__", "return", "del", "not"),
    *("{% if a %}", "{% for a in b %}", "{% while a %}", "{% try %}", "{% except %}", "{% else %}"),
    *("{% finally %}", "{% end %}", "{% block a %}", "{% super %}", "{% apply a %}", "{% break %}"),
    *("{% set a = 1 %}", "{% autoescape a %}", "{% autoescape None %}", "{{ a }}", "{{ '}}' }}"),
    *("{% raw a %}", "{% extends a %}", "{% include a %}", "{% whitespace oneline %}", "{# a #}"),
    *("{% import a %}", "{% from a import b %}", "{% module a() %}", "{% except a as b %}"),
    *("{{ await a }}", "{{ (yield) }}", "{{ (a := 1) }}", "{{ f'{a!r:>{a}}' }}", "{{ *a, }}"),
]


def compiles(text: str, name: str = "t.html") -> bool:
    """Compile a template; any error but a ParseError with a line of the text fails the test."""
    loader = DictLoader({"a": "{% block a %}{{ a }}{% end %}", "b": "{{ b }}"})
    try:
        Template(text, name=name, loader=loader)
    except TemplateNotFoundError:
        return True  # a good template that includes what is not there
    except ParseError as caught:
        error = caught
    else:
        return True
    lines = text.count("\n") + 1
    assert error.filename in {name, "a", "b"}
    assert 1 <= error.lineno <= (lines if error.filename == name else 1)
    assert error.message
    return False


@settings(max_examples=300)
@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    """Whatever the characters are, reading them ends well or with a line."""
    compiles(text)


@settings(max_examples=2000)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14))
def test_any_fragments(fragments: list[str]) -> None:
    """The same for pieces of templates and of Python, without and with blanks between them."""
    compiles("".join(fragments))
    compiles(" ".join(fragments))


@settings(max_examples=1000)
@given(
    st.sampled_from(
        [
            *("{{ %s }}", "{%% %s %%}", "{%% set %s %%}", "{%% raw %s %%}", "{%% module %s %%}"),
            *("{%% if %s %%}{%% end %%}", "{%% while %s %%}{%% end %%}", "{%% autoescape %s %%}"),
            *("{%% for %s %%}{%% end %%}", "{%% apply %s %%}{%% end %%}"),
            "{%% try %%}{%% except %s %%}{%% end %%}",
        ]
    ),
    st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=8),
    st.sampled_from(["", " "]),
)
def test_any_python(tag: str, fragments: list[str], between: str) -> None:
    """The same for pieces of Python in every kind of tag."""
    compiles("a\n" + tag % between.join(fragments) + "\nb")


@settings(max_examples=300)
@given(st.text(max_size=40), st.text(max_size=10))
def test_text_without_tags(text: str, value: str) -> None:
    """Text comes out as it went in, and values are escaped as the standard library does."""
    text = text.replace("{", "(").encode("utf-8", "replace").decode()
    value = value.encode("utf-8", "replace").decode()
    page = Template(text + "{{ x }}" + text, whitespace="all").generate(x=value)
    assert page == (text + html.escape(value) + text).encode()


@st.composite
def pages(draw: st.DrawFn, depth: int = 0) -> tuple[str, str]:
    """Make a template out of what is known to work, and the page that it should be."""
    text, page = "", ""
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.integers(0, 10 if depth < 3 else 3))
        inner, written = ("", "") if kind < 4 else draw(pages(depth + 1))
        words = draw(st.sampled_from(["a", " b\n", "<c>", "}}", "é", "'", "{ ", "%}", "#}"]))
        piece, result = {
            0: (words, words),
            1: (f"{{{{ {words!r} }}}}", html.escape(words)),
            2: (f"{{% raw {words!r} %}}", words),
            3: ("{# c #}{% comment it's %}{{!", "{{"),
            4: (f"{{% if 1 %}}{inner}{{% else %}}no{{% end %}}", written),
            5: (f"{{% if 0 %}}no{{% elif 0 %}}no{{% else %}}{inner}{{% end %}}", written),
            6: (f"{{% for i in [1, 2] %}}{inner}{{% end %}}", written * 2),
            7: (f"{{% block b{draw(st.uuids())} %}}{inner}{{% end %}}", written),
            8: (f"{{% apply bytes.lower %}}{inner}{{% end %}}", written),
            9: (
                f"{{% try %}}{inner}{{{{ 1 / 0 }}}}no{{% except %}}{inner}{{% end %}}",
                written * 2,
            ),
            10: (f"{{% while 1 %}}{inner}{{% break %}}no{{% end %}}", written),
        }[kind]
        text, page = text + piece, page + result
    return text, page


@settings(max_examples=500)
@given(pages(), st.sampled_from(["whole", "block", "include", "super"]))
def test_pages_are_as_expected(pair: tuple[str, str], way: str) -> None:
    """A template made of directives gives the same page whole, inherited and included."""
    text, page = pair
    files = {
        "whole": text,
        "base": "[{% block x %}no{% end %}]",
        "block": "{% extends base %}{% block x %}" + text + "{% end %}",
        "include": "[{% include whole %}]",
        "middle": "{% extends base %}{% block x %}" + text + "{% end %}",
        "super": "{% extends middle %}{% block x %}{% super %}{% end %}",
    }
    if way != "whole":
        page = f"[{page}]"
    assert DictLoader(files, whitespace="all").load(way).generate() == page.encode()


DEEP = 100_000


@pytest.mark.parametrize(
    "text",
    [
        "{{ " + "+".join(["1"] * DEEP) + " }}",
        "{{ " + "(" * DEEP + ")" * DEEP + " }}",
        "{{ " + "[" * DEEP + "]" * DEEP + " }}",
        "{{ " + "{1:" * DEEP + "1" + "}" * DEEP + " }}",
        "{{ " + "[" * DEEP + " }}",
        "{{ " + "-" * DEEP + "1 }}",
        "{{ " + "not " * DEEP + "1 }}",
        "{{ x" + ".y" * DEEP + " }}",
        "{{ x" + "()" * DEEP + " }}",
        "{{ x" + "[0]" * DEEP + " }}",
        "{{ " + "lambda:" * DEEP + "1 }}",
        "{{ " + "1 if x else " * DEEP + "1 }}",
        "{{ " + "await " * DEEP + "x }}",
        "{{ " + "f'{" * 1000 + " }}",
        "{% if " + "not " * DEEP + "x %}{% end %}",
        "{% for " + "(" * DEEP + " in x %}{% end %}",
        "{% if 1 %}" * DEEP,
        "{% if 1 %}" * DEEP + "{% end %}" * DEEP,
        "{% for x in y %}" * DEEP,
        "{% block x %}" * DEEP,
        "{% apply f %}" * DEEP,
        "{% try %}" * DEEP,
    ],
    ids=itertools.count(),
)
def test_deep_nesting(text: str) -> None:
    """What is nested far too deep is an error and no crash of Python."""
    assert not compiles(text)


@pytest.mark.parametrize("count", [500, 900, 1500, 2500, 5000])
@pytest.mark.parametrize(
    ("before", "unit", "after"),
    [
        ("{{ ", "-", "1 }}"),
        ("{{ ", "not ", "1 }}"),
        ("{{ ", "1+", "1 }}"),
        ("{{ x", ".y", " }}"),
        ("{% if ", "not ", "x %}{% end %}"),
        ("{% if ", "x or ", "x %}{% end %}"),
        ("{% set ", "x = ", "1 %}"),
        ("{% if 1 %}", "{% elif x %}", "{% end %}"),
        ("", "{% set x = (yield_ and not x) %}", ""),
    ],
)
def test_nesting_near_python_s_limits(before: str, unit: str, after: str, count: int) -> None:
    """Wherever Python's own limits are, they end in a page or a ParseError."""
    compiles(before + unit * count + after)


SIZE = 25_000
FACTOR = 4
RATIO = 10.0
QUICK = 0.03  # seconds


def seconds(function: Callable[[str], object], text: str) -> float:
    """Measure the best of two calls; what else the machine does in that time does not count."""
    best = float("inf")
    for _ in range(2):
        start = time.thread_time()
        function(text)
        best = min(best, time.thread_time() - start)
    return best


def check(
    function: Callable[[str], object],
    unit: str,
    before: str = "",
    after: str = "",
    size: int = SIZE,
) -> None:
    """Compare the time for a repeated unit with the time for four times as many."""
    count = size // len(unit)
    # One more chance: what others leave of a cache may differ for longer than two calls.
    for _ in range(3):
        large = seconds(function, before + unit * (count * FACTOR) + after)
        if large < QUICK:
            return
        small = seconds(function, before + unit * count + after)
        if large < small * RATIO:
            return
    pytest.fail(f"{size} characters took {small:.3f} s, {FACTOR} times as many {large:.3f} s")


def read(text: str) -> None:
    """Read all tokens."""
    with suppress(ParseError):
        list(tokenize(text, "t"))


def build(text: str) -> None:
    """Compile a template; mistakes are fine."""
    with suppress(ParseError):
        Template(text, name="t.html")


@pytest.mark.parametrize("before", ["", "{{ ", "{% set x = ", "{# ", "{{ '''", '{{ "', "{% don't"])
@pytest.mark.parametrize(
    "unit",
    [
        *("{", "}", "{{", "{%", "{#", "}}", "%}", "#}", "{{!", "{{{", "'", '"', "'''", '"""', "\\"),
        *("\\'''a'", '\\"""a"', "'''\\", "{{ a }}", "{{ '", "{{ #", "{{ {", "{% '", "{{ '}}", "#"),
        *("'#", "{{ a #}}", "{{ 'é\n' }}", "{%\n", "é", "\n", "\\\n", "{{ '\\", "a", " ", "''"),
    ],
)
def test_the_lexer_is_linear(unit: str, before: str) -> None:
    """Each character is looked at a bounded number of times, whatever is not closed."""
    check(read, unit, before)
    check(read, unit, before, "}}")


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "a",
            "é ",
            " \n",
            " ",
            "\n",
            "\xa0",
            "{ ",
            "{{!",
            "<pre> ",
            "{# #}",
            "{{ 1 }}",
            "é{{ é }}\n",
        ),
        *("{% if a %}b{% end %}", "{% block a %}b{% end %}", "{% set a = 1 %}", "{% raw a %} \n"),
        *(
            "{% for a in b %}c{% end %}",
            "{% apply a %}b{% end %}",
            "{% try %}{% finally %}{% end %}",
        ),
    ],
)
def test_compiling_is_linear(unit: str) -> None:
    """So is everything after the lexer: long texts, long lines, many tags."""
    check(build, unit, size=5000)


@pytest.mark.parametrize("unit", ["1,", "é,", "a,\n", "'a' ", "(1),", "1 if a else 2,", "f(a),"])
def test_long_expressions_are_linear(unit: str) -> None:
    """One expression may be long, on one line and on many."""
    check(build, unit, "{{ [", "] }}")
