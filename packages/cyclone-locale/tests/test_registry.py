"""The registry: loading, choosing, the default locale, and the functions with Tornado's names."""

import errno
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import cyclone_locale
from cyclone_locale import (
    CatalogueDirectoryError,
    CSVLocale,
    GettextLocale,
    Locale,
    LocaleError,
    Registry,
    UnsupportedLocaleError,
)

Warnings = Callable[[], list[str]]
SOURCES = Path(__file__).parent / "catalogs"
LOCALES = {"en_US", "pt_BR", "pt", "es_ES", "ar", "pl", "zh_CN"}


def test_nothing_is_loaded_at_first(registry: Registry) -> None:
    """A new registry has the default locale, which translates nothing."""
    assert registry.get_supported_locales() == {"en_US"}
    locale = registry.get("pt_BR")
    assert (locale.code, locale.name, locale.rtl) == ("en_US", "English (US)", False)
    assert isinstance(locale, CSVLocale)
    assert locale.translations == {}
    assert locale.translate("school") == "school"


def test_csv_catalogues_load(registry: Registry, warnings: Warnings) -> None:
    """Each file is a locale, with its code, name and direction."""
    registry.load_translations(str(SOURCES))
    assert registry.get_supported_locales() == LOCALES
    assert isinstance(registry.get_supported_locales(), frozenset)
    found = {code: registry.get(code) for code in LOCALES}
    assert {code: type(locale) for code, locale in found.items()} == dict.fromkeys(
        LOCALES, CSVLocale
    )
    assert {code: locale.translate("school") for code, locale in found.items()} == {
        "en_US": "school",
        "pt_BR": "escola",
        "pt": "escola (pt)",
        "es_ES": "escuela",
        "ar": "مدرسة",
        "pl": "szkoła",
        "zh_CN": "学校",
    }
    assert found["zh_CN"].name == "中文(简体)"
    assert [code for code, locale in found.items() if locale.rtl] == ["ar"]
    assert warnings() == []


def test_gettext_catalogues_load(
    registry: Registry, gettext_tree: Path, warnings: Warnings
) -> None:
    """The same locales, from what msgfmt compiled; the domain is "cyclone" unless said."""
    registry.load_gettext_translations(gettext_tree)
    assert registry.get_supported_locales() == LOCALES
    assert {type(registry.get(code)) for code in LOCALES} == {GettextLocale}
    assert registry.get("ar").translate("school") == "مدرسة"
    assert warnings() == []


def test_another_domain(
    registry: Registry, compile_po: Callable[..., Path], tmp_path: Path
) -> None:
    """The domain names the file, and the default locale needs none."""
    compile_po(SOURCES / "pl.po", tmp_path, "pl", "shop")
    registry.load_gettext_translations(tmp_path, "shop")
    assert registry.get_supported_locales() == {"pl", "en_US"}
    assert type(registry.get("en_US")) is CSVLocale


def test_loading_replaces_what_was_loaded(registry: Registry, gettext_tree: Path) -> None:
    """The last call wins, and no locale of the one before is handed out again."""
    registry.load_translations(SOURCES)
    before = registry.get("pl")
    registry.load_gettext_translations(gettext_tree)
    assert isinstance(registry.get("pl"), GettextLocale)
    registry.load_translations(SOURCES)
    assert registry.get("pl") is not before
    assert before.translate("school") == "szkoła"


def test_a_locale_is_one_object(registry: Registry) -> None:
    """However it is asked for, until something is loaded or the default changes."""
    registry.load_translations(SOURCES)
    locale = registry.get("pt-br")
    assert locale is registry.get("xx", "pt_BR_x_foo") is registry.get_exact("pt_BR")
    registry.set_default_locale("pl")
    assert registry.get("pt_BR") is not locale


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["pt_BR"], "pt_BR"),
        (["PT-br", "pl"], "pt_BR"),
        (["pt-PT"], "pt"),
        (["tlh", "pl_PL"], "pl"),
        (["zh-Hans-CN"], "zh_CN"),
        ([None, "", "es_ES"], "es_ES"),
        (["es"], "en_US"),
        ([None], "en_US"),
        ([], "en_US"),
        (["\0", "é" * 1000, "*", "../..", "a" * 100_000, "_-_"], "en_US"),
    ],
)
def test_the_closest_locale_is_chosen(
    registry: Registry, codes: list[str | None], expected: str
) -> None:
    """The first code that fits, by the rules of closest_locale; else the default."""
    registry.load_translations(SOURCES)
    assert registry.get(*codes).code == expected


def test_the_default_locale(registry: Registry) -> None:
    """It answers when nothing fits, is always supported, and is written in any spelling."""
    registry.load_translations(SOURCES)
    registry.set_default_locale("pt-br")
    assert registry.get("tlh").code == "pt_BR"
    assert registry.get("tlh").translate("school") == "escola"
    registry.set_default_locale("fr_FR")
    assert registry.get_supported_locales() == LOCALES | {"fr_FR"}
    assert registry.get("tlh").name == "Français"
    assert registry.get("en_US").code == "en_US"
    with pytest.raises(ValueError, match="'no locale' is no locale code, such as 'pt_BR'"):
        registry.set_default_locale("no locale")
    assert registry.get().code == "fr_FR"


def test_an_exact_code_that_is_not_there(registry: Registry) -> None:
    """The error is of the package and a LookupError, and lists what there is."""
    registry.load_translations(SOURCES)
    with pytest.raises(
        UnsupportedLocaleError, match="no locale 'fr_FR'; supported are ar, en_US"
    ) as e:
        registry.get_exact("fr_FR")
    assert isinstance(e.value, LocaleError)
    assert isinstance(e.value, LookupError)
    assert e.value.code == "fr_FR"
    assert e.value.supported == sorted(LOCALES)
    with pytest.raises(UnsupportedLocaleError):
        registry.get_exact("pt-br")


def test_a_missing_message_is_borrowed(registry: Registry, gettext_tree: Path) -> None:
    """What pt_BR lacks comes from pt, for both kinds, plurals too; its own words stay its own."""
    registry.load_translations(SOURCES)
    csv = registry.get("pt_BR")
    registry.load_gettext_translations(gettext_tree)
    for locale in (csv, registry.get("pt_BR")):
        assert locale.translate("window") == "janela"
        assert locale.translate("school") == "escola"
        assert locale.translate("%(count)d door", "%(count)d doors", 2) == "%(count)d portas"
        assert locale.translate("roof") == "roof"
    assert registry.get("pt").translate("Sign out") == "Sign out"


@pytest.mark.parametrize("name", ["missing", "file"])
def test_a_missing_directory_is_an_error(tmp_path: Path, name: str, registry: Registry) -> None:
    """It names the directory, for both kinds, and what was loaded stays."""
    registry.load_translations(SOURCES)
    (tmp_path / "file").write_text("")
    for load in (registry.load_translations, registry.load_gettext_translations):
        with pytest.raises(CatalogueDirectoryError, match="cannot read the directory of") as caught:
            load(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)
        assert isinstance(caught.value, LocaleError)
        assert isinstance(caught.value, OSError)
        assert caught.value.errno in {errno.ENOENT, errno.ENOTDIR}
        assert caught.value.filename == str(tmp_path / name)
        assert "it holds files such as" in str(caught.value)
    assert registry.get_supported_locales() == LOCALES


def test_a_directory_without_catalogues_is_suspicious(
    tmp_path: Path, registry: Registry, warnings: Warnings
) -> None:
    """One warning says what was looked for: a wrong domain is easily written."""
    registry.load_translations(tmp_path)
    registry.load_gettext_translations(tmp_path, "shop")
    first, second = warnings()
    assert first == f"{tmp_path}: no catalogues in here; looked for files such as 'pt_BR.csv'"
    assert second.endswith("files such as 'pt_BR/LC_MESSAGES/shop.mo'")
    assert registry.get_supported_locales() == {"en_US"}


@pytest.mark.parametrize("name", ["README", "no way", "pt.old", "", "glossary", "c", "1"])
def test_a_name_that_is_no_locale(
    tmp_path: Path, name: str, registry: Registry, warnings: Warnings
) -> None:
    """One warning names the file, which is skipped; other kinds of files are not looked at."""
    (tmp_path / f"{name}.csv").write_text("a,b")
    (tmp_path / "pl.csv").write_text("a,b")
    (tmp_path / "notes.txt").write_text("a,b")
    registry.load_translations(tmp_path)
    assert registry.get_supported_locales() == {"pl", "en_US"}
    path = tmp_path / f"{name}.csv"
    assert warnings() == [f"{path}: {name!r} is no locale, such as 'pt_BR': skipped"]


def test_names_in_other_spellings(tmp_path: Path, registry: Registry, warnings: Warnings) -> None:
    """A file may be called pt-br; two files of one locale are one too many."""
    for name in ("es_ES", "es-es", "pt-br", "zh-hans-cn"):
        (tmp_path / f"{name}.csv").write_text(f"name,{name}")
    registry.load_translations(tmp_path)
    assert registry.get_supported_locales() == {"es_ES", "pt_BR", "zh_Hans_CN", "en_US"}
    assert registry.get("es_ES").translate("name") == "es_ES"
    (warning,) = warnings()
    assert warning == (
        f"{tmp_path / 'es-es.csv'}: this is es_ES too, as {tmp_path / 'es_ES.csv'}: skipped"
    )


def test_gettext_directories_of_other_names(
    compile_po: Callable[..., Path], tmp_path: Path, registry: Registry, warnings: Warnings
) -> None:
    """A POSIX modifier is understood, and a directory that is no locale is skipped."""
    compile_po(SOURCES / "pl.po", tmp_path, "sr@latin")
    stray = compile_po(SOURCES / "pl.po", tmp_path, "templates")
    (tmp_path / "empty").mkdir()
    registry.load_gettext_translations(tmp_path)
    assert registry.get_supported_locales() == {"sr_Latn", "en_US"}
    assert warnings() == [f"{stray}: 'templates' is no locale, such as 'pt_BR': skipped"]


@pytest.mark.parametrize("domain", ["", "a/b", "../cyclone", "a\0", ".", "..", "\ud800"])
def test_a_domain_is_the_name_of_a_file(tmp_path: Path, domain: str, registry: Registry) -> None:
    """It leads nowhere else."""
    with pytest.raises(ValueError, match="a domain is the name of a file"):
        registry.load_gettext_translations(tmp_path, domain)


def test_registries_do_not_disturb_each_other(default: Registry) -> None:
    """Two applications may have other catalogues and another default."""
    one, two = Registry(), Registry()
    one.load_translations(SOURCES)
    two.set_default_locale("pl")
    assert one.get("pl").translate("school") == "szkoła"
    assert two.get("pl").translate("school") == "school"
    assert one.get("tlh").code == "en_US"
    assert default.get("tlh").code == "en_US"


def test_functions_work_on_the_default_registry(default: Registry, gettext_tree: Path) -> None:
    """The names that Tornado's users know, and the class methods, share one registry."""
    cyclone_locale.load_gettext_translations(str(gettext_tree), "cyclone")
    assert cyclone_locale.get("pl-PL") is Locale.get("pl") is Locale.get_closest(None, "pl")
    cyclone_locale.load_translations(SOURCES, encoding="utf-8")
    assert cyclone_locale.get_supported_locales() == LOCALES == default.get_supported_locales()
    assert not cyclone_locale.reload_if_changed()
    cyclone_locale.set_default_locale("es_ES")
    assert cyclone_locale.get("tlh").code == "es_ES" == CSVLocale.get_closest().code
    cyclone_locale.use_cldr(False)
    with pytest.raises(UnsupportedLocaleError):
        Locale.get("tlh")


def test_readers_see_the_old_or_the_new_state(tmp_path: Path, registry: Registry) -> None:
    """While one thread loads, others never see half a catalogue, nor a locale without one."""
    for version in ("old", "new"):
        folder = tmp_path / version
        folder.mkdir()
        for code in ("de", "fr", "pl"):
            (folder / f"{code}.csv").write_text(f"first,{version}\nlast,{version}")
    registry.load_translations(tmp_path / "old")
    done = threading.Event()
    wrong: list[object] = []

    def read() -> None:
        while not done.is_set():
            if not registry.get_supported_locales() >= {"de", "fr", "pl"}:
                wrong.append(registry.get_supported_locales())
            locale = registry.get("fr")
            words = {locale.translate("first"), locale.translate("last")}
            if words not in ({"old"}, {"new"}):
                wrong.append(words)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for turn in range(100):
        registry.load_translations(tmp_path / ("old", "new")[turn % 2])
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_folders_may_be_called_as_posix_does(
    tmp_path: Path, compile_po: Callable[..., Path], registry: Registry, warnings: Warnings
) -> None:
    """Trees of gettext have `pt_BR.UTF-8` and `sr@latin`; what follows the dot must be an encoding."""
    for folder in (
        "pt_BR.UTF-8",
        "pl.ISO8859-2",
        "sr_RS.utf8@latin",
        "es_ES.old",
        "ar",
        "ar.UTF-8",
    ):
        compile_po(SOURCES / "pl.po", tmp_path, folder)
    registry.load_gettext_translations(tmp_path)
    assert registry.get_supported_locales() == {"pt_BR", "pl", "sr_Latn_RS", "ar", "en_US"}
    assert registry.get("pt_BR").translate("school") == "szkoła"
    first, second = sorted(warnings())
    assert "this is ar too" in first
    assert "'es_ES.old' is no locale" in second
    # For a CSV file it would name the file's encoding, which `encoding` says for all.
    (tmp_path / "pl.UTF-8.csv").write_text("a,b")
    registry.load_translations(tmp_path)
    assert registry.get_supported_locales() == {"en_US"}
    assert "'pl.UTF-8' is no locale" in warnings()[0]
