"""What may stand in an expression, and what comes out."""

import pytest

from cyclone_template import ParseError, Template


def render(text: str, **variables: object) -> str:
    """Render a template."""
    page = Template(text).generate(**variables)
    assert isinstance(page, bytes)
    return page.decode()


@pytest.mark.parametrize(
    ("code", "page"),
    [
        ("1", "1"),
        ("-1", "-1"),
        ("'a'", "a"),
        ("'a' 'b'", "ab"),
        ("b'a'", "a"),
        ("None", "None"),
        ("True", "True"),
        ("1.5", "1.5"),
        ("1, 2", "(1, 2)"),
        ("*x, 3", None),
        ("[*x, 3]", "[1, 2, 3]"),
        ("(1)", "1"),
        ("x[0]", "1"),
        ("x[-1:]", "[2]"),
        ("d['k']", "v"),
        ("d.get('z', 5)", "5"),
        ("{**d, 'z': 1}", "{'k': 'v', 'z': 1}"),
        ("{1}", "{1}"),
        ("len(x)", "2"),
        ("x and d and 1", "1"),
        ("not x", "False"),
        ("1 if x else 2", "1"),
        ("1 < 2 < 3", "True"),
        ("1 in x", "True"),
        ("[y * 2 for y in x if y > 1]", "[4]"),
        ("{y: z for y, z in d.items()}", "{'k': 'v'}"),
        ("sum(y for y in x)", "3"),
        ("sorted({y for y in x}, key=lambda y: -y)", "[2, 1]"),
        ("(lambda y, *a, z=1, **k: (y, a, z, k))(*x, 3, q=4)", "(1, (2, 3), 1, {'q': 4})"),
        ("(y := 3) + y", "6"),
        ("f'{x[0]:>3}{x!r}'", "  1[1, 2]"),
        ("f'{d[\"k\"]}'", "v"),
        ("'%s-%s' % (1, 2)", "1-2"),
        ("...", "Ellipsis"),
        ("__debug__", str(__debug__)),
        ("1 +\n1", "2"),
        ("x\n[0]", "1"),
        ("x[\n0\n]", "1"),
        ("'''a\nb'''", "a\nb"),
        ("1 # one", "1"),
        ("1 # one\n+ 1", "2"),
        ("\n1,\n2", "(1, 2)"),
        ("'\\u00e9\\n'", "é\n"),
        ("é", "accent"),
        ("datetime.date(2020, 1, 2)", "2020-01-02"),
        ("10 ** 20", "100000000000000000000"),
        ("type(x).__name__", "list"),
    ],
)
def test_values(code: str, page: str | None) -> None:
    """Any expression of Python, over several lines without parentheses too."""
    variables = {"x": [1, 2], "d": {"k": "v"}, "é": "accent"}
    for text in (f"{{% raw {code} %}}", f"{{{{ {code} }}}}"):
        if page is None:
            with pytest.raises(ParseError):
                Template(text)
        else:
            assert render("{% autoescape None %}" + text, **variables) == page


@pytest.mark.parametrize("count", [1, 199, 200, 201, 1000])
def test_many_values_beside_each_other(count: int) -> None:
    """Any number of expressions without a statement between them keeps its order."""
    text = "".join(f"{{{{ x + {number} }}}}," for number in range(count))
    assert render(text, x=0) == "".join(f"{number}," for number in range(count))


def test_values_are_evaluated_in_order_and_once() -> None:
    """Each expression runs once, from left to right, before what comes after it."""
    seen: list[int] = []

    def note(number: int) -> int:
        seen.append(number)
        return number

    page = render("{{ f(1) }}{% raw f(2) %}{% if f(3) %}{{ f(4) }}{% end %}{{ f(5) }}", f=note)
    assert (page, seen) == ("1245", [1, 2, 3, 4, 5])


class Mean(str):
    """A str whose __str__ and __format__ lie."""

    __slots__ = ()

    def __str__(self) -> str:
        return "lie"

    def __format__(self, spec: str) -> str:
        return "lie"


class Number(int):
    """An int that shows itself in its own way."""

    def __repr__(self) -> str:
        return "<n>"


class Shown:
    """An object with text."""

    def __str__(self) -> str:
        return "<shown>"


@pytest.mark.parametrize(
    ("value", "raw", "escaped"),
    [
        ("<é>", "<é>", "&lt;é&gt;"),
        (b"<\xc3\xa9>", "<é>", "&lt;é&gt;"),
        (bytearray(b"<"), "bytearray(b'<')", "bytearray(b&#x27;&lt;&#x27;)"),
        (7, "7", "7"),
        (True, "True", "True"),
        (0.5, "0.5", "0.5"),
        (None, "None", "None"),
        (Mean("<x>"), "<x>", "&lt;x&gt;"),
        (Number(3), "<n>", "&lt;n&gt;"),
        (Shown(), "<shown>", "&lt;shown&gt;"),
        (["<"], "['<']", "[&#x27;&lt;&#x27;]"),
        ("", "", ""),
        (b"", "", ""),
    ],
)
def test_types(value: object, raw: str, escaped: str) -> None:
    """A str is what it holds, bytes are UTF-8, and everything else is str() of it."""
    assert render("{% raw x %}", x=value) == raw
    assert render("{{ x }}", x=value) == escaped
    assert render("{% autoescape None %}{{ x }}", x=value) == raw


def test_bytes_that_are_no_text() -> None:
    """Bytes that are no UTF-8 pass where nothing is escaped, and are an error where it is."""
    assert Template("a{% raw x %}b{% raw x %}").generate(x=b"\xff") == b"a\xffb\xff"
    with pytest.raises(UnicodeDecodeError):
        Template("{{ x }}").generate(x=b"\xff")


def test_lone_surrogates_are_refused() -> None:
    """What cannot be encoded is an error when it is written."""
    with pytest.raises(UnicodeEncodeError):
        Template("{{ x }}").generate(x="\ud800")
    with pytest.raises(UnicodeEncodeError):
        Template("{{ x }}{% raw b %}").generate(x="\ud800", b=b"\xff")


def test_numbers_that_are_too_long_for_str() -> None:
    """What str() refuses is the error that str() raises."""
    with pytest.raises(ValueError, match="integer string conversion"):
        Template("{{ x }}").generate(x=10**5000)


def test_modules() -> None:
    """A module is called with its arguments, and what it gives is not escaped."""

    class Modules:
        def Entry(self, *arguments: object, **options: object) -> str:  # noqa: N802  as modules are
            return f"<b>{arguments}{options}</b>"

    text = "{% module Entry(1, k=2) %}{% module\nEntry() %}"
    assert render(text, _tt_modules=Modules()) == "<b>(1,){'k': 2}</b><b>(){}</b>"
    with pytest.raises(NameError, match="module"):
        Template("{% module Entry() %}").generate()
