"""Deferreds in expressions: the page goes on, and is filled when they have fired."""

import gc
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from cyclone_template import Template, TemplateError, UnfiredDeferredError
from cyclone_template.holes import Hole, deferred_type, fill


@pytest.fixture
def defer() -> ModuleType:
    """Twisted's module of Deferreds; only tests marked with it ask for it."""
    from twisted.internet import defer  # the bare run has no Twisted

    return defer


def upper(text: bytes) -> bytes:
    """An application's own function: from a template it gets bytes."""
    return text.upper()


def test_no_deferreds_without_twisted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Twisted there is no class of Deferreds, and a page is bytes at once."""
    monkeypatch.setitem(sys.modules, "twisted.internet.defer", None)
    assert deferred_type() is None
    assert Template("{% if x %}{{ x }}{% end %}").generate(x=1.5) == b"1.5"


def test_a_coroutine_needs_no_twisted_to_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A coroutine in an expression is closed, and the error says that await is missing."""
    monkeypatch.setitem(sys.modules, "twisted.internet.defer", None)

    async def load() -> str:
        return "never"

    with pytest.raises(UnfiredDeferredError, match=r"coroutine .*load\(\).*await"):
        Template("{{ load() }}").generate(load=load)
    with pytest.raises(UnfiredDeferredError, match="await"):
        Template("{% if load() %}{% end %}").generate(load=load)
    gc.collect()  # an unawaited coroutine would warn now, and warnings are errors


def test_other_awaitables_are_refused() -> None:
    """What only await can resolve, such as an asyncio Future, is refused with advice."""

    class Future:
        def __await__(self) -> Iterator[object]:
            yield self

    with pytest.raises(UnfiredDeferredError, match="await"):
        Template("{{ future }}").generate(future=Future())


@pytest.mark.needs("twisted")
class TestFired:
    """Deferreds that have fired already."""

    def test_the_page_is_there_at_once(self, defer: ModuleType) -> None:
        """A Deferred that has fired gives its value, escaped, and the page is bytes."""
        page = Template("a{{ d }}b{% raw d %}").generate(d=defer.succeed("<x>"))
        assert page == b"a&lt;x&gt;b<x>"

    @pytest.mark.parametrize(
        ("value", "written"),
        [
            (5, b"5"),
            (None, b"None"),
            (b"<", b"&lt;"),
            (1.5, b"1.5"),
            (["<"], b"[&#x27;&lt;&#x27;]"),
        ],
    )
    def test_any_value(self, defer: ModuleType, value: object, written: bytes) -> None:
        """The value is written as any other one."""
        assert Template("{{ d }}").generate(d=defer.succeed(value)) == written

    def test_failure_is_raised_in_place(self, defer: ModuleType) -> None:
        """A Deferred that has failed raises its error where it stands, and is then handled."""
        template = Template("{% try %}a{{ d }}b{% except KeyError as e %}{{ e }}{% end %}")
        assert template.generate(d=defer.fail(KeyError("k"))) == b"a&#x27;k&#x27;"
        gc.collect()  # an unhandled failure would be logged now

    def test_conditions_use_the_value(self, defer: ModuleType) -> None:
        """Directives that cannot wait see the value of a Deferred that has fired."""
        text = (
            "{% if d %}yes{% else %}no{% end %}{% for x in e %}{{ x }}{% end %}"
            "{% set y = f %}{{ y + 1 }}{% if not (1 and d) %}!{% end %}"
        )
        page = Template(text).generate(
            d=defer.succeed(0), e=defer.succeed([1, 2]), f=defer.succeed(4)
        )
        assert page == b"no125!"

    def test_conditions_look_at_values_only(self, defer: ModuleType) -> None:
        """An object of any other type is as true as Python says."""
        text = "{% if x %}yes{% else %}no{% end %}"
        for value in (1, 0, "", "a", [], [0], object(), (), None, 0.0, {}, {1}, b"", b"a"):
            assert Template(text).generate(x=value) == (b"yes" if value else b"no")
            assert Template(text).generate(x=defer.succeed(value)) == (b"yes" if value else b"no")

    def test_conditions_raise_the_failure(self, defer: ModuleType) -> None:
        """A directive raises the error of a Deferred that has failed."""
        with pytest.raises(KeyError):
            Template("{% if d %}{% end %}").generate(d=defer.fail(KeyError("k")))

    def test_fired_between_its_place_and_the_end(self, defer: ModuleType) -> None:
        """A Deferred that fires while the page goes on leaves no hole behind."""
        deferred = defer.Deferred()
        template = Template("a{{ d }}b{% set _ = d.callback('<') %}c")
        assert template.generate(d=deferred) == b"a&lt;bc"

    def test_failed_between_its_place_and_the_end(self, defer: ModuleType) -> None:
        """One that fails by the end of the page makes generate() raise its error."""
        deferred = defer.Deferred()
        template = Template("a{{ d }}{% set _ = d.errback(KeyError('k')) %}c")
        with pytest.raises(KeyError) as caught:
            template.generate(d=deferred)
        assert "<string>:1" in caught.value.__notes__[0]


@pytest.mark.needs("twisted")
class TestUnfired:
    """Deferreds that fire later."""

    def test_the_page_comes_later(self, defer: ModuleType) -> None:
        """The result is a Deferred, which fires with the bytes when all values are there."""
        first, second = defer.Deferred(), defer.Deferred()
        page = Template("a{{ x }}b{{ y }}c").generate(x=first, y=second)
        second.callback("<2>")
        assert not page.called
        first.callback("<1>")
        assert page.result == b"a&lt;1&gt;b&lt;2&gt;c"

    def test_one_deferred_in_many_places(self, defer: ModuleType) -> None:
        """A Deferred may stand in a page more than once and keeps its value for others."""
        deferred = defer.Deferred()
        page = Template("{{ d }}{% raw d %}{{ d }}").generate(d=deferred)
        deferred.callback("<")
        assert page.result == b"&lt;<&lt;"
        assert deferred.result == "<"

    def test_leaves_no_cycles(self, defer: ModuleType) -> None:
        """A page that came late is freed at once, without the garbage collector."""
        template = Template("{{ d }}{% apply f %}{{ d }}{% end %}")
        gc.collect()
        gc.disable()
        try:
            for _ in range(10):
                deferred = defer.Deferred()
                page = template.generate(d=deferred, f=upper)
                deferred.callback("x")
                assert page.result == b"xX"
            del deferred, page
            assert gc.collect() == 0
        finally:
            gc.enable()

    def test_a_value_that_is_a_deferred_again(self, defer: ModuleType) -> None:
        """A Deferred that fires with something that waits in turn is followed to the end."""
        outer, inner = defer.Deferred(), defer.Deferred()
        outer.addCallback(lambda _: inner)
        page = Template("{{ d }}").generate(d=outer)
        outer.callback(None)
        assert not page.called
        inner.callback("<")
        assert page.result == b"&lt;"

    def test_bytes_and_other_values(self, defer: ModuleType) -> None:
        """Values that come late are written as those that are there at once."""
        first, second = defer.Deferred(), defer.Deferred()
        page = Template("{{ x }}{% raw y %}").generate(x=first, y=second)
        first.callback(b"<")
        second.callback(b"\xff")
        assert page.result == b"&lt;\xff"

    def test_failure(self, defer: ModuleType) -> None:
        """The first failure makes the page fail, with a note that names the template's line."""
        first, second, third = defer.Deferred(), defer.Deferred(), defer.Deferred()
        page = Template("\n{{ x }}{{ y }}\n{{ z }}", name="p.html").generate(
            x=first, y=second, z=third
        )
        seen: list[Any] = []
        page.addErrback(seen.append)
        second.errback(KeyError("k"))
        third.errback(KeyError("a second error belongs to the same page"))
        first.callback("too late")
        (failure,) = seen
        assert failure.check(KeyError)
        assert failure.value.__notes__[0].endswith("p.html:2")
        gc.collect()

    def test_a_value_that_cannot_be_written(self, defer: ModuleType) -> None:
        """An error while a late value is written makes the page fail."""
        deferred = defer.Deferred()
        page = Template("{{ d }}").generate(d=deferred)
        seen: list[Any] = []
        page.addErrback(seen.append)
        deferred.callback(b"\xff")
        assert seen[0].check(UnicodeDecodeError)

    def test_cancelling_a_page_with_one_deferred_in_two_places(self, defer: ModuleType) -> None:
        """All that the page waits for is cancelled, once."""
        first, second = defer.Deferred(), defer.Deferred()
        page = Template("{{ x }}{{ y }}{{ x }}").generate(x=first, y=second)
        seen: list[Any] = []
        page.addErrback(seen.append)
        page.cancel()
        assert seen[0].check(defer.CancelledError)
        assert first.called
        assert second.called
        gc.collect()

    def test_cancelling_one_that_brings_another(self, defer: ModuleType) -> None:
        """To cancel one Deferred may make the next one fire."""
        second = defer.Deferred()
        first = defer.Deferred(lambda _: second.callback("y"))
        page = Template("{{ x }}{{ y }}").generate(x=first, y=second)
        seen: list[Any] = []
        page.addErrback(seen.append)
        page.cancel()
        assert seen[0].check(defer.CancelledError)
        assert second.result == "y"

    def test_two_pages_with_one_deferred_that_fails(self, defer: ModuleType) -> None:
        """Every page that uses it fails, before and after it has failed, and none writes None."""
        deferred = defer.Deferred()
        template = Template("{{ d }}")
        seen: list[Any] = []
        for page in (template.generate(d=deferred), template.generate(d=deferred)):
            page.addErrback(seen.append)
        deferred.errback(KeyError("k"))
        assert [failure.type for failure in seen] == [KeyError, KeyError]
        for text in ("{{ d }}", "{% if d %}{% end %}", "{% set x = d %}"):
            with pytest.raises(KeyError):
                Template(text).generate(d=deferred)
        deferred.addCallback(lambda _: "mended")
        assert template.generate(d=deferred) == b"mended"
        gc.collect()

    def test_a_late_value_that_cannot_be_written_names_the_line(self, defer: ModuleType) -> None:
        """An error that a value makes when it comes has a note with its place."""
        deferred = defer.Deferred()
        page = Template("\n{{ d }}", name="p.html").generate(d=deferred)
        seen: list[Any] = []
        page.addErrback(seen.append)
        deferred.callback(b"\xff")
        assert seen[0].value.__notes__[0].endswith("p.html:2")

    def test_cancelling_the_page(self, defer: ModuleType) -> None:
        """To cancel the page cancels what it still waits for, and nothing else."""
        first, second = defer.Deferred(), defer.Deferred()
        page = Template("{{ x }}{{ y }}").generate(x=first, y=second)
        first.callback("there")
        seen: list[Any] = []
        page.addErrback(seen.append)
        page.cancel()
        assert seen[0].check(defer.CancelledError)
        assert first.result == "there"
        assert second.called

    @pytest.mark.parametrize("fail", [False, True])
    def test_cancelling_what_cannot_be_cancelled(self, defer: ModuleType, fail: bool) -> None:
        """A Deferred that goes on after the page was cancelled does no harm."""
        deferred = defer.Deferred()
        deferred.pause()
        page = Template("{{ x }}").generate(x=deferred)
        if fail:
            deferred.errback(KeyError("k"))
        else:
            deferred.callback("x")
        seen: list[Any] = []
        page.addErrback(seen.append)
        page.cancel()
        deferred.unpause()
        assert seen[0].check(defer.CancelledError)
        gc.collect()

    @pytest.mark.parametrize(
        "text",
        [
            "{% if d %}{% end %}",
            "{% if x %}{% elif d %}{% end %}",
            "{% if x or d %}{% end %}",
            "{% if not d %}{% end %}",
            "{% while d %}{% end %}",
            "{% for x in d %}{% end %}",
            "{% set y = d %}",
        ],
    )
    def test_directives_that_cannot_wait(self, defer: ModuleType, text: str) -> None:
        """A directive that needs the value now says that await is missing."""
        with pytest.raises(UnfiredDeferredError, match="await") as caught:
            Template(text).generate(d=defer.Deferred(), x=False)
        assert isinstance(caught.value, TemplateError)

    def test_no_value_can_forge_a_marker(self, defer: ModuleType) -> None:
        """Text that looks like a marker is not taken for one: it cannot be encoded at all."""
        deferred = defer.Deferred()
        deferred.callback("there")
        text = Template("{{ d }}{{ v }}").generate(d=deferred, v="plain")
        assert text == b"thereplain"
        waiting = defer.Deferred()
        with pytest.raises(UnicodeEncodeError):
            Template("{{ d }}{{ v }}").generate(d=waiting, v="\ud8000123456789abcdef\udfff")


@pytest.mark.needs("twisted")
class TestApply:
    """``{% apply %}`` over text with holes."""

    def test_applied_when_the_text_is_there(self, defer: ModuleType) -> None:
        """The function sees the finished text of its body, and the rest of the page none of it."""
        deferred = defer.Deferred()
        page = Template("a{% apply f %}b{{ d }}c{% end %}d").generate(d=deferred, f=upper)
        deferred.callback("<")
        assert page.result == b"aB&LT;Cd"

    def test_applied_twice(self, defer: ModuleType) -> None:
        """One apply in another one waits for the inner one."""
        deferred = defer.Deferred()
        text = "{% apply g %}x{% apply f %}{{ d }}{% end %}{% end %}"
        page = Template(text).generate(d=deferred, f=upper, g=lambda text: b"(" + text + b")")
        deferred.callback("y")
        assert page.result == b"(xY)"

    def test_a_hole_that_is_filled_at_once(self, defer: ModuleType) -> None:
        """If its Deferred fires before the page ends, the page is bytes."""
        deferred = defer.Deferred()
        template = Template("{% apply f %}{{ d }}{% end %}{% set _ = d.callback('y') %}")
        assert template.generate(d=deferred, f=upper) == b"Y"

    def test_a_function_that_returns_a_deferred(self, defer: ModuleType) -> None:
        """What the function returns may wait, too."""
        deferred = defer.Deferred()
        page = Template("{% apply f %}x{% end %}").generate(f=lambda _: deferred)
        deferred.callback("<y>")
        assert page.result == b"<y>"

    def test_over_a_hole_to_another_hole(self, defer: ModuleType) -> None:
        """A function that is applied late may return a Deferred as well."""
        first, second = defer.Deferred(), defer.Deferred()
        page = Template("{% apply f %}{{ d }}{% end %}").generate(d=first, f=lambda _: second)
        first.callback("x")
        assert not page.called
        second.callback("y")
        assert page.result == b"y"

    def test_module_may_return_a_deferred(self, defer: ModuleType) -> None:
        """A UI module's markup may come later and is not escaped."""
        deferred = defer.Deferred()

        class Modules:
            def Entry(self) -> object:  # noqa: N802  modules are classes to a template
                return deferred

        page = Template("{% module Entry() %}").generate(_tt_modules=Modules())
        deferred.callback("<b>")
        assert page.result == b"<b>"


def test_fill_without_holes() -> None:
    """Text without holes is encoded."""
    assert fill("é", []) == b"\xc3\xa9"


def test_fill_leaves_unknown_markers_alone() -> None:
    """Only the page's own markers are replaced."""
    hole = Hole(lambda: b"!")
    assert fill(f"a{hole.marker}b{hole.marker}", [hole]) == b"a!b!"
    with pytest.raises(UnicodeEncodeError):
        fill(f"a{Hole(lambda: b'').marker}b", [hole])
