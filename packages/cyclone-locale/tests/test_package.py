"""The package as a whole: its names, its imports, its README, and Python's -O."""

import copy
import errno
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cyclone_locale
from cyclone_locale import (
    CatalogueDirectoryError,
    LocaleError,
    MissingBabelError,
    Registry,
    UnsupportedLocaleError,
)

# Adding a public name means adding it here, on purpose.
NAMES = {
    *("CONTEXT_SEPARATOR", "CSVLocale", "CatalogueDirectoryError", "GettextLocale", "LOCALE_NAMES"),
    *("Locale", "LocaleError", "MissingBabelError", "Registry", "UnsupportedLocaleError"),
    *("closest_locale", "default_registry", "get", "get_supported_locales", "is_rtl"),
    *("load_gettext_translations", "load_translations", "normalize_code"),
    *("parse_accept_language", "reload_if_changed", "set_default_locale", "use_cldr"),
}

# Exits with 0 if every check holds; no assert, which -O would remove.
OPTIMIZED = """
import sys
import cyclone_locale as l

def refused(function, *args):
    try:
        function(*args)
    except (TypeError, ValueError, LookupError, OSError):
        return True
    return False

pl = l.CSVLocale("pl", {"unknown": {"a": "b"}})
checks = {
    "optimized": not __debug__,
    "get": l.get("tlh", None).code == "en_US" and refused(l.Locale.get, "tlh"),
    "translate": pl.translate("a") == "b" and refused(pl.translate, "a", "b"),
    "load_translations": refused(l.load_translations, "/nowhere/at/all"),
    "domain": refused(l.load_gettext_translations, ".", "a/b"),
    "set_default_locale": refused(l.set_default_locale, "?"),
    "format_date": pl.format_date(0) == "January 1, 1970 at 0:00" and refused(pl.format_date, "a"),
    "parse_accept_language": l.parse_accept_language("a;q=0,b;q=0.5,c") == [("c", 1), ("b", 0.5)],
}
sys.exit(", ".join(name for name, fine in checks.items() if not fine) or 0)
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a fresh Python of the same version, in isolated mode."""
    return subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-I", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_public_names() -> None:
    """__all__ is the list above, without repetition, and each name is there."""
    assert set(cyclone_locale.__all__) == NAMES
    assert len(cyclone_locale.__all__) == len(NAMES)
    for name in NAMES:
        assert hasattr(cyclone_locale, name)


def test_import_needs_the_standard_library_only() -> None:
    """Importing the package loads itself and the standard library, and not Babel if it is there."""
    code = (
        "import sys; before = set(sys.modules); import cyclone_locale; "
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "print(sorted(new - set(sys.stdlib_module_names)))"
    )
    done = run("-c", code)
    assert (done.stdout.strip(), done.stderr) == ("['cyclone_locale']", "")


def test_it_works_optimized() -> None:
    """Under python -O everything works, and refuses what it refuses without."""
    done = run("-O", "-c", OPTIMIZED)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


ERRORS = [
    LocaleError("a", 1),
    UnsupportedLocaleError("tlh", {"b", "a"}),
    CatalogueDirectoryError(errno.ENOENT, "No such file or directory", "/a/b"),
    MissingBabelError("use_cldr()"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_survive_pickling_and_copying(error: LocaleError) -> None:
    """Errors may come from a worker process, with their message and their attributes."""
    error.add_note("a note")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301
        assert type(again) is type(error)
        assert (str(again), repr(again), again.args) == (str(error), repr(error), error.args)
        assert vars(again) == vars(error)
        for name in ("name", "msg", "errno", "strerror", "filename"):
            assert getattr(again, name, None) == getattr(error, name, None)


def test_errors_tell_what_to_do() -> None:
    """The message says what happened, and what helps."""
    _, unsupported, directory, babel = map(str, ERRORS)
    assert "no locale 'tlh'; supported are a, b." in unsupported
    assert directory == "cannot read the directory of catalogues '/a/b': No such file or directory"
    assert babel == 'use_cldr() needs Babel. Type:  pip install "cyclone-locale[babel]"'


def readme_block(language: str, start: str = "") -> str:
    """Return the first block of the README in a language that begins like this."""
    readme = Path(__file__).parent.parent / "README.md"
    if not readme.exists():
        pytest.skip("the README is not beside the tests: they run from an unpacked archive")
    blocks = re.findall(rf"```{language}\n(.*?)```", readme.read_text("utf-8"), re.DOTALL)
    return str(next(block for block in blocks if block.startswith(start)))


def test_readme_example_runs() -> None:
    """The first Python block of the README runs alone and prints what it promises."""
    done = run("-X", "utf8", "-c", readme_block("python"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "Sair",
        "3 arquivos",
        "ontem às 14:05",
        "Português (Brasil)",
    ]


@pytest.mark.usefixtures("with_babel")
def test_readme_example_of_cldr_runs() -> None:
    """The block about CLDR runs alone, and prints what stands behind each line."""
    block = readme_block("python", "from datetime import")
    done = run("-X", "utf8", "-c", block)
    assert (done.returncode, done.stderr) == (0, "")
    promised = re.findall(r"^print\(.*\)  # (.*)$", block, re.MULTILINE)
    assert len(promised) == 3
    assert done.stdout.replace("\xa0", " ").splitlines() == promised


APP = """
print(_("school"), _("%(n)d file", "%(n)d files", n) % {"n": n})
print(locale.pgettext("law", "right"), locale.pgettext("stick", "club", "clubs", n))
"""
POLISH = {
    'msgid "school"\nmsgstr ""': 'msgid "school"\nmsgstr "szkoła w Łodzi"',
    'msgstr[0] ""': 'msgstr[0] "%(n)d plik żółty"',
    'msgstr[1] ""': 'msgstr[1] "%(n)d pliki żółte"',
    'msgstr[2] ""': 'msgstr[2] "%(n)d plików żółtych"',
}


@pytest.mark.parametrize("charset", ["C", "C.UTF-8"])
def test_readme_commands_run(tmp_path: Path, msgfmt: str, registry: Registry, charset: str) -> None:
    """The gettext commands, typed as they stand, make a catalogue that takes Polish letters."""
    block = readme_block("sh", "xgettext")
    extract, update = block.split("msgmerge", 1)
    (tmp_path / "app.py").write_text(APP)
    path = os.pathsep.join([str(Path(msgfmt).parent), os.defpath])

    def bash(script: str) -> None:
        subprocess.run(  # noqa: S603 - the block of the README
            ["/bin/bash", "-eu", "-c", script],
            cwd=tmp_path,
            env={"PATH": path, "LC_ALL": charset},
            check=True,
            capture_output=True,
            timeout=60,
        )

    bash(extract)
    catalogue = tmp_path / "pl.po"
    text = catalogue.read_text("utf-8")
    for message, translated in POLISH.items():
        assert message in text
        text = text.replace(message, translated, 1)
    catalogue.write_text(text, "utf-8")
    bash("msgmerge" + update)
    registry.load_gettext_translations(tmp_path / "locale")
    polish = registry.get("pl")
    assert polish.translate("school") == "szkoła w Łodzi"
    files = [polish.translate("%(n)d file", "%(n)d files", count) for count in (1, 3, 5)]
    assert files == ["%(n)d plik żółty", "%(n)d pliki żółte", "%(n)d plików żółtych"]
    contexts = re.findall(r'msgctxt "(.*)"', catalogue.read_text("utf-8"))
    assert contexts == ["law", "stick"]
