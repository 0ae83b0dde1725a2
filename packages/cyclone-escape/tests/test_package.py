"""The package as a whole: its names, its imports, its README, and Python's -O."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import cyclone_escape

# Adding a public name means adding it here, on purpose.
NAMES = {
    "ObjectDict",
    "_unicode",
    "import_object",
    "json_decode",
    "json_encode",
    "linkify",
    "native_str",
    "parse_qs_bytes",
    "recursive_unicode",
    "squeeze",
    "to_basestring",
    "to_unicode",
    "url_escape",
    "url_unescape",
    "use_json",
    "utf8",
    "xhtml_escape",
    "xhtml_unescape",
}

# Prints nothing and exits with 0 if every check holds; no assert, which -O would remove.
OPTIMIZED = """
import sys
import cyclone_escape as e

def refused(function, *args):
    try:
        function(*args)
    except (TypeError, ValueError, AttributeError, ImportError):
        return True
    return False

checks = {
    "optimized": not __debug__,
    "xhtml_escape": e.xhtml_escape("<'") == "&lt;&#x27;" and refused(e.xhtml_escape, None),
    "xhtml_unescape": e.xhtml_unescape("&lt;") == "<" and refused(e.xhtml_unescape, 1),
    "utf8": e.utf8("a") == b"a" and refused(e.utf8, 1),
    "to_unicode": e.to_unicode(b"a") == "a" and refused(e.to_unicode, 1),
    "json": e.json_encode({b"a": "</"}) == '{"a": "<\\\\/"}' and refused(e.json_decode, None),
    "use_json": refused(e.use_json, "other") and e.use_json("stdlib") == "stdlib",
    "url": e.url_unescape(e.url_escape("a b")) == "a b" and refused(e.url_escape, None),
    "fields": refused(lambda: e.parse_qs_bytes("a&b", max_num_fields=1)),
    "linkify": "<a " in e.linkify("www.x.com") and refused(e.linkify, None),
    "ObjectDict": e.ObjectDict(a=1).a == 1 and refused(getattr, e.ObjectDict(), "a"),
    "import_object": e.import_object("sys") is sys and refused(e.import_object, "sys.zzz"),
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
    assert set(cyclone_escape.__all__) == NAMES
    assert len(cyclone_escape.__all__) == len(NAMES)
    for name in NAMES:
        assert getattr(cyclone_escape, name).__doc__


def test_modules_promise_what_the_package_exports() -> None:
    """Every exported name is in the __all__ of the module that defines it."""
    modules = ["html", "imports", "json", "links", "objects", "orjson", "text", "url"]
    promised: set[str] = set()
    for module in modules:
        promised |= set(cyclone_escape.import_object(f"cyclone_escape.{module}.__all__"))
    assert promised - {"HasHTML"} == NAMES


def test_import_needs_the_standard_library_only() -> None:
    """Importing the package loads nothing but itself and modules of the standard library."""
    code = (
        "import sys; before = set(sys.modules); import cyclone_escape; "
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "print(sorted(new - set(sys.stdlib_module_names)))"
    )
    done = run("-c", code)
    assert (done.stdout.strip(), done.stderr) == ("['cyclone_escape']", "")


def test_it_works_optimized() -> None:
    """Under python -O every function works, and refuses what it refuses without."""
    done = run("-O", "-c", OPTIMIZED)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_readme_example_runs() -> None:
    """The first Python block of the README runs alone and prints what it promises."""
    readme = Path(__file__).parent.parent / "README.md"
    if not readme.exists():
        pytest.skip("the README is not beside the tests: they run from an unpacked archive")
    block = re.search(r"```python\n(.*?)```", readme.read_text("utf-8"), re.DOTALL)
    assert block is not None
    done = run("-c", block[1])
    assert (done.returncode, done.stderr) == (0, "")
    assert '<a href="http://www.example.com/a_(b)">' in done.stdout
    assert "<\\/script>" in done.stdout
