"""Conditions, loops and errors in templates."""

import pytest

from cyclone_template import ParseError, Template


def render(text: str, **variables: object) -> str:
    """Render a template."""
    page = Template(text).generate(**variables)
    assert isinstance(page, bytes)
    return page.decode()


@pytest.mark.parametrize(("x", "page"), [(1, "[one]"), (2, "[two]"), (3, "[]"), (4, "[more]")])
def test_if(x: int, page: str) -> None:
    """The first clause that is true is written, or else the last one."""
    text = "[{% if x == 1 %}one{% elif x == 2 %}two{% elif x == 3 %}{% else %}more{% end %}]"
    assert render(text, x=x) == page


@pytest.mark.parametrize(
    ("condition", "page"),
    [
        ("x", "y"),
        ("not x", "n"),
        ("(x)", "y"),
        ("x and\n not y", "y"),
        ("x\nor y", "y"),
        ("y := x", "y"),
        ("not not x and not (y or y)", "y"),
        ("x == 1", "y"),
        ("x # comment\n and y", "n"),
        ("(x\r)", "y"),
        ("(x,)", "y"),
        ("()", "n"),
        ("[]", "n"),
        ("lambda: 0", "y"),
        ("'' if x else 'a'", "n"),
    ],
)
def test_conditions(condition: str, page: str) -> None:
    """Whatever Python takes for a condition is one, over several lines too."""
    for word in ("if", "elif"):
        start = "" if word == "if" else "{% if 0 %}"
        text = f"{start}{{% {word} {condition} %}}y{{% else %}}n{{% end %}}"
        assert render(text, x=1, y=0) == page


def test_else_without_blanks() -> None:
    """A condition may follow its word at once if a bracket divides them."""
    assert render("{%if(x)%}a{%elif(y)%}b{%else%}c{%end%}", x=0, y=1) == "b"


def test_many_clauses() -> None:
    """Two hundred clauses are no problem; thousands are an error and no crash."""
    text = "{% if x == 0 %}0" + "".join(f"{{% elif x == {n} %}}{n}" for n in range(1, 200))
    assert render(text + "{% end %}", x=150) == "150"
    with pytest.raises(ParseError, match="cannot compile"):
        Template("{% if x %}" + "{% elif x %}" * 20_000 + "{% end %}")


@pytest.mark.parametrize(
    ("head", "body", "page"),
    [
        ("for x in xs", "{{ x }},", "1,2,3,"),
        ("for i, x in enumerate(xs)", "{{ i }}{{ x }},", "01,12,23,"),
        ("for (a, *b), c in [((1, 2, 3), 4)]", "{{ a }}{{ b }}{{ c }}", "1[2, 3]4"),
        ("for x in xs[:1] + [9]", "{{ x }}", "19"),
        ("for x in 7, 8", "{{ x }}", "78"),
        ("for x in (\n1,\n2)", "{{ x }}", "12"),
        ("for d['k'] in xs", "{{ d['k'] }}", "123"),
        ("for x in (y * 2 for y in xs)", "{{ x }}", "246"),
        ("for(x)in(xs)", "{{ x }}", "123"),
        ("for x in xs", "", ""),
        ("for x in []", "{{ x }}", ""),
    ],
)
def test_for(head: str, body: str, page: str) -> None:
    """A loop writes its body for each value."""
    assert render(f"{{% {head} %}}{body}{{% end %}}", xs=[1, 2, 3], d={}) == page


def test_for_else() -> None:
    """The else of a loop is written if nothing broke it."""
    text = "{% for x in xs %}{% if x == 2 %}{% break %}{% end %}{{ x }}{% else %}none{% end %}"
    assert render(text, xs=[1, 3]) == "13none"
    assert render(text, xs=[1, 2, 3]) == "1"
    assert render(text, xs=[]) == "none"


def test_while() -> None:
    """A loop with a condition, continue, and an else."""
    text = (
        "{% set n = 0 %}{% while n < 5 %}{% set n += 1 %}{% if n == 2 %}{% continue %}{% end %}"
        "{{ n }}{% if n == stop %}{% break %}{% end %}{% else %}end{% end %}"
    )
    assert render(text, stop=9) == "1345end"
    assert render(text, stop=3) == "13"
    assert render("{% while x := xs.pop() %}{{ x }}{% end %}", xs=[0, 1, 2]) == "21"


def test_text_before_a_jump_is_written() -> None:
    """What stands before a break or continue is not lost."""
    text = (
        "{% for x in xs %}a{{ x }}b{% continue %}c{% end %}|{% for x in xs %}d{% break %}e{% end %}"
    )
    assert render(text, xs=[1, 2]) == "a1ba2b|d"


def test_jumps_leave_the_inner_loop() -> None:
    """In the else of an inner loop, a break is the outer loop's."""
    text = (
        "{% for x in xs %}{% for y in xs %}{% if y == 2 %}{% break %}{% end %}{{ x }}{{ y }} "
        "{% else %}{% break %}{% end %}{% end %}"
    )
    assert render(text, xs=[1, 2, 3]) == "11 21 31 "
    assert render(text, xs=[1, 3]) == "11 13 "


@pytest.mark.parametrize(
    ("x", "page"),
    [
        ("ok", "[ok else finally]"),
        ("zero", "[before ZeroDivisionError finally]"),
        ("key", "[before 'KeyError' finally]"),
        ("name", "[before other finally]"),
    ],
)
def test_try(x: str, page: str) -> None:
    """Handlers are tried in order; else and finally as in Python."""
    text = (
        "[{% try %}{% if x != 'ok' %}before {% end %}{{ f(x) }}{% except ZeroDivisionError as e %}"
        "{{ type(e).__name__ }}{% except (KeyError, IndexError) as e %}{% raw repr(e.args[0]) %}"
        "{% except %}other{% else %} else{% finally %} finally{% end %}]"
    )

    def run(what: str) -> str:
        errors = {"zero": ZeroDivisionError, "key": KeyError("KeyError"), "name": NameError}
        if what in errors:
            raise errors[what]
        return what

    assert render(text, x=x, f=run) == page


@pytest.mark.parametrize(
    ("body", "page"),
    [
        ("a{{ 1 }}b{{ 1 / 0 }}c", "a1b"),
        ("a{% for i in [2, 1, 0] %}{{ 2 // i }},{% end %}", "a1,2,"),
        ("a{% if 1 %}b{{ 1 / 0 }}c{% end %}d", "ab"),
        ("a{% raw 1 %}{% set x = 1 / 0 %}c", "a1"),
        ("a{% if 1 / 0 %}b{% end %}", "a"),
        ("a{% block x %}b{{ 1 / 0 }}{% end %}", "ab"),
        ("a{% try %}b{{ 1 / 0 }}{% finally %}c{% end %}d", "abc"),
        ("a{% apply str.upper %}b{% end %}c", "a"),
    ],
)
def test_what_was_written_before_an_error_stays(body: str, page: str) -> None:
    """As in Tornado, a try that fails keeps what it had written."""
    assert render(f"[{{% try %}}{body}{{% except %}}!{{% end %}}]") == f"[{page}!]"


def test_apply_is_written_as_a_whole() -> None:
    """A body of apply that fails writes nothing, since nothing was applied to it."""
    text = "[{% try %}a{% apply f %}b{{ 1 / 0 }}{% end %}{% except %}!{% end %}]"
    assert render(text, f=bytes.upper) == "[a!]"


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("{% try %}{% finally %}{% end %}", ""),
        ("{% try %}a{% finally %}{% end %}", "a"),
        ("{% try %}a{% finally %}{# only a comment #}{% end %}b", "ab"),
        ("{% try %}{% except %}{% end %}a", "a"),
        ("{% try %}{% except %}{% else %}{% finally %}{% end %}a", "a"),
        ("{% try %}a{% finally %}b{% end %}", "ab"),
        ("{% if 1 %}{% end %}a", "a"),
        ("{% if 1 %}{% else %}{% end %}a", "a"),
        ("{% if 0 %}{% elif 0 %}{% else %}a{% end %}", "a"),
        ("{% for x in [1] %}{% else %}{% end %}a", "a"),
        ("{% while 0 %}{% else %}{% end %}a", "a"),
        ("{% block b %}{% end %}a", "a"),
        ("{% apply bytes.upper %}{% end %}a", "a"),
        ("{% if 1 %}{% set pass %}{% end %}a", "a"),
    ],
)
def test_empty_bodies(text: str, page: str) -> None:
    """Each clause may be empty."""
    assert render(text) == page


def test_errors_of_finally() -> None:
    """A finally is written when the error goes on, and an outer try catches it."""
    text = "{% try %}{% try %}a{{ 1 / 0 }}{% finally %}b{% end %}c{% except %}d{% end %}"
    assert render(text) == "abd"


def test_errors_in_handlers() -> None:
    """An error in a handler is raised with the first one as its context."""
    with pytest.raises(KeyError) as caught:
        render("{% try %}{{ 1 / 0 }}{% except ZeroDivisionError %}{{ {}['k'] }}{% end %}")
    assert isinstance(caught.value.__context__, ZeroDivisionError)


def test_jumps_in_try() -> None:
    """A loop may be left and continued from a try, and its finally is written."""
    text = (
        "{% for x in xs %}{% try %}{{ 6 // x }}{% if x == 3 %}{% break %}{% end %}"
        "{% except ZeroDivisionError %}zero{% continue %}{% finally %};{% end %}.{% end %}"
    )
    assert render(text, xs=[2, 0, 3, 1]) == "3;.zero;2;"


@pytest.mark.parametrize("word", ["break", "continue"])
def test_jumps_in_blocks_of_a_loop(word: str) -> None:
    """A block that stands in a loop may leave it."""
    text = f"{{% for x in xs %}}{{{{ x }}}}{{% block a %}}{{% {word} %}}{{% end %}}!{{% end %}}"
    assert render(text, xs=[1, 2]) == ("1" if word == "break" else "12")


def test_a_loop_s_variable_stays() -> None:
    """As in Python, the variables of a loop live on."""
    assert render("{% for x in [1, 2] %}{% end %}{{ x }}") == "2"


def test_an_error_of_the_iterator_has_the_loop_s_line() -> None:
    """A generator that fails in the middle is shown where the loop stands."""

    def values() -> object:
        yield 1
        raise ValueError

    with pytest.raises(ValueError) as caught:  # noqa: PT011  the traceback matters
        Template("a\n\n{% for x in f() %}\n{{ x }}{% end %}", name="t").generate(f=values)
    entries = []
    traceback = caught.value.__traceback__
    while traceback is not None:
        entries.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    assert ("t", 3) in entries
