"""The names of languages."""

import unicodedata

import pytest

from cyclone_locale import LOCALE_NAMES, normalize_code
from cyclone_locale.names import native_name


def test_the_table_is_well_formed() -> None:
    """Codes are normalized, names are not empty, composed, and without blanks around them."""
    assert len(LOCALE_NAMES) > 230
    for code, names in LOCALE_NAMES.items():
        assert normalize_code(code) == code
        assert set(names) == {"name_en", "name"}
        for name in names.values():
            assert isinstance(name, str)
            assert name == name.strip() != ""
            assert unicodedata.is_normalized("NFC", name)
        assert names["name_en"][0].isupper()
        first = names["name"][0]
        # The small letters of Georgian are the usual ones, also at the start.
        assert not first.islower() or unicodedata.name(first).startswith("GEORGIAN")


def test_the_table_is_read_only() -> None:
    """Nobody changes the names for everybody else."""
    with pytest.raises(TypeError):
        LOCALE_NAMES["xx"] = {"name_en": "X", "name": "X"}  # type: ignore[index]
    with pytest.raises(TypeError):
        LOCALE_NAMES["de"]["name"] = "X"  # type: ignore[index]


@pytest.mark.parametrize(
    ("code", "english", "native"),
    [
        ("en_US", "English (US)", "English (US)"),
        ("pt_BR", "Portuguese (Brazil)", "Português (Brasil)"),
        ("es_LA", "Spanish", "Español"),
        ("de_DE", "German", "Deutsch"),
        ("zh_TW", "Chinese (Traditional)", "中文(繁體)"),
        ("ar_AR", "Arabic", "العربية"),
        ("uk_UA", "Ukrainian", "Українська"),
        ("pl", "Polish", "Polski"),
    ],
)
def test_names_are_those_people_know(code: str, english: str, native: str) -> None:
    """Both names stand under the keys that Tornado uses."""
    assert LOCALE_NAMES[code] == {"name_en": english, "name": native}


@pytest.mark.parametrize(
    ("code", "name"),
    [("pt_MZ", "Português"), ("pt-br", "Português (Brasil)"), ("tlh", "Unknown"), ("?", "Unknown")],
)
def test_a_region_without_a_name_has_its_languages(code: str, name: str) -> None:
    """The closest code that the table has gives the name."""
    assert native_name(code) == name
