"""Line numbers of compiled code, and the lines of templates that they stand for."""

import pytest

import cyclone_template.lines
from cyclone_template import DictLoader
from cyclone_template.lines import LineMap, new_source


def test_every_source_has_numbers_of_its_own() -> None:
    """No two sources share a number, however their lines end."""
    texts = ["", "a", "a\nb\n", "a\rb\r", "\r\n\r\n", "a\n" * 100]
    sources = [new_source(f"t{number}", text) for number, text in enumerate(texts)]
    lines = LineMap(reversed(sources))
    taken: set[int] = set()
    for source in sources:
        # A lone carriage return ends a line for Python, which may count that far.
        own = range(source.first, source.first + len(source.text.splitlines()) + 1)
        assert taken.isdisjoint(own)
        taken.update(own)
        assert [lines.locate(number) for number in own] == [
            (source, line) for line in range(1, len(own) + 1)
        ]


def test_numbers_before_all_sources() -> None:
    """A number that stands for nothing is taken for one of the first source."""
    source = new_source("t", "a")
    assert LineMap([source]).locate(source.first - 1) == (source, 0)


def test_the_numbers_start_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the numbers are used up they start again, and errors are still in the right place."""
    last = cyclone_template.lines._LAST_LINE
    monkeypatch.setattr(cyclone_template.lines, "_next_first", last - 8)
    loader = DictLoader(
        {
            "base": "\n\n{{ x }}{% block a %}{% end %}",
            "page": "\n{% extends base %}\n{% block a %}\n{{ 1 / x }}{% end %}",
        }
    )
    template = loader.load("page")
    sources = [template.file.source, loader.load("base").file.source]
    assert [source.first for source in sources] == [last - 8, 1]
    with pytest.raises(ZeroDivisionError) as caught:
        template.generate(x=0)
    traceback = caught.value.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    assert traceback is not None
    assert (traceback.tb_frame.f_code.co_filename, traceback.tb_lineno) == ("page", 4)
