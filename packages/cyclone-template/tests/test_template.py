"""The class Template: what it takes, what it says about itself."""

import ast

import pytest

from cyclone_template import DictLoader, ParseError, Template, TemplateError


@pytest.mark.parametrize("text", ["<é>{{ x }}", "<é>{{ x }}".encode()])
def test_text_and_bytes(text: str | bytes) -> None:
    """A template is str, or its UTF-8 bytes; a page is bytes."""
    assert Template(text).generate(x="é") == "<é>é".encode()


@pytest.mark.parametrize("text", [None, 1, bytearray(b"a"), ["a"]])
def test_other_types(text: object) -> None:
    """Anything else is refused, with the type in the message."""
    with pytest.raises(TypeError, match=rf"str or bytes, not {type(text).__name__}"):
        Template(text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        (b"\xff", "The template is not UTF-8: invalid start byte", 1),
        (b"a\n\n\xc3", "The template is not UTF-8: unexpected end of data", 3),
        ("a\nb\n\n\ud800", "The template cannot be encoded: surrogates not allowed", 4),
        ("{{ '\udcff' }}", "The template cannot be encoded: surrogates not allowed", 1),
    ],
)
def test_what_is_no_text(text: str | bytes, message: str, line: int) -> None:
    """Bytes that are no UTF-8, and text that cannot become UTF-8, are errors with their line."""
    with pytest.raises(ParseError) as caught:
        Template(text, name="t")
    error = caught.value
    assert (error.message, error.filename, error.lineno) == (message, "t", line)
    assert isinstance(error.__cause__, UnicodeError)


def test_attributes() -> None:
    """A template knows its name, its loader, its namespace and what escapes it."""
    loader = DictLoader({"a": "a"}, namespace={"x": 1})
    template = loader.load("a")
    assert (template.name, template.loader) == ("a", loader)
    assert template.namespace is loader.namespace
    assert template.autoescape == "xhtml_escape"
    alone = Template("a")
    assert (alone.name, alone.loader, dict(alone.namespace)) == ("<string>", None, {})
    assert not alone.is_async
    assert Template("{{ await x }}").is_async


def test_positional_parameters() -> None:
    """The order of the parameters is Tornado's."""
    loader = DictLoader({})
    assert Template("a  b{{ x }}", "t", loader, True, None).generate(x="<") == b"a b<"
    assert Template("a \n b", "t", None, False, None, None).generate() == b"a \n b"


@pytest.mark.parametrize(
    ("options", "page"),
    [
        ({}, b"a \n b"),
        ({"compress_whitespace": None, "name": "a.html"}, b"a\nb"),
        ({"compress_whitespace": True}, b"a\nb"),
        ({"compress_whitespace": False, "name": "a.html"}, b"a \n b"),
        ({"whitespace": "oneline"}, b"a b"),
        ({"whitespace": "single"}, b"a\nb"),
        ({"whitespace": "all", "name": "a.js"}, b"a \n b"),
    ],
)
def test_whitespace_options(options: dict[str, object], page: bytes) -> None:
    """The mode may be given in both ways, and comes before what the name says."""
    assert Template("a \n b", **options).generate() == page  # type: ignore[arg-type]


@pytest.mark.parametrize("compress", [True, False])
def test_two_whitespace_options(compress: bool) -> None:
    """Both at once contradict each other."""
    with pytest.raises(TypeError, match="pass whitespace or compress_whitespace, not both"):
        Template("", compress_whitespace=compress, whitespace="all")


@pytest.mark.parametrize("function", ["f(", "", "a b", "None; x"])
def test_autoescape_that_is_no_expression(function: str) -> None:
    """The name of the function is read as if the file began with the directive."""
    with pytest.raises(ParseError) as caught:
        Template("\n\n", name="t", autoescape=function)
    assert (caught.value.filename, caught.value.lineno) == ("t", 1)


def test_autoescape_may_be_written_none() -> None:
    """The text None is the directive's None."""
    assert Template("{{ x }}", autoescape="None").generate(x="<") == b"<"


def test_code() -> None:
    """The Python function can be looked at: it parses, and shows the template's expressions."""
    code = Template("a{% for row in rows %}{{ row.name }}{% end %}").code
    (definition,) = ast.parse(code).body
    assert isinstance(definition, ast.FunctionDef)
    assert "row.name" in code
    assert isinstance(ast.parse(Template("{{ await x }}").code).body[0], ast.AsyncFunctionDef)


def test_a_template_is_compiled_once_and_early() -> None:
    """A mistake comes from the constructor, and not when the page is rendered."""
    with pytest.raises(ParseError):
        Template("{{ (lambda: await x) }}")
    loader = DictLoader(
        {"page": "{% include part %}", "part": "\n{% block a %}{% super %}{% end %}"}
    )
    with pytest.raises(ParseError, match="no parent template") as caught:
        loader.load("page")
    assert (caught.value.filename, caught.value.lineno) == ("part", 2)


def test_prepare() -> None:
    """A part that is then rendered itself is compiled when it is loaded."""
    loader = DictLoader({"page": "{% extends base %}", "base": "x{% block a %}{% end %}"})
    loader.load("page")
    base = loader.load("base")
    base.prepare()
    assert base.generate() == b"x"


def test_a_template_may_be_rendered_many_times() -> None:
    """Rendering leaves nothing behind, also when it failed."""
    template = Template("{{ 1 / x }}")
    assert template.generate(x=1) == b"1.0"
    with pytest.raises(ZeroDivisionError):
        template.generate(x=0)
    assert template.generate(x=2) == b"0.5"


def test_a_template_may_render_itself() -> None:
    """A page may be rendered while it is rendered: there is no state outside of the call."""
    template = Template("{{ n }}{% if n %}{% raw render(n - 1) %}{% end %}")

    def render(number: int) -> object:
        return template.generate(n=number, render=render)

    assert render(3) == b"3210"


def test_await_needs_a_coroutine() -> None:
    """generate() refuses a template that awaits, and says what renders it."""
    with pytest.raises(TemplateError, match=r"t contains await: .* generate_async\(\)"):
        Template("{{ await x }}", name="t").generate()


def test_plain_characters() -> None:
    """Every character that UTF-8 knows is written as it is, in text and in values."""
    every = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x2FFF0, 97), 0x10FFFF)))
    text = every.replace("{", "(")
    assert Template(text, whitespace="all").generate() == text.encode()
    assert Template("{% raw x %}").generate(x=every) == every.encode()


@pytest.mark.parametrize(
    "text", ["{{ x.replace('\\r', '\\\\') }}", "{{ f'{x!r:>9}' }}{{ f'{x}' + '\\n' }}"]
)
def test_code_of_any_string(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code can be looked at whatever strings it holds; looking at it changes nothing."""
    template = Template(text)
    page = template.generate(x="a\rb")
    compile(template.code, "<code>", "exec")
    unparse = ast.unparse
    calls = []

    def unparse_as_before_python_3_12(tree: ast.AST) -> str:
        calls.append(tree)
        if len(calls) == 1:
            raise ValueError("Unable to avoid backslash in f-string expression part")
        return unparse(tree)

    monkeypatch.setattr(ast, "unparse", unparse_as_before_python_3_12)
    assert "''.join((" in template.code
    assert template.generate(x="a\rb") == page
