"""Escaping in C: the same output, and a fallback."""

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_escape import xhtml_escape
from cyclone_template import Template, use_escape
from cyclone_template.speedups import EscapeEngine, current_escape


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    """Leave the choice as it was."""
    before = use_escape("auto")
    yield
    use_escape(before)


PAGE = Template("{{ a }}{{ b }}")
VALUES = {"a": "<'\">&", "b": "&#39;&#34; plain \xe9"}
ESCAPED = b"&lt;&#x27;&quot;&gt;&amp;&amp;#39;&amp;#34; plain \xc3\xa9"


@pytest.mark.parametrize("engine", ["auto", "python"])
def test_output_is_the_same(engine: EscapeEngine) -> None:
    """Whatever escapes, the page is the same to the byte."""
    use_escape(engine)
    assert PAGE.generate(**VALUES) == ESCAPED


@pytest.mark.needs("markupsafe")
def test_c_is_taken_where_it_is_there() -> None:
    """With MarkupSafe installed its C function is in use, and can be asked for."""
    assert current_escape() is not xhtml_escape
    assert use_escape("c") == "auto"
    assert current_escape() is not xhtml_escape
    assert PAGE.generate(**VALUES) == ESCAPED


@pytest.mark.needs("markupsafe")
@given(st.text(alphabet=st.one_of(st.sampled_from("&<>\"'#39;x"), st.characters())))
def test_c_escapes_as_python_does(text: str) -> None:
    """The C function gives what xhtml_escape gives for every text."""
    use_escape("c")
    assert current_escape()(text) == xhtml_escape(text)


@pytest.mark.needs("markupsafe")
def test_markup_is_not_escaped_twice() -> None:
    """MarkupSafe's own strings are markup to every engine."""
    from markupsafe import Markup

    for engine in ("c", "python"):
        use_escape(engine)  # type: ignore[arg-type]  the loop widens the type
        assert PAGE.generate(a=Markup("<b>"), b="<") == b"<b>&lt;"


@pytest.mark.parametrize(
    "modules", [["markupsafe", "markupsafe._speedups"], ["markupsafe._speedups"]]
)
def test_without_markupsafe(monkeypatch: pytest.MonkeyPatch, modules: list[str]) -> None:
    """Without the C function the default is Python's, and to ask for C is an error with advice."""
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)
    assert use_escape("auto") == "auto"
    assert current_escape() is xhtml_escape
    with pytest.raises(RuntimeError, match=r'pip install "cyclone-template\[speedups\]"'):
        use_escape("c")
    assert PAGE.generate(**VALUES) == ESCAPED


def test_a_function_that_does_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A C function that does not prove what it does is not taken."""
    package, module = ModuleType("markupsafe"), ModuleType("markupsafe._speedups")
    module._escape_inner = str.upper  # type: ignore[attr-defined]
    package._speedups = module  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "markupsafe", package)
    monkeypatch.setitem(sys.modules, "markupsafe._speedups", module)
    use_escape("auto")
    assert current_escape() is xhtml_escape


def test_a_module_without_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """A MarkupSafe that has renamed its function is as good as none."""
    package, module = ModuleType("markupsafe"), ModuleType("markupsafe._speedups")
    package._speedups = module  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "markupsafe", package)
    monkeypatch.setitem(sys.modules, "markupsafe._speedups", module)
    use_escape("auto")
    assert current_escape() is xhtml_escape


def test_python_can_be_asked_for() -> None:
    """The standard library's escaping can be chosen, and the last choice comes back."""
    assert use_escape("python") == "auto"
    assert current_escape() is xhtml_escape
    assert use_escape("auto") == "python"


def test_unknown_engine() -> None:
    """A name that is none is an error that lists those that are."""
    with pytest.raises(
        ValueError, match="'rust' is no escape engine: write 'auto', 'c' or 'python'"
    ):
        use_escape("rust")  # type: ignore[arg-type]


def test_found_when_first_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing optional is looked for before a page is rendered."""
    from cyclone_template import speedups

    monkeypatch.setattr(speedups._choice, "function", None)
    assert PAGE.generate(**VALUES) == ESCAPED
    assert speedups._choice.function is not None
