"""Where the names in a template come from."""

import math
import types

import pytest

from cyclone_template import DictLoader, Template


def render(text: str, /, **variables: object) -> str:
    """Render a template without escaping."""
    page = Template(text, autoescape=None).generate(**variables)
    assert isinstance(page, bytes)
    return page.decode()


def test_variables_come_from_generate() -> None:
    """Any name may be passed, also those of the method's own parameters and of Python's words."""
    assert (
        render("{{ x }}{{ self }}{{ names }}{{ kwargs }}", x=1, self=2, names=3, kwargs=4) == "1234"
    )


def test_the_default_namespace() -> None:
    """Every template knows the functions of cyclone-escape and the module datetime."""
    assert render("{{ escape('<') }}{{ xhtml_escape('>') }}") == "&lt;&gt;"
    assert render("{{ url_escape('a b') }}{{ squeeze('a  b') }}") == "a+ba b"
    assert render("{{ json_encode({'a': '</'}) }}") == '{"a": "<\\/"}'
    assert render("{{ linkify('www.a.com') }}") == '<a href="http://www.a.com">www.a.com</a>'
    assert render("{{ datetime.date(2020, 1, 2) }}") == "2020-01-02"


def test_what_comes_before_what() -> None:
    """generate() comes before the loader's namespace, that before the defaults and builtins."""
    loader = DictLoader({"a": "{{ escape }}{{ len }}{{ x }}"}, namespace={"escape": 1, "x": 1})
    assert loader.load("a").generate(len=2, x=3) == b"123"
    assert render("{{ len([1]) }}{{ print is print }}") == "1True"
    assert render("{{ len }}", len="own") == "own"


def test_the_namespace_is_the_loader_s() -> None:
    """A template sees what is added to its loader's namespace later; the caller's dict is not."""
    names = {"x": 1}
    loader = DictLoader({"a": "{{ x }}"}, namespace=names)
    template = loader.load("a")
    names["x"] = 2
    assert template.generate() == b"1"
    loader.namespace["x"] = 3
    assert template.generate() == b"3"


@pytest.mark.parametrize(
    "text",
    [
        "{{ missing }}",
        "{% if missing %}{% end %}",
        "{% for x in missing %}{% end %}",
        "{% set x = missing %}",
        "{% apply missing %}{% end %}",
        "{% autoescape missing %}{{ 'a' }}",
        "{{ [missing for x in [1]] }}",
        "{{ (lambda: missing)() }}",
        "{% apply bytes.upper %}{{ missing }}{% end %}",
    ],
)
def test_names_that_nobody_passed(text: str) -> None:
    """A missing variable is a NameError that names it, and names the way out."""
    with pytest.raises(NameError, match="'missing'") as caught:
        Template(text).generate()
    assert caught.value.name == "missing"


def test_names_that_are_not_needed() -> None:
    """A name in a branch that is not taken may be missing."""
    assert (
        render("{% if 0 %}{{ missing }}{% end %}a{% if 'x' in globals() %}{{ x }}{% end %}") == "a"
    )


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("{% set x = 1 %}{{ x }}", "1"),
        ("{% set x, y = 1, 2 %}{{ x }}{{ y }}", "12"),
        ("{% set x = y = 3 %}{{ x }}{{ y }}", "33"),
        ("{% set x, *y = p, 2, 3 %}{{ x }}{{ y }}", "passed[2, 3]"),
        ("{% set x = 1; y = 2 %}{{ x }}{{ y }}", "12"),
        ("{% set x = 1\ny = x + 1 %}{{ x }}{{ y }}", "12"),
        ("{% set x = (1,\n 2) %}{{ x }}", "(1, 2)"),
        ("{% set x = 1 # comment %}{{ x }}", "1"),
        ("{% set x: int = 1 %}{{ x }}", "1"),
        ("{% set d['k'] = 1 %}{{ d['k'] }}", "1"),
        ("{% set o.a = 1; o.a += 2 %}{{ o.a }}", "3"),
        ("{% set p += '!' %}{{ p }}", "passed!"),
        ("{% set p = p or 1 %}{{ p }}", "passed"),
        ("{% set p = p %}{{ p }}", "passed"),
        ("{{ p }}{% set p = 2 %}{{ p }}", "passed2"),
        ("{% set q.append(1) %}{{ q }}", "[1]"),
        ("{% set del d['z'] %}{{ d }}", "{}"),
        ("{% set x = 1 %}{% set del x %}{% if 'x' in locals() %}!{% end %}", ""),
        ("{% set pass %}a", "a"),
        ("{% set assert p %}a", "a"),
        ("{% set import math %}{{ math.pi > 3 }}", "True"),
        ("{% if (x := 5) > 3 %}{{ x }}{% end %}", "5"),
        ("{{ (x := 5) }}{{ x }}", "55"),
        ("{{ [y := i for i in q2] }}{{ y }}", "[1, 2]2"),
        ("{% set len = 3 %}{{ len }}", "3"),
        ("{% set escape = 3 %}{{ escape }}", "3"),
        ("{% for p in [1] %}{{ p }}{% end %}{{ p }}", "11"),
        (
            "{% try %}{{ 1 / 0 }}{% except Exception as p %}e{% end %}{{ 'p' in locals() }}",
            "eFalse",
        ),
        ("{% set x = lambda: y %}{% set y = 4 %}{{ x() }}", "4"),
        ("{% set x = [lambda: p] %}{% set p = 4 %}{{ x[0]() }}", "4"),
        ("{% set x = 1 %}{{ [x for x in q2] }}{{ x }}", "[1, 2]1"),
        ("{{ [p for p in q2] }}{{ p }}", "[1, 2]passed"),
        ("{{ [[p, i] for p in p for i in p][:1] }}", "[['p', 'p']]"),
        ("{{ [i for i in q2 if i in q2 for q2 in [q2]] }}", None),
        ("{{ {p: i for i, p in enumerate(q2)} }}{{ p }}", "{1: 0, 2: 1}passed"),
        ("{{ (lambda p, q=p: p + q)('a') }}{{ p }}", "apassedpassed"),
        ("{{ (lambda *p, **q2: (p, q2))(1, a=2) }}", "((1,), {'a': 2})"),
        ("{{ list(map(lambda i: i + len(q2), q2)) }}", "[3, 4]"),
    ],
)
def test_assignments(text: str, page: str | None) -> None:
    """Simple statements, and the scopes of comprehensions and lambdas, work as in a function."""
    variables = {
        "p": "passed",
        "q": [],
        "q2": [1, 2],
        "d": {"z": 1},
        "o": types.SimpleNamespace(),
    }
    if page is None:
        with pytest.raises(NameError):
            render(text, **variables)
    else:
        assert render(text, **variables) == page


@pytest.mark.parametrize(
    "text",
    [
        "{% set raise ValueError('own') %}",
        "{% set assert x, 'own' %}",
        "{% set x.y = 1 %}",
        "{% set del nothing %}",
        "{% set nothing += 1 %}",
        "{% if 0 %}{% set y = 1 %}{% end %}{{ y }}",
    ],
)
def test_statements_may_fail(text: str) -> None:
    """A statement raises what it raises in Python."""
    with pytest.raises((ValueError, AssertionError, AttributeError, NameError)):
        render(text, x=0)


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("{% import math %}{{ math.floor(2.5) }}", "2"),
        ("{% import os.path %}{{ os.path.basename('a/b') }}", "b"),
        ("{% import os.path as p, math as m %}{{ p.sep }}{{ m.floor(1.5) }}", "/1"),
        ("{% from math import floor, ceil as up %}{{ floor(1.5) }}{{ up(1.5) }}", "12"),
        ("{% from math import (\n floor,\n ceil) %}{{ floor(1.5) }}", "1"),
        ("{% import math; x = 1 %}{{ x }}", "1"),
        ("{% set math = 1 %}{{ math }}{% import math %}{{ math.floor(1.5) }}", "11"),
    ],
)
def test_imports(text: str, page: str) -> None:
    """Modules and what is in them."""
    assert render(text, math=math) == page


def test_imports_that_fail() -> None:
    """A module that is not there is the ImportError of Python."""
    with pytest.raises(ModuleNotFoundError):
        render("{% import cyclone_no_such_module %}")
    with pytest.raises(ImportError, match="cyclone_no_such_name"):
        render("{% from math import cyclone_no_such_name %}")


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("{% if 'x' in globals() %}{{ x }}{% end %}{{ 'y' in globals() }}", "1False"),
        ("{{ globals()['x'] }}{{ globals().get('y', 'no') }}", "1no"),
        ("{{ eval('x + 1') }}", "2"),
        ("{% set y = 2 %}{{ eval('y + 1') }}", "3"),
        (
            "{% set y = 2 %}{{ 'y' in locals() }}{{ 'y' in vars() }}{{ 'y' in dir() }}",
            "TrueTrueTrue",
        ),
        ("{% set exec('z = 5', globals()) %}{{ globals()['z'] }}", "5"),
        ("{{ eval('escape')('<') }}", "&lt;"),
        ("{% apply f %}{{ eval('x') }}{{ globals()['x'] }}{% end %}", "11"),
        ("{{ [eval('x') for i in [1]] }}", "[1]"),
        ("{{ (lambda: globals()['x'])() }}", "1"),
    ],
)
def test_functions_that_look_at_all_variables(text: str, page: str) -> None:
    """globals(), locals(), eval() and the like see the variables, as they do in Tornado."""
    for _ in range(2):  # one page does not see another page's
        assert render(text, x=1, f=bytes.upper) == page
    assert render("{{ 'z' in globals() }}") == "False"


def test_variables_in_apply() -> None:
    """The body of an apply is a function: it sees the variables around it, and keeps its own."""
    text = (
        "{% set x = 1 %}{% apply f %}{{ x }}{{ p }}{% set y = x + 1 %}{{ y }}{% end %}"
        "{{ 'y' in locals() }}"
    )
    assert render(text, f=bytes.upper, p="p") == "1P2False"


@pytest.mark.parametrize(
    "before", ["", "{% set x = 'b' %}", "{% if x %}{% set x = 'b' %}{% end %}"]
)
def test_a_variable_that_an_apply_changes(before: str) -> None:
    """It begins with the value that it has outside, which stays."""
    text = before + "{% apply f %}{% set x = x + '!' %}{{ x }}{% end %}{{ x }}"
    assert render(text, f=bytes.upper, x="b") == "B!b"


@pytest.mark.parametrize(
    "text",
    [
        "{% if no %}{% set x = 1 %}{% end %}{{ x }}",
        "{% if no %}{% elif no %}{% set x = 1 %}{% else %}{% end %}{{ x }}",
        "{% for x in () %}{% end %}{{ x }}",
        "{% for i in () %}{% set x = 1 %}{% end %}{{ x }}",
        "{% while no %}{% set x = 1 %}{% end %}{{ x }}",
        "{% try %}{{ 1 / 0 }}{% set x = 1 %}{% except ZeroDivisionError %}{{ x }}{% end %}",
        "{% try %}{% except ValueError as x %}{% end %}{{ x }}",
    ],
)
def test_a_variable_that_is_set_perhaps(text: str) -> None:
    """Where the template has not set a variable after all, it is the one that was passed."""
    assert render(text, x="passed", no=False) == "passed"


def test_a_variable_that_is_deleted() -> None:
    """What is not there although it was passed is not said to be missing."""
    with pytest.raises(NameError, match="'x' is not defined here: the template sets it"):
        render("{% set del x %}{{ x }}", x=1)


def test_no_variable_changes_the_engine() -> None:
    """Not even where the variables are globals do they hide the names of the engine."""
    assert render("{{ eval('x') }}", x="<", _tt_convert=None, _tt_type=None) == "<"


def test_variables_of_parts() -> None:
    """Included files and blocks share the page's variables, in both directions."""
    loader = DictLoader(
        {
            "base": "{% set x = 1 %}{% include part %}{{ y }}{% block b %}{% end %}{{ z }}",
            "part": "{{ x }}{% set y = x + 1 %}",
            "page": "{% extends base %}{% set x = 9 %}{% block b %}{{ y }}{% set z = y + 1 %}{% end %}",
        }
    )
    assert loader.load("page").generate() == b"1223"


def test_a_page_keeps_nothing() -> None:
    """What one rendering binds is gone in the next one."""
    template = Template("{% if 'y' in locals() %}!{% end %}{% set y = x %}{{ y }}")
    assert template.generate(x=1) == b"1"
    assert template.generate(x=2) == b"2"


def test_names_of_unicode() -> None:
    """Python's rules for names: ligatures and accents are normalised on both sides."""
    assert render("{{ ﬁ }}", fi=1) == "1"
    assert render("{% set ünï = 1 %}{{ ünï }}") == "1"
