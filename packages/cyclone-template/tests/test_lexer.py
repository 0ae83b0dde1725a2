"""Where text ends and tags begin, and where tags end."""

import pytest

from cyclone_template import ParseError, Template
from cyclone_template.lexer import Token, TokenKind, tokenize


def render(text: str, **variables: object) -> str:
    """Render a template, without whitespace rules."""
    page = Template(text, whitespace="all").generate(**variables)
    assert isinstance(page, bytes)
    return page.decode()


def refuse(text: str) -> tuple[str, int]:
    """Return message and line of the error that a template is."""
    with pytest.raises(ParseError) as caught:
        Template(text, name="t.html")
    assert caught.value.filename == "t.html"
    return caught.value.message, caught.value.lineno


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "{", "}", "{}", "{ {", "}}", "%}", "#}", "{a}", "{ %", "{ #", "a{"),
        *("é\U0001f600", "\x00", "\r", "'", '"', "\\", "{\n{", "{'%'}", "!{", "{!{"),
    ],
)
def test_plain_text(text: str) -> None:
    """Text without a tag is its own output, braces and quotes and all."""
    assert render(text) == text


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("{{! x }}", "{{ x }}"),
        ("{%! if %}", "{% if %}"),
        ("{#! x #}", "{# x #}"),
        ("{{!", "{{"),
        ("{{!{{ 1 }}", "{{1"),
        ("{{{! x", "{{{ x"),
        ("{%!!", "{%!"),
        ("{{!!", "{{!"),
        ("{{ '!' }}", "!"),
    ],
)
def test_escaped_braces(text: str, page: str) -> None:
    """An exclamation mark right behind the braces makes them text, at the end of the file too."""
    assert render(text) == page


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("{{{ 1 }}}", "{1}"),
        (r"\name{{{{ 1 }}}}", r"\name{{1}}"),
        ("{{{{{ 1 }}", "{{{1"),
        ("{{ 1 }}}}", "1}}"),
    ],
)
def test_the_innermost_braces_count(text: str, page: str) -> None:
    """Of more than two braces in a row the last two are the tag."""
    assert render(text) == page


@pytest.mark.parametrize("text", ["{{% set x = 1 %}", "{{# a #}"])
def test_two_braces_come_before_a_third_sign(text: str) -> None:
    """Of "{{%" the first two signs are the tag: an expression."""
    assert refuse(text)[0].startswith("Missing end of expression")


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("{{1}}", "1"),
        ("{{\n\t1\r\n}}", "1"),
        ("{%set x=1%}{{x}}", "1"),
        ("{%\n\nset\nx = 1\n%}{{ x }}", "1"),
        ("{%\xa0set x = 1 %}{{ x }}", "1"),
        ("a{# b }} %} {{ {% # #}c", "ac"),
        ("a{##}b{#\n\n#}c", "abc"),
        ("{% comment %}{%comment a%}{% comment it's }} \"b #} %}", ""),
    ],
)
def test_whitespace_and_comments_in_tags(text: str, page: str) -> None:
    """Whitespace at the ends of a tag means nothing, and a comment may hold anything."""
    assert render(text) == page


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ('{{ "}}" }}', "}}"),
        ("{{ '%}' }}", "%}"),
        ("{{ '{' }}", "{"),
        ('{{ "\\"}}" }}', '"}}'),
        ("{{ '\\\\' }}", "\\"),
        ("{{ '''}}'\n''' }}", "}}'\n"),
        ('{{ """a"}}b""" }}', 'a"}}b'),
        ("{{ '' }}", ""),
        ("{{ '''''' }}", ""),
        ("{{ {1: {2: 3}}[1][2] }}", "3"),
        ("{{ {1: 2}}}", "{1: 2}"),
        ("{{ {}}}", "{}"),
        ("{{ {1: 2}[1]}}}", "2}"),
        ("{{ [{}, {'a': {}}] }}", "[{}, {'a': {}}]"),
        ("{% set x = {1: {2: 3}} %}{{ x[1][2] }}", "3"),
        ("{% set x = '%}' %}{{ x }}", "%}"),
        ("{% if x == {'}}': '%}'} %}{% else %}no{% end %}", "no"),
        ("{{ f'{x}}}' }}", "1}"),
        ("{{ 5 %{1: 2}[1] }}", "1"),
        ("{{ x # it's a comment }}", "1"),
        ("{{ x # {\n + 1 }}", "2"),
        ("{{ x #\n}}", "1"),
        ("{% if x # it's\n == 1 %}yes{% end %}", "yes"),
    ],
)
def test_closing_braces_inside_python(text: str, page: str) -> None:
    """A closing brace in a string, a dict or a Python comment does not end the tag."""
    assert render(text, x=1).replace("&quot;", '"').replace("&#x27;", "'") == page


@pytest.mark.parametrize(
    "text",
    [
        "{% block it's %}x{% end %}",
        '{% block "a %}x{% end %}',
        "{% if 1 %}x{% end it's over %}",
    ],
)
def test_an_apostrophe_in_a_name_opens_no_string(text: str) -> None:
    """Names of blocks, and what stands behind an end, are not Python."""
    assert render(text) == "x"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{", "Missing end of expression: a {{ needs a }}"),
        ("{{ a }", "Missing end of expression"),
        ("{{ a %}", "Missing end of expression"),
        ("{{ {1: 2} ", "Missing end of expression"),
        ("{{ { }}", "Missing end of expression"),
        ("{%", "Missing end of directive: a {% needs a %}"),
        ("{% if a }}", "Missing end of directive"),
        ("{% set a = { %}", "Missing end of directive"),
        ("{#", "Missing end of comment: a {# needs a #}"),
        ("{# }} %} #", "Missing end of comment"),
        ("{{ 'a }}", "A string is not closed: one starts with ' and never ends"),
        ('{{ "a }}', 'A string is not closed: one starts with " and never ends'),
        ("{{ 'a\n' }}", "A string is not closed"),
        ("{{ '''a' }}", "A string is not closed: one starts with ''' and never ends"),
        ('{{ """a"" }}', 'A string is not closed: one starts with """ and never ends'),
        ("{{ '''a\\''' }}", "A string is not closed: one starts with '''"),
        ("{% don't %}", "A string is not closed"),
    ],
)
def test_tags_that_do_not_end(text: str, message: str) -> None:
    """A tag or string without end is an error on the line where the tag starts."""
    found, line = refuse(f"one\ntwo {text}\n\n")
    assert found.startswith(message)
    assert line == 2


def test_positions() -> None:
    """Tokens know the line of their tag, and line and byte column of their content."""
    tokens = list(tokenize("é{{ a }}\r\n{% \n\n é\n = 1 %}x\n\n{{!{#\n#}\n", "t"))
    assert tokens == [
        Token(TokenKind.TEXT, "é", 1, 0, 1),
        Token(TokenKind.EXPRESSION, "a", 1, 5, 1),
        Token(TokenKind.TEXT, "\r\n", 1, 9, 1),
        Token(TokenKind.DIRECTIVE, "é\n = 1", 4, 1, 2),
        Token(TokenKind.TEXT, "x\n\n", 5, 7, 5),
        Token(TokenKind.TEXT, "{{", 7, 0, 7),
        Token(TokenKind.COMMENT, "", 8, 0, 7),
        Token(TokenKind.TEXT, "\n", 8, 2, 8),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines_are_counted(newline: str) -> None:
    """The line of an error is the one where its tag starts, whatever ends the lines."""
    before = f"a{newline}{{# {newline} #}}{{{{ 1 +{newline} 1 }}}}{newline}"
    assert refuse(before + "{% nothing %}") == (refuse("{% nothing %}")[0], 5)
    assert refuse("\r" + "{% nothing %}")[1] == 1  # a lone one ends no line
