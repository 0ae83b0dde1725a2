"""What is shown of a traceback."""

import json
import linecache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import twisted
from cyclone_core.web.debugpage.frames import Block, Frame, Section, sections, shorten


def fail_in(tmp_path: Path, text: str, **names: object) -> tuple[Section, Frame]:
    """Run a file; return the section of what it raises, and its own frame."""
    path = tmp_path / "program.py"
    path.write_text(text, encoding="utf-8")
    code = compile(text, str(path), "exec")
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- any
        exec(code, {"__name__": "program", **names})  # noqa: S102
    section = sections(caught.value, caught.tb)[0]
    frames = [frame for block in section.blocks for frame in block.frames]
    (own,) = (frame for frame in frames if frame.file.endswith("program.py"))
    return section, own


def marked(frame: Frame) -> str:
    """Return what is marked in the line that failed."""
    (current,) = (line for line in frame.lines if line.current)
    return current.failed


def test_source(tmp_path: Path) -> None:
    """Five lines before and behind, without empty ones at the ends; what has failed is marked."""
    lines = [f"x{number} = {number}" for number in range(1, 8)] + [
        "",
        "",
        "y = x1 + 1 / 0",
        "",
        "z",
    ]
    _, frame = fail_in(tmp_path, "\n".join(lines))
    assert [line.number for line in frame.lines] == [5, 6, 7, 8, 9, 10, 11, 12]
    assert marked(frame) == "1 / 0"
    assert frame.text == "y = x1 + 1 / 0"
    assert (frame.kind, frame.module, frame.line, frame.function) == (
        "application",
        "program",
        10,
        "",
    )


def test_short_source(tmp_path: Path) -> None:
    """A file may be shorter than what would be shown of it."""
    _, frame = fail_in(tmp_path, "\n\n1 / 0\n\n")
    assert [line.number for line in frame.lines] == [3]
    assert marked(frame) == "", "all of a line is not marked"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("äöü = 'ä'; x = äöü + 1 + 2", "äöü + 1"),
        ("x = [\n    1,\n    None + 1,\n]", "None + 1"),
        ("x = max(1,\n  None)", "max(1,"),
        ("\tx = 1".strip() + "; y = 1 + None", "1 + None"),
    ],
)
def test_marked(tmp_path: Path, text: str, expected: str) -> None:
    """Columns are counted in characters; of several lines the first is marked to its end."""
    _, frame = fail_in(tmp_path, text)
    assert marked(frame) == expected


def test_inner_line(tmp_path: Path) -> None:
    """Of an expression of several lines the line is shown that Python names, and marked there."""
    _, frame = fail_in(tmp_path, "x = (1\n  + 2\n  + f(\n   3))", f=lambda _: 1 / 0)
    assert frame.line == 3
    _, frame = fail_in(tmp_path, "x = [\n  f(1)\n  .y(\n 2)]", f=lambda _: 0)
    assert frame.line == 3
    assert marked(frame) == "y"


def test_changed_source(tmp_path: Path) -> None:
    """The source is read anew when the file has changed."""
    fail_in(tmp_path, "1 / 0  # old")
    _, frame = fail_in(tmp_path, "1 / 0  # the new one")
    assert frame.text == "1 / 0  # the new one"


def test_missing_source(tmp_path: Path) -> None:
    """A file that has gone has no lines."""
    _, frame = fail_in(
        tmp_path, "import pathlib\npathlib.Path(gone).unlink()\n1 / 0", gone=tmp_path / "program.py"
    )
    assert frame.lines == ()
    assert frame.text == ""


def test_libraries(tmp_path: Path) -> None:
    """Frames of Python, Twisted and our own packages are put together; the application's are not."""
    section, own = fail_in(tmp_path, "import json\njson.loads('{')", loads=json.loads)
    *before, libraries = section.blocks[-2:]
    assert before == [Block(own=True, frames=(own,))]
    assert not libraries.own
    assert {frame.kind for frame in libraries.frames} == {"library"}
    assert libraries.packages == "json"


@pytest.mark.parametrize(
    ("file", "module", "kind"),
    [
        ("/x/site-packages/thing/a.py", "thing.a", "library"),
        ("/x/dist-packages/thing/a.py", "thing.a", "library"),
        ("<frozen runpy>", "runpy", "library"),
        ("/srv/cyclone/a.py", "cyclone.web", "library"),
        ("<generated>", "cyclone_core.web.handler", "library"),
        ("/srv/a.py", "cyclonic", "application"),
        ("<string>", "__main__", "application"),
        ("/srv/a.py", "", "application"),
    ],
)
def test_kinds(file: str, module: str, kind: str) -> None:
    """Whose code it is, is told by the module's name and by where the file is."""
    names: dict[str, Any] = {"__name__": module}
    exec(compile("def f(): 1 / 0", file, "exec"), names)  # noqa: S102
    with pytest.raises(ZeroDivisionError) as caught:
        names["f"]()
    (section,) = sections(caught.value, caught.tb)
    assert section.blocks[-1].frames[-1].kind == kind


def test_odd_traceback() -> None:
    """What Twisted makes in the place of a traceback may lack nearly everything."""
    code = SimpleNamespace(co_filename="nowhere.py", co_name="<module>")
    frame = SimpleNamespace(f_code=code, f_globals={})
    trace: Any = SimpleNamespace(tb_frame=frame, tb_lineno=None, tb_lasti=0, tb_next=None)
    ((block,),) = [each.blocks for each in sections(ValueError(), trace)]
    (shown,) = block.frames
    assert (shown.module, shown.line, shown.function, shown.lines) == ("nowhere.py", 0, "", ())


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (SyntaxError("wrong", ("program.py", 2, 1, "x")), True),
        (SyntaxError("wrong"), False),
        (SyntaxError("wrong", ("program.py", None, None, None)), False),
        (OSError(2, "not there", "program.py"), False),
    ],
)
def test_place_of_text(
    error: Exception, found: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that Python cannot read is shown where it is wrong."""
    monkeypatch.chdir(tmp_path)
    Path("program.py").write_text("a\nb\nc\n", encoding="utf-8")
    linecache.clearcache()
    (section,) = sections(error, None)
    assert bool(section.blocks) is found
    if found:
        (frame,) = section.blocks[0].frames
        assert (frame.kind, frame.line, frame.text) == ("application", 2, "b")


def test_names() -> None:
    """A class is named with its module, unless everybody knows it."""
    assert [each.name for each in sections(ValueError(), None)] == ["ValueError"]
    assert [each.name for each in sections(json.JSONDecodeError("", "", 0), None)] == [
        "json.decoder.JSONDecodeError"
    ]


def test_single_note() -> None:
    """Notes may be anything; a single one is one."""
    error = ValueError()
    error.__notes__ = "a note"  # type: ignore[assignment] # anybody may set anything
    assert sections(error, None)[0].notes == ("a note",)


def test_shorten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths below the working directory are relative, those of installed packages begin with them."""
    monkeypatch.chdir(tmp_path)
    assert shorten(str(tmp_path / "folder" / "a.py")) == "folder/a.py"
    assert shorten("/elsewhere/a.py") == "/elsewhere/a.py"
    assert shorten(str(twisted.__file__)) == "twisted/__init__.py"


def test_shorten_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory may have been removed."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert shorten(str(tmp_path / "a.py")) == str(tmp_path / "a.py")


def test_at_most_twelve() -> None:
    """Of endless causes the first ones are shown."""
    error = ValueError(0)
    for number in range(1, 50):
        following = ValueError(number)
        following.__cause__, error = error, following
    assert len(sections(error, None)) == 12
