"""Templates that await."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from cyclone_template import DictLoader, Template, TemplateError


async def soon(value: str) -> str:
    """A coroutine that suspends once."""
    await asyncio.sleep(0)
    return value


def render(template: Template, **variables: object) -> bytes:
    """Render in a coroutine."""
    return asyncio.run(template.generate_async(soon=soon, **variables))


def test_await_in_an_expression() -> None:
    """A value is awaited where it stands, then escaped."""
    template = Template("a{{ await soon('<') }}b{% raw await soon('<') %}")
    assert template.is_async
    assert render(template) == b"a&lt;b<"


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("{% if await soon('x') == 'x' %}yes{% end %}", b"yes"),
        ("{% for c in await soon('ab') %}{{ c }}.{% end %}", b"a.b."),
        ("{% set x = await soon('<') %}{{ x }}", b"&lt;"),
        ("{% while (await soon('')) %}{% end %}z", b"z"),
        ("{% try %}{{ await soon(1/0) }}{% except ZeroDivisionError %}0{% end %}", b"0"),
        ("{{ [await soon(c) for c in 'ab'] }}", b"[&#x27;a&#x27;, &#x27;b&#x27;]"),
        ("{{ ''.join([c async for c in letters()]) }}", b"xy"),
    ],
)
def test_await_in_directives(text: str, page: bytes) -> None:
    """Await may stand wherever Python stands."""

    async def letters() -> AsyncIterator[str]:
        yield "x"
        yield await soon("y")

    assert render(Template(text), letters=letters) == page


def test_await_in_apply() -> None:
    """The body of an apply may await, and so may only the function's own expression."""
    template = Template("{% apply f %}a{{ await soon('b') }}{% end %}c")
    assert render(template, f=lambda text: text.upper()) == b"ABc"
    template = Template("{% apply await soon(f) %}ab{% end %}")
    assert render(template, f=lambda text: text.upper()) == b"AB"


def test_await_in_parts() -> None:
    """A page awaits if any of its parents, blocks or includes does."""
    loader = DictLoader(
        {
            "base": "<{% block body %}{% end %}>",
            "page": "{% extends 'base' %}{% block body %}{% include 'part' %}{% end %}",
            "part": "{{ await soon('x') }}",
        }
    )
    assert not loader.load("base").is_async
    assert loader.load("page").is_async
    assert render(loader.load("page")) == b"<x>"


def test_generate_refuses() -> None:
    """A template that awaits has no answer at once: generate() says what to call."""
    with pytest.raises(TemplateError, match=r"p\.html contains await.*generate_async"):
        Template("{{ await x }}", name="p.html").generate()


def test_generate_async_renders_plain_templates() -> None:
    """A caller in a coroutine need not know whether a template awaits."""
    assert render(Template("a{{ x }}"), x="<") == b"a&lt;"


def test_error_names_the_line() -> None:
    """An error behind an await shows the template's line."""
    template = Template("\n{{ await soon(1) + 'x' }}", name="p.html")
    with pytest.raises(TypeError) as caught:
        render(template)
    assert caught.traceback[-1].path == caught.traceback[-1].frame.code.path
    assert (str(caught.traceback[-1].frame.code.raw.co_filename), caught.traceback[-1].lineno) == (
        "p.html",
        1,
    )


@pytest.mark.needs("twisted")
def test_deferreds_are_waited_for() -> None:
    """In a coroutine the page comes when its Deferreds have fired, awaited or not."""
    from twisted.internet.defer import Deferred, ensureDeferred

    first: Deferred[str] = Deferred()
    second: Deferred[str] = Deferred()
    template = Template("{{ x }}{{ await y }}")
    page = ensureDeferred(template.generate_async(x=first, y=second))
    second.callback("<2>")
    assert not page.called
    first.callback("<1>")
    assert page.result == b"&lt;1&gt;&lt;2&gt;"


@pytest.mark.needs("twisted")
def test_deferreds_of_a_plain_template_are_waited_for() -> None:
    """A template without await may hold Deferreds in a coroutine, too."""
    from twisted.internet.defer import Deferred, ensureDeferred

    deferred: Deferred[str] = Deferred()
    page = ensureDeferred(Template("{{ x }}").generate_async(x=deferred))
    deferred.callback("<")
    assert page.result == b"&lt;"
