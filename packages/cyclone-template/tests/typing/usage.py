"""The types that users see. Checked by mypy --strict, never run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, assert_type

from cyclone_template import (
    BaseLoader,
    DictLoader,
    Loader,
    PackageLoader,
    ParseError,
    Template,
    TemplateError,
    TemplateNotFoundError,
    UnfiredDeferredError,
    filter_whitespace,
    use_escape,
)


def templates(either: str | bytes, loader: BaseLoader) -> None:
    """A template takes text or bytes; what it gives may be a Deferred."""
    template = Template(either, "a.html", loader, True, None)
    Template(either, name="a", loader=None, autoescape="f", whitespace="all", path="a.html")
    Template(None)  # type: ignore[arg-type]
    Template("", whitespace=True)  # type: ignore[arg-type]
    assert_type(template.name, str)
    assert_type(template.autoescape, str | None)
    assert_type(template.loader, BaseLoader | None)
    assert_type(template.namespace, Mapping[str, Any])
    assert_type(template.is_async, bool)
    assert_type(template.code, str)
    template.prepare()
    page = template.generate(self=1, anything=object())
    if isinstance(page, bytes):
        assert_type(page.decode(), str)


async def in_a_coroutine(template: Template) -> None:
    """In a coroutine it is always bytes."""
    assert_type(await template.generate_async(x=1), bytes)


def loaders(path: Path) -> None:
    """All loaders take the same options."""
    assert_type(Loader("templates", autoescape=None).load("a"), Template)
    assert_type(Loader(path, namespace={"a": 1}).root, str)
    assert_type(Loader([path, "other"], whitespace="single").roots, tuple[str, ...])
    assert_type(DictLoader({"a": "b"}).load("a", parent_path=None), Template)
    DictLoader({"a": b"b"}).reset()
    DictLoader({"a": 1})  # type: ignore[dict-item]
    assert_type(PackageLoader("package", "templates").templates, dict[str, Template])
    assert_type(PackageLoader("package").resolve_path("a", "b"), str)


class CustomLoader(BaseLoader):
    """A loader of one's own."""

    def _create_template(self, name: str) -> Template:
        return Template(name, name=name, loader=self)


def errors(parse: ParseError, missing: TemplateNotFoundError) -> None:
    """Errors have attributes, and one root."""
    assert_type(parse.message, str)
    assert_type(parse.filename, str | None)
    assert_type(parse.lineno, int)
    assert_type(missing.name, str)
    root: TemplateError = UnfiredDeferredError()
    raise root


def functions() -> None:
    """Modes of whitespace are any text; engines are three words."""
    assert_type(filter_whitespace("single", "a"), str)
    use_escape(use_escape("python"))
    use_escape("rust")  # type: ignore[arg-type]
