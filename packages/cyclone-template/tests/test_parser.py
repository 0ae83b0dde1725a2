"""What a template may hold, and what is said about everything else."""

import re

import pytest

from cyclone_template import DictLoader, ParseError, Template
from cyclone_template.parser import MAX_NESTING


def refuse(text: str) -> tuple[str, int]:
    """Return message and line of the error that a template is."""
    with pytest.raises(ParseError) as caught:
        Template(text, name="t.html")
    error = caught.value
    assert error.filename == "t.html"
    assert str(error) == f"{error.message} at t.html:{error.lineno}"
    return error.message, error.lineno


# Every error that is about directives; the line is that of the tag.
MISTAKES = [
    ("{{ }}", "Empty expression {{ }}"),
    ("{{\n\n}}", "Empty expression {{ }}"),
    ("{% %}", "Empty {% %}"),
    ("{% 'a' %}", "{% 'a' %} is no directive"),
    ("{% . %}", "{% . %} is no directive"),
    ("{% foo %}", "Unknown directive 'foo': see the list of directives in the documentation"),
    ("{% iff x %}{% end %}", "Unknown directive 'iff': see the list"),
    ("{% If x %}{% end %}", "Unknown directive 'If': see the list"),
    ("{% elseif x %}", "Unknown directive 'elseif': write {% elif %}"),
    *(
        (f"{{% {name} %}}", f"Unknown directive {name!r}: every block ends with {{% end %}}")
        for name in ("endapply", "endblock", "endfor", "endif", "endtry", "endwhile")
    ),
    # What is missing behind the word.
    ("{% if %}{% end %}", "{% if %} lacks a condition"),
    ("{% if 1 %}{% elif %}{% end %}", "{% elif %} lacks a condition"),
    ("{% while %}{% end %}", "{% while %} lacks a condition"),
    ("{% for %}{% end %}", "{% for %} lacks its loop"),
    ("{% apply %}{% end %}", "{% apply %} lacks a function"),
    ("{% block %}{% end %}", "{% block %} lacks a name"),
    ("{% extends %}", "{% extends %} lacks the name of a template"),
    ("{% extends '' %}", "{% extends '' %} lacks the name of a template"),
    ("{% include %}", "{% include %} lacks the name of a template"),
    ('{% include "" %}', '{% include "" %} lacks the name of a template'),
    ("{% set %}", "{% set %} lacks an assignment"),
    ("{% raw %}", "{% raw %} lacks an expression"),
    ("{% module %}", "{% module %} lacks a call of a UI module"),
    ("{% autoescape %}", "{% autoescape %} lacks a function or None"),
    ("{% whitespace %}", "{% whitespace %} lacks a mode"),
    ("{% import %}", "{% import %} lacks the name of a module"),
    ("{% from %}", "{% from %} lacks the name of a module"),
    ("{% from . import a %}", "a template is in no package: import by the whole name, in {% from"),
    ("{% set from ..a import b %}", "a template is in no package"),
    # What is too much there.
    ("{% if 1 %}{% else 2 %}{% end %}", "{% else %} takes nothing behind it"),
    ("{% if 1 %}{% else: %}{% end %}", "{% else %} takes nothing behind it"),
    (
        "{% if 1 %}{% else if 2 %}{% end %}",
        "{% else %} takes nothing behind it: write {% elif %}",
    ),
    ("{% try x %}{% finally %}{% end %}", "{% try %} takes nothing behind it"),
    ("{% try %}{% finally x %}{% end %}", "{% finally %} takes nothing behind it"),
    ("{% for x in y %}{% break 2 %}{% end %}", "{% break %} takes nothing behind it"),
    ("{% for x in y %}{% continue x %}{% end %}", "{% continue %} takes nothing behind it"),
    ("{% block a %}{% super a %}{% end %}", "{% super %} takes nothing behind it"),
    # Clauses.
    ("{% else %}", "{% else %} belongs to {% if %} or {% for %} or {% while %} or {% try %}"),
    ("{% elif 1 %}", "{% elif %} belongs to {% if %}, here is no block"),
    ("{% except %}", "{% except %} belongs to {% try %}, here is no block"),
    ("{% finally %}", "{% finally %} belongs to {% try %}, here is no block"),
    ("{% for x in y %}{% elif 1 %}{% end %}", "{% elif %} belongs to {% if %}, here is {% for %}"),
    ("{% block b %}{% else %}{% end %}", "{% else %} belongs to {% if %} or"),
    ("{% apply f %}{% else %}{% end %}", "{% else %} belongs to {% if %} or"),
    ("{% if 1 %}{% except %}{% end %}", "{% except %} belongs to {% try %}, here is {% if %}"),
    ("{% while 1 %}{% finally %}{% end %}", "{% finally %} belongs to {% try %}, here is"),
    ("{% if 1 %}{% else %}{% elif 1 %}{% end %}", "{% elif %} may not come after {% else %}"),
    ("{% if 1 %}{% else %}{% else %}{% end %}", "{% else %} may not come after {% else %}"),
    ("{% try %}{% else %}{% except %}{% end %}", "{% except %} may not come after {% else %}"),
    ("{% try %}{% finally %}{% else %}{% end %}", "{% else %} may not come after {% finally %}"),
    ("{% try %}{% finally %}{% except %}{% end %}", "{% except %} may not come after {% fin"),
    ("{% try %}{% finally %}{% finally %}{% end %}", "{% finally %} may not come after"),
    ("{% try %}{% end %}", "{% try %} needs an {% except %} or a {% finally %}"),
    ("{% try %}{% else %}{% end %}", "{% try %} needs an {% except %}"),
    ("{% try %}{% else %}{% finally %}{% end %}", "{% try %} needs an {% except %}"),
    # Where it may not stand.
    ("{% end %}", "Extra {% end %}: no block is open"),
    ("{% if 1 %}{% end %}{% end %}", "Extra {% end %}"),
    ("{% break %}", "{% break %} stands in no loop"),
    ("{% if 1 %}{% continue %}{% end %}", "{% continue %} stands in no loop"),
    ("{% for x in y %}{% end %}{% break %}", "{% break %} stands in no loop"),
    ("{% for x in y %}{% else %}{% break %}{% end %}", "{% break %} stands in no loop"),
    ("{% while x %}{% else %}{% break %}{% end %}", "{% break %} stands in no loop"),
    ("{% for x in y %}{% apply f %}{% break %}{% end %}{% end %}", "{% break %} stands in no loop"),
    ("{% super %}", "{% super %} stands in no {% block %}"),
    ("{% block a %}{% end %}{% super %}", "{% super %} stands in no {% block %}"),
    ("{% if 1 %}{% extends a %}{% end %}", "{% extends %} may not stand in a block"),
    ("{% extends a %}{% extends b %}", "A template extends one other, not two"),
    ("{% extends a %}", "Only a template that comes from a loader may use 'a'"),
    ("{% include 'a' %}", "Only a template that comes from a loader may use 'a'"),
    ("{% block a %}{% super %}{% end %}", "{% super %} in a block that no parent template defines"),
    # No end.
    ("{% if 1 %}", "Missing {% end %} of {% if %}"),
    ("{% for x in y %}{% if 1 %}{% end %}", "Missing {% end %} of {% for %}"),
    ("{% block a %}", "Missing {% end %} of {% block %}"),
    ("{% apply f %}", "Missing {% end %} of {% apply %}"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_mistakes(text: str, message: str) -> None:
    """Each mistake is told with the line of its tag."""
    found, line = refuse(f"a\n\n{text}\nb\n")
    assert found.startswith(message)
    assert line == 3


def test_a_missing_end_names_the_last_clause() -> None:
    """The line is that of the block or clause that is open at the end of the file."""
    assert refuse("{% if 1 %}\n{% else %}\n\n") == ("Missing {% end %} of {% else %}", 2)
    assert refuse("{% if 1 %}\n{% for x in y %}\n\n") == ("Missing {% end %} of {% for %}", 2)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{{\n1 +\n\n}}", 2),
        ("\n{{ f(\n1,\n2 3) }}", 4),
        ("{% if a\n\nand and b %}{% end %}", 3),
        ("{% set x = (1,\n\n2 3) %}", 3),
        ("{%\nset x = = 1 %}", 2),
        ("{% for x in\ny y %}{% end %}", 1),
        ("{% try %}\n{% except f(1 2) %}{% end %}", 2),
        ("\r\n\r\n{{ a b }}", 3),
        ("{# \n\n #}{% raw\na b %}", 4),
    ],
)
def test_syntax_errors_have_python_s_line(text: str, line: int) -> None:
    """In a tag of several lines, the error is on the line that Python names."""
    assert refuse(text)[1] == line


def test_lines_of_errors_stay_in_their_tag() -> None:
    """An f-string with an error, whose lines Python may count from 1, is still in its tag."""
    before = "\n" * 5
    assert refuse(before + "{% try %}{% except f'{1 2}' %}{% end %}")[1] == 6
    assert refuse(before + "{{ f'{1 2}' }}")[1] == 6


def test_the_tag_is_shown() -> None:
    """A syntax error quotes its tag; a long one is shortened."""
    assert refuse("{{ a b }}")[0].endswith(", in {{ a b }}")
    assert refuse("{% if a b %}{% end %}")[0].endswith(", in {% if a b %}")
    long = refuse("{{ " + "a" * 1000 + " b }}")[0]
    assert long.endswith(", in {{ " + "a" * 56 + " ... }}")


@pytest.mark.parametrize(
    "text",
    [
        "{{ a b }}",
        "{{ 1 + }}",
        "{{ a = 1 }}",
        "{{ a; b }}",
        "{{ import os }}",
        "{{ return }}",
        "{{ 1) + (1 }}",
        "{{ 1)\n+ (1 }}",
        "{{ *a }}",
        "{{ a := 1 }}",
        "{{ f(**a, *b) }}",
        "{{ if }}",
        "{{ \x00 }}",
        "{{ '\x00' }}",
        "{{ x # \x00\n }}",
        "{{ 0777 }}",
        "{{ 1" + "0" * 5000 + " }}",
        "{{ a\\ b }}",
        "{% if a: %}{% end %}",
        "{% if a: b %}{% end %}",
        "{% if a = 1 %}{% end %}",
        "{% if 1) or (1 %}{% end %}",
        "{% if 1: pass\nif 2 %}{% end %}",
        "{% while 1: pass\nwhile 2 %}{% end %}",
        "{% for x in y: pass %}{% end %}",
        "{% for x %}{% end %}",
        "{% for x in y:pass\nfor z in u %}{% end %}",
        "{% for x in y:\n pass;\nfor z in u %}{% end %}",
        "{% for 1 in y %}{% end %}",
        "{% for f() in y %}{% end %}",
        "{% try %}{% except: pass %}{% end %}",
        "{% try %}{% except:pass\nexcept A %}{% end %}",
        "{% try %}{% except A:pass\nelse %}{% end %}",
        "{% try %}{% except *A %}{% end %}",
        "{% try %}{% except A as 1 %}{% end %}",
        "{% apply f() g() %}{% end %}",
        "{% apply f = 1 %}{% end %}",
        "{% module 1 %}",
        "{% module (a) %}",
        "{% raw a b %}",
        "{% autoescape a b %}",
        "{% import a b %}",
        "{% from a %}",
        "{% set 1 = 2 %}",
        "{% set None = 1 %}",
        "{% set f() = 1 %}",
        "{% set x = 1\n  y = 2 %}",
        "{% set yield = 1 %}",
    ],
)
def test_python_that_does_not_parse(text: str) -> None:
    """What Python refuses, or what is more than it should be, is a ParseError with the tag."""
    message, line = refuse(text)
    assert re.search(r", in \{[{%] .* [%}]\}$", message, re.DOTALL)
    assert 1 <= line <= text.count("\n") + 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ (lambda: await x)() }}", "'await' outside async function"),
        ("{% set __debug__ = 1 %}", "cannot assign to __debug__"),
        ("{% from a import * %}", "import * only allowed at module level"),
        ("{% from __future__ import annotations %}", "from __future__ imports must occur"),
        ("{{ [x := 1 for x in y] }}", "assignment expression cannot rebind comprehension"),
    ],
)
def test_python_that_does_not_compile(text: str, message: str) -> None:
    """What only Python's compiler refuses is a ParseError on its line, too."""
    found, line = refuse(f"\n\n{text}\n")
    assert found.startswith(message)
    assert line == 3


@pytest.mark.parametrize("kind", ["Return", "Global", "Nonlocal", "If", "For", "FunctionDef"])
def test_statements_that_may_not_stand_in_set(kind: str) -> None:
    """Only simple statements may stand between two pieces of text."""
    code = {
        "Return": "return",
        "Global": "global x",
        "Nonlocal": "nonlocal x",
        "If": "if x: y",
        "For": "for x in y: z",
        "FunctionDef": "def f(): pass",
    }[kind]
    message, line = refuse(f"\n{{% set {code} %}}")
    assert message == f"a statement of the kind {kind} may not stand here, in {{% set {code} %}}"
    assert line == 2


@pytest.mark.parametrize(
    "text",
    [
        "{% set yield %}",
        "{% set x = yield 1 %}",
        "{{ (yield) }}",
        "{{ (lambda: (yield))() }}",
        "{% set yield from x %}",
        "{% for x in (yield) %}{% end %}",
    ],
)
def test_yield_is_refused(text: str) -> None:
    """A template is no generator."""
    message, line = refuse(f"\n{text}")
    assert message.startswith("yield may not stand in a template, in ")
    assert line == 2


@pytest.mark.parametrize(
    "text",
    [
        "{{ _tt_value }}",
        "{% set _tt_buffer = [] %}",
        "{% for _tt_append in x %}{% end %}",
        "{% if _tt_x %}{% end %}",
        "{% import os as _tt_names %}",
        "{% try %}{% except A as _tt_e %}{% end %}",
        "{% apply _tt_apply %}{% end %}",
        "{% autoescape _tt_escape0 %}",
        "{{ (_tt_str := 1) }}",
        "{{ lambda: _tt_str }}",
        "{% set _tt_modules = 1 %}",
    ],
)
def test_names_of_the_engine_are_refused(text: str) -> None:
    """Names that begin with _tt_ are those of the compiled function."""
    message, line = refuse(f"\n{text}")
    assert re.match(r"the name _tt_\w+ is taken, as all that begin with _tt_, in ", message)
    assert line == 2


def test_nesting() -> None:
    """Blocks may stand in each other up to the limit, and one more is an error with its line."""
    text = "{% if 1 %}\n" * MAX_NESTING + "x" + "{% end %}" * MAX_NESTING
    assert Template(text).generate() == b"\n" * MAX_NESTING + b"x"
    message, line = refuse("{% if 1 %}\n" + text + "{% end %}")
    assert message == f"Blocks stand more than {MAX_NESTING} deep in each other"
    assert line == MAX_NESTING + 1
    # Blocks beside each other are not deep.
    assert Template("{% if 1 %}x{% end %}" * 500).generate() == b"x" * 500


@pytest.mark.parametrize(
    "block", ["for x in [1]", "while True", "try"], ids=["for", "while", "try"]
)
def test_python_s_own_limit_of_nesting(block: str) -> None:
    """Python allows twenty loops in each other; the error is on the line of the next one."""
    end = "{% finally %}{% end %}" if block == "try" else "{% break %}{% end %}"
    opening = f"{{% {block} %}}\n"
    assert Template(opening * 15 + "x" + end * 15).generate() == b"\n" * 15 + b"x"
    message, line = refuse("\n" + opening * 40 + end * 40)
    assert message == "too many statically nested blocks"
    assert 15 < line <= 41


def test_errors_name_the_file_that_is_wrong() -> None:
    """In a page of several files, the error is in the one where the mistake stands."""
    loader = DictLoader(
        {
            "base.html": "{% block a %}{% end %}",
            "part.html": "\n\n{% if %}",
            "await.html": "\n{% block a %}\n\n{{ (lambda: await x) }}{% end %}",
            "one.html": "{% extends base.html %}\n{% block a %}{% include part.html %}{% end %}",
            "two.html": "{% extends base.html %}\n{% include await.html %}",
        }
    )
    with pytest.raises(ParseError) as caught:
        loader.load("one.html")
    assert (caught.value.filename, caught.value.lineno) == ("part.html", 3)
    with pytest.raises(ParseError) as caught:
        loader.load("two.html")
    assert (caught.value.filename, caught.value.lineno) == ("await.html", 4)


def test_a_block_may_not_contain_itself() -> None:
    """Blocks that stand in each other by way of {% super %} are an error, not endless."""
    loader = DictLoader(
        {
            "base": "{% block a %}{% block b %}{% end %}{% end %}",
            "page": (
                "{% extends base %}\n{% block b %}{% block a %}{% end %}{% end %}\n"
                "{% block a %}{% super %}{% end %}"
            ),
        }
    )
    with pytest.raises(ParseError, match="The block 'a' contains itself") as caught:
        loader.load("page")
    assert (caught.value.filename, caught.value.lineno) == ("page", 3)


@pytest.mark.parametrize("text", ["{% if x: %}{% end %}", "{% for x in y: %}{% end %}"])
def test_a_colon_is_explained(text: str) -> None:
    """Who writes the colon of Python is told to leave it out."""
    with pytest.raises(ParseError, match="without a colon"):
        Template(text)
