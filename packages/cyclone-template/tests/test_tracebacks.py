"""Tracebacks: they show the template's file, line and source line."""

import linecache
import pickle
import traceback
from pathlib import Path

import pytest

from cyclone_template import DictLoader, Loader, ParseError, Template, TemplateNotFoundError


def places(error: BaseException) -> list[tuple[str, int | None, str | None]]:
    """Return file, line and source line of each entry of a traceback, but those of Python."""
    return [
        (entry.filename, entry.lineno, entry.line)
        for entry in traceback.extract_tb(error.__traceback__)
        if not entry.filename.endswith(".py")
    ]


def test_file_line_and_source(tmp_path: Path) -> None:
    """An error in a file shows the file, the line and what is written there."""
    path = tmp_path / "page.html"
    path.write_text("<p>\n\n  {{ 1 / zero }}\n</p>\n")
    with pytest.raises(ZeroDivisionError) as caught:
        Loader(tmp_path).load("page.html").generate(zero=0)
    assert places(caught.value) == [(str(path), 3, "{{ 1 / zero }}")]


def test_the_type_of_the_error_stays() -> None:
    """An application's own error comes out as it is, with its attributes."""

    class OwnError(Exception):
        code = 7

    def fail() -> None:
        raise OwnError("own")

    with pytest.raises(OwnError, match="own") as caught:
        Template("{{ fail() }}").generate(fail=fail)
    assert caught.value.code == 7


def test_parents_blocks_and_includes() -> None:
    """The line is that of the file in which the code is written, wherever it is used."""
    loader = DictLoader(
        {
            "base.html": "\n{% block a %}{% end %}\n{% block b %}{{ base }}{% end %}",
            "page.html": "{% extends 'base.html' %}\n\n{% block a %}\n{% include 'part.html' %}\n"
            "{{ page }}{% end %}",
            "part.html": "{% for x in xs %}\n\n{{ part[x] }}{% end %}",
        }
    )
    template = loader.load("page.html")
    with pytest.raises(KeyError) as part:
        template.generate(xs=[1], part={})
    assert places(part.value) == [("part.html", 3, "{{ part[x] }}{% end %}")]
    with pytest.raises(NameError) as page:
        template.generate(xs=[])
    assert places(page.value) == [("page.html", 5, "{{ page }}{% end %}")]
    with pytest.raises(NameError) as base:
        template.generate(xs=[], page="")
    assert places(base.value) == [("base.html", 3, "{% block b %}{{ base }}{% end %}")]


def test_functions_inside_of_a_template() -> None:
    """Code in an apply, a lambda or a comprehension has its line, too."""
    text = "\n{% apply f %}\n{{ [1 / x\n for x in (0,)] }}{% end %}"
    with pytest.raises(ZeroDivisionError) as caught:
        Template(text, name="p.html").generate(f=str)
    assert [(name, line) for name, line, _ in places(caught.value)][-1] == ("p.html", 3)


def test_code_that_a_template_calls() -> None:
    """Frames of Python code stay where they are, between those of templates."""

    def call(template: Template) -> bytes:
        result = template.generate()
        assert isinstance(result, bytes)
        return result

    inner = Template("\n\n{{ 1 / 0 }}", name="inner.html")
    outer = Template("\n{% raw call(inner) %}", name="outer.html")
    with pytest.raises(ZeroDivisionError) as caught:
        outer.generate(call=call, inner=inner)
    names = [entry.name for entry in traceback.extract_tb(caught.value.__traceback__)]
    assert [(name, line) for name, line, _ in places(caught.value)] == [
        ("outer.html", 2),
        ("inner.html", 3),
    ]
    assert names.index("call") < len(names) - 1


def test_errors_behind_an_error() -> None:
    """The error that caused another one, or was handled meanwhile, has its own place."""
    text = (
        "\n{% try %}\n{{ 1 / 0 }}\n{% except ZeroDivisionError as e %}\n"
        "{% set raise ValueError('v') from e %}\n{% end %}"
    )
    with pytest.raises(ValueError, match="v") as caught:
        Template(text, name="p.html").generate()
    cause = caught.value.__cause__
    assert cause is not None
    assert [line for _, line, _ in places(caught.value)] == [5]
    assert places(cause) == [("p.html", 3, "{{ 1 / 0 }}")]
    text = "{% try %}\n{{ 1 / 0 }}{% except ZeroDivisionError %}\n{{ nope }}{% end %}"
    with pytest.raises(NameError) as unbound:
        Template(text, name="q.html").generate()
    context = unbound.value.__context__
    assert context is not None
    assert places(context) == [("q.html", 2, "{{ 1 / 0 }}{% except ZeroDivisionError %}")]


def test_lines_end_where_the_lexer_says() -> None:
    """Other characters that end a line somewhere do not shift the source line."""
    with pytest.raises(ZeroDivisionError) as caught:
        Template("a\u2028b\x0cc\n{{ 1 / 0 }}\nlast", name="p.html").generate()
    assert places(caught.value) == [("p.html", 2, "{{ 1 / 0 }}")]


def test_columns() -> None:
    """Python marks the part of the line that failed; it counts bytes."""
    text = "é{{ 1 }}{{ 2 / zero }}"
    with pytest.raises(ZeroDivisionError) as caught:
        Template(text, name="columns.html").generate(zero=0)
    entry = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert text.encode()[entry.colno : entry.end_colno] == b"2 / zero"
    assert "~~^~~~~~" in "".join(traceback.format_exception(caught.value))


def test_variables_are_in_the_frame() -> None:
    """A debugger finds the template's variables in its frame, and none of the engine's."""
    with pytest.raises(ZeroDivisionError) as caught:
        Template("{% set x = 1 %}{{ x / y }}", name="p.html").generate(y=0)
    variables = caught.traceback[-1].frame.f_locals
    assert (variables["x"], variables["y"]) == (1, 0)
    assert not [name for name in variables if name.startswith("_tt_")]


def test_source_lines_of_strings_do_not_mix() -> None:
    """Two templates of one name each show their own lines."""
    for text in ("{{ 1 / 0 }} first", "{{ 1 / 0 }} second"):
        with pytest.raises(ZeroDivisionError) as caught:
            Template(text).generate()
        assert places(caught.value) == [("<string>", 1, text)]
    linecache.checkcache()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("{{ missing }}", "missing"),
        ("{% apply f %}{{ missing }}{% end %}", "missing"),
        ("{{ (lambda: missing)() }}", "missing"),
        ("{% for x in missing %}{% end %}", "missing"),
        ("{% if 0 %}{% set late = 1 %}{% end %}{{ late }}", "late"),
    ],
)
def test_variables_that_nobody_passed(text: str, name: str) -> None:
    """A variable that is not there is a NameError that says what to do."""
    with pytest.raises(NameError, match=f"name '{name}' is not defined: pass it") as caught:
        Template(text).generate(f=str)
    assert caught.value.name == name


def test_modules_without_a_handler() -> None:
    """UI modules outside of a request handler are explained."""
    with pytest.raises(NameError, match="request handler"):
        Template("{% module Entry() %}").generate()


def test_name_errors_of_other_code_stay() -> None:
    """A NameError from code that a template calls is not touched."""

    def call() -> object:
        return undefined  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(NameError, match=r"name 'undefined' is not defined$"):
        Template("{{ call() }}").generate(call=call)


def test_a_name_error_of_a_global_stays() -> None:
    """Where a page's variables are globals Python's own words are good enough."""
    with pytest.raises(NameError, match="'x' is not defined"):
        Template("{{ eval('x') }}").generate()


def test_errors_that_are_not_positions() -> None:
    """A tall expression shows the line on which it fails."""
    text = "{{ [\n 1,\n 1 / zero,\n 2,\n] }}"
    with pytest.raises(ZeroDivisionError) as caught:
        Template(text, name="p.html").generate(zero=0)
    assert [(name, line) for name, line, _ in places(caught.value)] == [("p.html", 3)]


def test_parse_error_says_where() -> None:
    """A template that is wrong says what, in which file, in which line."""
    with pytest.raises(ParseError) as caught:
        Template("\n{% if %}", name="p.html")
    error = caught.value
    assert (error.filename, error.lineno) == ("p.html", 2)
    assert str(error) == f"{error.message} at p.html:2"
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  our own
    assert str(again) == str(error)


def test_not_found_says_who_asked() -> None:
    """A missing parent names the file and line that wants it."""
    loader = DictLoader({"a.html": "\n{% include 'b.html' %}"})
    with pytest.raises(TemplateNotFoundError) as caught:
        loader.load("a.html")
    assert caught.value.__notes__ == ["It is extended or included at a.html:2"]


def test_python_errors_that_only_the_compiler_finds() -> None:
    """What Python finds late has the template's line, too."""
    with pytest.raises(ParseError) as caught:
        Template("\n\n{{ (lambda: await x) }}", name="p.html")
    assert caught.value.lineno == 3


def test_errors_behind_an_error_from_elsewhere() -> None:
    """A cause that no template had a part in keeps its traceback."""

    def fail() -> None:
        try:
            {}["inner"]
        except KeyError as error:
            raise ValueError("outer") from error

    with pytest.raises(ValueError, match="outer") as caught:
        Template("{{ fail() }}", name="p.html").generate(fail=fail)
    cause = caught.value.__cause__
    assert cause is not None
    assert [entry.name for entry in traceback.extract_tb(cause.__traceback__)] == ["fail"]
    assert places(caught.value) == [("p.html", 1, "{{ fail() }}")]
