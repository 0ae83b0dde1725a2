"""Templates that extend and include each other."""

import pytest

from cyclone_template import BaseLoader, DictLoader, ParseError, Template, TemplateNotFoundError
from cyclone_template.loader import MAX_CHAIN


def render(files: dict[str, str], name: str = "page", **variables: object) -> str:
    """Render one of several templates."""
    page = DictLoader(dict(files)).load(name).generate(**variables)
    assert isinstance(page, bytes)
    return page.decode()


BASE = "[{% block a %}A{% end %}|{% block b %}B{% end %}]"


@pytest.mark.parametrize(
    ("page", "written"),
    [
        ("{% extends base %}", "[A|B]"),
        ("{% extends base %}{% block a %}1{% end %}", "[1|B]"),
        ("{% extends base %}{% block b %}2{% end %}{% block a %}1{% end %}", "[1|2]"),
        ("{% extends base %}{% block a %}{% end %}", "[|B]"),
        ("{% extends base %}{% block c %}3{% end %}", "[A|B]"),
        ("{% extends base %}{% block a %}<{% super %}>{% end %}", "[<A>|B]"),
        ("{% extends base %}{% block a %}{% super %}{% super %}{% end %}", "[AA|B]"),
        ("{% extends base %}{% block a %}1{% end %}{% block a %}2{% end %}", "[2|B]"),
        ("{% extends base %}{% block a %}{% block b %}3{% end %}{% end %}", "[3|3]"),
        ("{% extends base %}{% block a %}{% block c %}4{% end %}{% end %}", "[4|B]"),
        ("text{% extends base %}text", "[A|B]"),
        ("{% block a %}1{% end %}{% extends base %}", "[1|B]"),
        ("{% extends 'base' %}", "[A|B]"),
        ('{% extends "base" %}', "[A|B]"),
        ("{% extends\nbase %}", "[A|B]"),
    ],
)
def test_blocks(page: str, written: str) -> None:
    """A page is its parent, with the blocks that it replaces."""
    assert render({"base": BASE, "page": page}) == written


def test_a_base_is_a_page_too() -> None:
    """Without a child, each block holds what stands in it; names may hold blanks."""
    assert render({"page": BASE}) == "[A|B]"
    assert Template("{% block two words %}x{% end %}").generate() == b"x"


def test_what_stands_outside_of_blocks_is_ignored() -> None:
    """Text, expressions and statements of a child outside of its blocks do not run."""
    page = (
        "x{% extends base %}{{ 1 / 0 }}{% set a = 1 / 0 %}{% for i in 1 / 0 %}{% end %}"
        "{% if 1 %}{% block a %}1{% end %}{% end %}{% import no_such_module %}"
    )
    assert render({"base": BASE, "page": page}) == "[1|B]"


def test_mistakes_outside_of_blocks_are_told() -> None:
    """But it has to be a template: what is ignored is read."""
    with pytest.raises(ParseError, match="invalid syntax"):
        render({"base": BASE, "page": "{% extends base %}{{ a b }}"})


def test_super_over_three_levels() -> None:
    """Each {% super %} is one level, and a level without the block is skipped."""
    files = {
        "base": "[{% block a %}0{% end %}]",
        "one": "{% extends base %}{% block a %}1{% super %}1{% end %}",
        "two": "{% extends one %}",
        "three": "{% extends two %}{% block a %}3{% super %}{% super %}3{% end %}",
    }
    assert render(files, "three") == "[31011013]"
    assert render(files, "two") == "[101]"
    # A parent is no other page afterwards.
    loader = DictLoader(files)
    assert [loader.load(name).generate() for name in ("three", "one", "base")] == [
        b"[31011013]",
        b"[101]",
        b"[0]",
    ]


def test_super_in_the_middle() -> None:
    """{% super %} may stand in any block or loop, and brings nested blocks with it."""
    files = {
        "base": "{% block a %}({% block b %}b{% end %}){% end %}",
        "page": (
            "{% extends base %}{% block a %}{% for i in [1, 2] %}{% if i %}{{ i }}{% super %}"
            "{% end %}{% end %}{% end %}{% block b %}<{% super %}>{% end %}"
        ),
    }
    assert render(files) == "1(<b>)2(<b>)"


def test_super_in_nested_blocks() -> None:
    """The {% super %} of an inner block is the inner block's."""
    files = {
        "base": "{% block a %}A{% end %}{% block b %}B{% end %}",
        "page": "{% extends base %}{% block a %}1{% block b %}2{% super %}{% end %}{% super %}{% end %}",
    }
    assert render(files) == "12BA2B"


def test_super_sees_the_variables_around_it() -> None:
    """The parent's block is written in place: with the child's variables."""
    files = {
        "base": "{% set x = 1 %}{% block a %}{{ x }}{% end %}",
        "page": "{% extends base %}{% block a %}{% set x = 2 %}{% super %}{% end %}",
    }
    assert render(files) == "2"


def test_blocks_in_loops() -> None:
    """A block may stand in a loop, and its replacement sees the loop's variables."""
    files = {
        "base": "{% for i in xs %}{% block row %}{{ i }}{% end %};{% end %}",
        "page": "{% extends base %}{% block row %}<{{ i * 2 }}>{% super %}{% end %}",
    }
    assert render(files, xs=[1, 2]) == "<2>1;<4>2;"


def test_jumps_out_of_place() -> None:
    """A block with a break, brought by {% super %} to where no loop is, is an error."""
    files = {
        "base": "{% for i in xs %}\n{% block a %}{% break %}{% end %}{% end %}",
        "page": "{% extends base %}{% block a %}{% apply f %}{% super %}{% end %}{% end %}",
    }
    with pytest.raises(ParseError, match="'break' outside loop") as caught:
        render(files)
    assert (caught.value.filename, caught.value.lineno) == ("base", 2)


def test_includes() -> None:
    """An include is written in place, as often as it stands there, in blocks and loops too."""
    files = {
        "part": "<{{ x }}>",
        "page": "{% include part %}{% for x in [1, 2] %}{% include 'part' %}{% end %}"
        '{% block a %}{% include "part" %}{% end %}',
    }
    assert render(files, x=0) == "<0><1><2><2>"


def test_includes_in_includes() -> None:
    """Included files may include others."""
    files = {"page": "a{% include b %}a", "b": "b{% include c %}b", "c": "c{{ x }}"}
    assert render(files, x="x") == "abcxba"


def test_blocks_of_included_files() -> None:
    """The page and its children may replace the blocks of what they include, {% super %} works."""
    files = {
        "part": "<{% block p %}P{% end %}>",
        "base": "{% include part %}{% block a %}A{% end %}",
        "page": "{% extends base %}{% block p %}1{% super %}{% end %}{% block a %}{% end %}",
    }
    assert render(files, "base") == "<P>A"
    assert render(files) == "<1P>"


def test_the_last_definition_in_a_file_counts() -> None:
    """Of two blocks with one name, one of them in an included file, the last one counts."""
    part = "{% block a %}part{% end %}"
    assert (
        render({"part": part, "page": "{% block a %}page{% end %}|{% include part %}"})
        == "part|part"
    )
    assert (
        render({"part": part, "page": "{% include part %}|{% block a %}page{% end %}"})
        == "page|page"
    )


def test_includes_outside_of_blocks_bring_their_blocks() -> None:
    """As in Tornado, a child may keep its blocks in a file that it includes."""
    files = {
        "base": BASE,
        "blocks": "text{% block a %}1{% end %}",
        "page": "{% extends base %}{% include blocks %}",
    }
    assert render(files) == "[1|B]"


def test_an_include_that_extends() -> None:
    """An included file that extends another one is a page of its own: blocks do not mix."""
    files = {
        "base": BASE,
        "box": "{% extends base %}{% block a %}box{% super %}{% end %}",
        "page": "{% extends base %}{% block a %}({% include box %}){% end %}{% block b %}2{% end %}",
    }
    assert render(files) == "[([boxA|B])|2]"


def test_one_base_twice() -> None:
    """A page and what it includes may extend the same file, in each other's blocks."""
    files = {
        "base": "[{% block outer %}{% block inner %}i{% end %}{% end %}]",
        "box": "{% extends base %}{% block inner %}box{% end %}",
        "page": "{% extends base %}{% block inner %}{% include box %}{% include box %}{% end %}",
    }
    assert render(files) == "[[box][box]]"


def test_names_are_relative_to_the_file_in_which_they_stand() -> None:
    """A block from another directory keeps its own directory."""
    files = {
        "base.html": "{% block a %}{% end %}{% include part.html %}",
        "part.html": "root",
        "sub/part.html": "sub",
        "sub/page.html": "{% extends ../base.html %}{% block a %}{% include part.html %}"
        "{% include ./part.html %}{% include ../sub/part.html %}{% include ../part.html %}{% end %}",
        "/part.html": "absolute",
        "sub/absolute.html": "{% include /part.html %}",
    }
    assert render(files, "sub/page.html") == "subsubsubrootroot"
    assert render(files, "sub/absolute.html") == "absolute"


@pytest.mark.parametrize(
    ("files", "cycle"),
    [
        ({"page": "{% extends page %}"}, "page → page"),
        ({"page": "\n{% include page %}"}, "page → page"),
        ({"page": "{% extends a %}", "a": "{% extends page %}"}, "page → a → page"),
        ({"page": "{% include a %}", "a": "{% include a %}"}, "a → a"),
        ({"page": "{% include a %}", "a": "{% extends b %}", "b": "{% include a %}"}, "a → b → a"),
        (
            {"page": "{% if 0 %}{% include a %}{% end %}", "a": "{% include page %}"},
            "page → a → page",
        ),
    ],
)
def test_cycles(files: dict[str, str], cycle: str) -> None:
    """A template that needs itself is an error that shows the way round."""
    loader = DictLoader(files)
    for _ in range(2):  # and nothing half made is kept
        with pytest.raises(ParseError, match=f"may not need itself: {cycle} at ") as caught:
            loader.load("page")
        assert (caught.value.filename, caught.value.lineno) == (
            cycle.split(" → ")[-2],
            files[cycle.split(" → ")[-2]].count("\n") + 1,
        )
    loader.dict = {**files, "page": "fine"}
    assert loader.load("page").generate() == b"fine"


def test_cycles_of_a_loader_of_one_s_own() -> None:
    """A loader that keeps its templates itself, and changes them, cannot make a page endless."""

    class Shelf(BaseLoader):
        """A loader whose templates are put into it."""

        def load(self, name: str, parent_path: str | None = None) -> Template:
            return self.templates[self.resolve_path(name, parent_path)]

        def put(self, name: str, text: str) -> Template:
            """Make a template and keep it."""
            self.templates[name] = Template(text, name=name, loader=self)
            return self.templates[name]

    shelf = Shelf()
    shelf.put("a", "old")
    shelf.put("b", "{% extends a %}")
    assert shelf.put("a", "\n{% extends b %}").generate() == b"old"
    with pytest.raises(ParseError, match="may not extend itself: c → a → b → a") as caught:
        shelf.put("c", "{% extends a %}")
    assert (caught.value.filename, caught.value.lineno) == ("b", 1)


def test_a_missing_parent_says_who_wants_it() -> None:
    """The error names what is missing, and a note says where it was asked for."""
    loader = DictLoader({"a/page": "\n{% extends ../base %}"})
    with pytest.raises(TemplateNotFoundError, match="There is no template 'base'") as caught:
        loader.load("a/page")
    assert caught.value.name == "base"
    assert caught.value.__notes__ == ["It is extended or included at a/page:2"]


def test_many_parts() -> None:
    """Hundreds of blocks and includes in a page, and chains of dozens of parents, are fine."""
    files = {
        f"t{n}": f"{{% extends t{n - 1} %}}{{% block b{n} %}}{n},{{% end %}}" for n in range(1, 40)
    }
    files["t0"] = (
        "".join(f"{{% block b{n} %}}-{{% end %}}" for n in range(500)) + "{% include p %}" * 300
    )
    files["p"] = "p"
    written = "-" + "".join(f"{n}," for n in range(1, 40)) + "-" * 460 + "p" * 300
    assert render(files, "t39") == written


@pytest.mark.parametrize("word", ["extends", "include"])
def test_too_long_chains(word: str) -> None:
    """Templates that need each other too deep are an error that names both ends, not a crash."""
    files = {f"t{n}": f"\n{{% {word} t{n + 1} %}}" for n in range(MAX_CHAIN - 1)}
    files[f"t{MAX_CHAIN - 1}"] = "end"
    assert render(files, "t0").strip() == "end"
    files[f"t{MAX_CHAIN - 1}"] = f"\n\n{{% {word} t{MAX_CHAIN} %}}"
    with pytest.raises(ParseError, match="t0 needs t1 … needs t100") as caught:
        render(files, "t0")
    assert (caught.value.filename, caught.value.lineno) == (f"t{MAX_CHAIN - 1}", 3)
