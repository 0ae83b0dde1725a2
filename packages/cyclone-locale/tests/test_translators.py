"""Translating: messages, plurals and contexts, with both kinds of catalogues."""

from collections.abc import Callable
from gettext import NullTranslations
from pathlib import Path

import pytest

from cyclone_locale import CONTEXT_SEPARATOR, CSVLocale, GettextLocale, Locale, Registry

Warnings = Callable[[], list[str]]
SOURCES = Path(__file__).parent / "catalogs"
FILES = ("%(count)d file", "%(count)d files")


@pytest.fixture
def csv(registry: Registry) -> Registry:
    """Load the CSV catalogues."""
    registry.load_translations(SOURCES)
    return registry


@pytest.fixture
def gettext(registry: Registry, gettext_tree: Path) -> Registry:
    """Load the compiled catalogues."""
    registry.load_gettext_translations(gettext_tree)
    return registry


@pytest.mark.parametrize(
    ("code", "forms"),
    [
        ("en_US", {0: "0 files", 1: "1 file", 2: "2 files"}),
        ("pt_BR", {0: "0 arquivo", 1: "1 arquivo", 2: "2 arquivos"}),
        ("es_ES", {0: "0 archivos", 1: "1 archivo", 2: "2 archivos"}),
        ("pl", {1: "1 plik", 2: "2 pliki", 5: "5 plików", 12: "12 plików", 22: "22 pliki"}),
        (
            "ar",
            {0: "لا ملفات", 1: "ملف واحد", 2: "ملفان", 3: "3 ملفات", 11: "11 ملفًا", 100: "100 ملف"},
        ),
        ("zh_CN", {0: "0 个文件", 1: "1 个文件", 2: "2 个文件"}),
        ("tlh", {0: "0 files", 1: "1 file", 2: "2 files"}),
    ],
)
def test_gettext_has_every_plural_form(gettext: Registry, code: str, forms: dict[int, str]) -> None:
    """One form in Chinese, three in Polish, six in Arabic: the catalogue's own rule decides."""
    locale = gettext.get(code)
    assert {n: locale.translate(*FILES, n) % {"count": n} for n in forms} == forms


@pytest.mark.parametrize(
    ("code", "forms"),
    [
        ("pt_BR", ["%(count)d arquivos", "%(count)d arquivo", "%(count)d arquivos"]),
        ("pl", ["%(count)d plików", "%(count)d plik", "%(count)d plików"]),
        ("ar", ["%(count)d files", "%(count)d file", "%(count)d files"]),
        ("tlh", ["%(count)d files", "%(count)d file", "%(count)d files"]),
    ],
)
def test_csv_has_a_singular_and_a_plural(csv: Registry, code: str, forms: list[str]) -> None:
    """Without CLDR the number 1 is the singular, and rows for other categories do not count."""
    assert [csv.get(code).translate(*FILES, count) for count in (0, 1, 2)] == forms


def test_csv_may_use_one_message_for_both(csv: Registry) -> None:
    """The indicator tells the rows apart, where English needs one sentence."""
    locale = csv.get("es_ES")
    message = "%(name)s liked this"
    assert locale.translate(message, message, 1) % {"name": "Ana"} == "A Ana le gustó esto"
    assert (
        locale.translate(message, message, 2) % {"name": "Ana y Eva"}
        == "A Ana y Eva les gustó esto"
    )
    assert locale.translate(message) == message


def test_a_plural_needs_a_count(registry: Registry, gettext_tree: Path) -> None:
    """It is a TypeError that says so, also under python -O."""
    registry.load_translations(SOURCES)
    csv = registry.get("pl")
    registry.load_gettext_translations(gettext_tree)
    for locale in (csv, registry.get("pl")):
        with pytest.raises(TypeError, match="needs a count"):
            locale.translate(*FILES)
        with pytest.raises(TypeError, match="needs a count"):
            locale.pgettext("stick", "club", "clubs")


def test_the_empty_message_is_empty(registry: Registry, gettext_tree: Path) -> None:
    """The head of a catalogue, with its translators, is no translation."""
    registry.load_translations(SOURCES)
    assert registry.get("pl").translate("") == ""
    registry.load_gettext_translations(gettext_tree)
    locale = registry.get("pl")
    assert isinstance(locale, GettextLocale)
    assert locale.translate("") == ""
    assert "Plural-Forms" in locale.translations.gettext("")


@pytest.mark.parametrize(
    ("code", "law", "direction"),
    [("en_US", "right", "right"), ("pt_BR", "direito", "direita"), ("pl", "prawo", "prawa strona")],
)
def test_a_context_tells_meanings_apart(
    gettext: Registry, code: str, law: str, direction: str
) -> None:
    """The same word is translated twice, and a context that is not there is left out."""
    locale = gettext.get(code)
    assert locale.pgettext("law", "right") == law
    assert locale.pgettext("direction", "right") == direction
    assert locale.pgettext("politics", "right") == "right"
    assert locale.pgettext("anything", "school") == "school"  # as in Tornado


def test_a_context_goes_with_a_plural(gettext: Registry) -> None:
    """Three forms for each meaning in Polish; without the context it is looked for without."""
    locale = gettext.get("pl")
    clubs = [locale.pgettext("organization", "club", "clubs", count) for count in (1, 2, 5)]
    sticks = [locale.pgettext("stick", "club", "clubs", count) for count in (1, 2, 5)]
    assert clubs == ["klub", "kluby", "klubów"]
    assert sticks == ["kij", "kije", "kijów"]
    assert locale.pgettext("card", "club", "clubs", 1) == "club"
    assert locale.pgettext("card", "club", "clubs", 2) == "clubs"
    assert locale.pgettext("disk", *FILES, 2) == "%(count)d pliki"
    assert CONTEXT_SEPARATOR not in locale.pgettext("card", "club", "clubs", 2)


def test_csv_has_no_contexts(csv: Registry, warnings: Warnings) -> None:
    """The context is left out, with one warning for each locale that has a catalogue."""
    locale = csv.get("es_ES")
    assert locale.pgettext("building", "school") == "escuela"
    assert locale.pgettext("disk", *FILES, 2) == "%(count)d archivos"
    (warning,) = warnings()
    assert "pgettext() translates without the context in es_ES" in warning
    assert Registry().get("en_US").pgettext("building", "school") == "school"
    assert warnings() == []


def test_a_locale_shows_itself() -> None:
    """Class and code, for logs and debuggers."""
    assert repr(GettextLocale("pl", NullTranslations())) == "<GettextLocale pl>"
    assert repr(CSVLocale("pt_BR", {})) == "<CSVLocale pt_BR>"


def test_a_locale_is_of_one_kind() -> None:
    """The base class does not translate, so it cannot be made."""
    with pytest.raises(TypeError, match="abstract"):
        Locale("pt_BR")  # type: ignore[abstract]
