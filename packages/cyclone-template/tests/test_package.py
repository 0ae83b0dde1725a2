"""The package as a whole: its names, its imports, its README, and Python's -O."""

import importlib
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cyclone_template
from cyclone_template import (
    ParseError,
    TemplateError,
    TemplateNotFoundError,
    UnfiredDeferredError,
)

# Adding a public name means adding it here, on purpose.
NAMES = {
    "BaseLoader",
    "DictLoader",
    "Loader",
    "PackageLoader",
    "ParseError",
    "Template",
    "TemplateError",
    "TemplateNotFoundError",
    "UnfiredDeferredError",
    "filter_whitespace",
    "use_escape",
}

# Prints nothing and exits with 0 if every check holds; no assert, which -O would remove.
OPTIMIZED = """
import sys
from cyclone_template import DictLoader, ParseError, Template, TemplateNotFoundError

def refused(kind, function, *args):
    try:
        function(*args)
    except kind:
        return True
    return False

loader = DictLoader({"a": "[{% block x %}1{% end %}]", "b": "{% extends a %}{% block x %}2{% end %}"})
checks = {
    "optimized": not __debug__,
    "escape": Template("{{ x }}").generate(x="<") == b"&lt;",
    "inheritance": loader.load("b").generate() == b"[2]",
    "control": Template("{% for i in x %}{{ i }}{% else %}-{% end %}").generate(x=[1, 2]) == b"12-",
    "syntax": refused(ParseError, Template, "{{ 1 + }}"),
    "directive": refused(ParseError, Template, "{% if %}{% end %}"),
    "bytes": refused(ParseError, Template, b"\\xff"),
    "type": refused(TypeError, Template, None),
    "mode": refused(ValueError, Template, "", "x", None, False, None) is False,
    "missing": refused(TemplateNotFoundError, loader.load, "c"),
}
sys.exit(", ".join(name for name, fine in checks.items() if not fine) or 0)
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a fresh Python of the same version, in isolated mode."""
    return subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-I", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_public_names() -> None:
    """__all__ is the list above, each name is there and has a docstring."""
    assert set(cyclone_template.__all__) == NAMES
    assert len(cyclone_template.__all__) == len(NAMES)
    for name in NAMES:
        assert getattr(cyclone_template, name).__doc__


def test_modules_promise_what_the_package_exports() -> None:
    """Every exported name is in the __all__ of one of the modules."""
    promised: set[str] = set()
    for module in ("errors", "loader", "speedups", "template", "whitespace"):
        promised |= set(importlib.import_module(f"cyclone_template.{module}").__all__)
    assert promised >= NAMES


def test_import_needs_cyclone_escape_and_the_standard_library_only() -> None:
    """Importing and rendering loads nothing optional: no Twisted, no MarkupSafe, no Babel."""
    code = (
        "import sys; before = set(sys.modules); import cyclone_template; "
        "cyclone_template.Template('{{ x }}{% if y %}{% end %}'); "
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "print(sorted(new - set(sys.stdlib_module_names)))"
    )
    done = run("-c", code)
    assert (done.stdout.strip(), done.stderr) == ("['cyclone_escape', 'cyclone_template']", "")


def test_it_works_optimized() -> None:
    """Under python -O templates are read, rendered and refused as without."""
    done = run("-O", "-c", OPTIMIZED)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_readme_example_runs() -> None:
    """The first Python block of the README runs alone and prints what its comment says."""
    readme = Path(__file__).parent.parent / "README.md"
    if not readme.exists():
        pytest.skip("the README is not beside the tests: they run from an unpacked archive")
    block = re.search(r"```python\n(.*?)```", readme.read_text("utf-8"), re.DOTALL)
    assert block is not None
    done = run("-c", block[1])
    assert (done.returncode, done.stderr) == (0, "")
    promised = re.search(r"print\(error\)  # (.*)", block[1])
    assert promised is not None
    assert done.stdout == f"{promised[1]}\n"


def test_errors_have_one_root() -> None:
    """One except clause catches what the engine raises, and the older ones still do."""
    for kind in (ParseError, TemplateNotFoundError, UnfiredDeferredError):
        assert issubclass(kind, TemplateError)
    assert issubclass(TemplateNotFoundError, FileNotFoundError | KeyError)
    assert issubclass(UnfiredDeferredError, TypeError)


def test_parse_error() -> None:
    """A ParseError says where; file and line may be left out, as in Tornado."""
    error = ParseError("wrong", "a.html", 3)
    assert str(error) == "wrong at a.html:3"
    assert (error.message, error.filename, error.lineno) == ("wrong", "a.html", 3)
    assert str(ParseError("wrong")) == "wrong at None:0"


def test_errors_pickle() -> None:
    """Errors come out of another process as they went in."""
    parse = pickle.loads(pickle.dumps(ParseError("wrong", "a.html", 3)))  # noqa: S301  our own
    assert str(parse) == "wrong at a.html:3"
    missing = pickle.loads(pickle.dumps(TemplateNotFoundError("no a", "a")))  # noqa: S301  our own
    assert str(missing) == "no a"
    assert (missing.name, missing.filename, missing.errno) == ("a", "a", 2)
