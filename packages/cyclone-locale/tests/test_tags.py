"""Locale codes: spelling, what may stand for what, direction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_locale import Registry, is_rtl, normalize_code
from cyclone_locale.tags import MAX_TAG_LENGTH, Tag, fallbacks, parents, parse_code

PARTS = st.sampled_from(
    ["pt", "BR", "zh", "Hans", "latin", "-", "_", "@", ".", "x", "419", "UTF-8", "1996", "é", "\0"]
)
CODES = st.lists(PARTS).map("".join) | st.text()


@pytest.mark.parametrize(
    ("code", "normalized"),
    [
        ("pt", "pt"),
        ("pt-br", "pt_BR"),
        ("PT_BR", "pt_BR"),
        ("pt_BR.UTF-8", "pt_BR"),
        ("es-419", "es_419"),
        ("en_USA", "en_USA"),
        ("SR-LATN-rs", "sr_Latn_RS"),
        ("sr@latin", "sr_Latn"),
        ("sr_RS.UTF-8@latin", "sr_Latn_RS"),
        ("sr_Cyrl@latin", "sr_Cyrl"),
        ("ca@Valencia", "ca_valencia"),
        ("ca_ES@valencia", "ca_ES_valencia"),
        ("zh-Hans-CN", "zh_Hans_CN"),
        ("de-DE-1996", "de_DE_1996"),
        ("en-us-x-FOO", "en_US_x_foo"),
        ("sl-rozaj-biske", "sl_rozaj_biske"),
        ("C", "c"),
        ("x-klingon", "x_klingon"),
    ],
)
def test_every_spelling_is_normalized(code: str, normalized: str) -> None:
    """Codes of HTTP, of gettext and of POSIX become what gettext writes."""
    assert normalize_code(code) == normalized
    assert normalize_code(normalized) == normalized


@pytest.mark.parametrize(
    "code",
    [
        *("", "_", "*", "pt_", "_BR", "pt__BR", "pt BR", "1", "pt\n", "pt_BR@", "pt@é", "../pt"),
        *("português", "toolongtag", "pt_toolongtag", "a" * (MAX_TAG_LENGTH + 1), "p\0t", "٣"),
    ],
)
def test_what_is_no_code_is_none(code: str) -> None:
    """Other text is no code, has nothing to fall back on, and is not written from the right."""
    expected = "pt_BR" if code == "pt_BR@" else None  # an empty modifier says nothing
    assert normalize_code(code) == expected
    if expected is None:
        assert (fallbacks(code), parents(code), is_rtl(code)) == ((), [], False)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("pt", "pt"),
        ("pt-br", "pt_BR pt"),
        ("sr-Latn", "sr_Latn sr"),
        ("sr-Latn-RS", "sr_Latn_RS sr_Latn sr_RS sr"),
        ("en-us-x-foo", "en_US_x_foo en_US en"),
        ("de-DE-1996-x-a-b", "de_DE_1996 de_DE de"),
        ("sl-rozaj-biske", "sl_rozaj_biske sl_rozaj sl"),
        ("iw-IL", "iw_IL iw he_IL he"),
        ("nb", "nb no"),
        ("tl", "tl fil"),
        ("zh", "zh"),
        ("zh-Hans-CN", "zh_Hans_CN zh_Hans zh_CN zh"),
        ("zh-CN", "zh_CN zh_Hans_CN zh_Hans zh"),
        ("zh-Hans", "zh_Hans zh_CN zh"),
        ("zh-Hant", "zh_Hant zh_TW zh"),
        ("zh-HK", "zh_HK zh_Hant_HK zh_Hant zh_TW zh"),
        ("zh-Hant-HK", "zh_Hant_HK zh_Hant zh_HK zh_TW zh"),
        ("zh-Hant-CN", "zh_Hant_CN zh_Hant zh_TW zh"),
        ("zh-FR", "zh_FR zh"),
        ("zh-CN-x-a1", "zh_CN_x_a1 zh_CN zh_Hans_CN zh_Hans zh"),
    ],
)
def test_what_may_stand_for_a_code(code: str, expected: str) -> None:
    """Parts are taken off at the right; scripts, renamed languages and Chinese are understood."""
    assert list(fallbacks(code)) == expected.split()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("pt", ""),
        ("pt_BR", "pt"),
        ("de_DE_1996", "de_DE de"),
        ("sl_rozaj_biske", "sl_rozaj sl"),
        ("sr_Latn", ""),
        ("sr_Latn_RS", "sr_Latn"),
        ("zh_CN", "zh"),
        ("zh_TW", ""),
        ("zh_Hant_TW", "zh_Hant"),
        ("zh_HK_x_a", "zh_HK_x zh_HK"),
        ("iw_IL", "iw"),
    ],
)
def test_who_lends_messages(code: str, expected: str) -> None:
    """A catalogue borrows from wider ones of the same script only."""
    assert parents(code) == expected.split()


@pytest.mark.parametrize(
    "code",
    [
        *("ar", "ar_EG", "fa_IR", "he", "he_IL", "iw", "ur_PK", "yi", "ps", "sd", "ug", "dv"),
        *("ckb", "ckb_IQ", "az_Arab", "ku-Arab-IQ", "pa_PK", "az_IR", "AR-eg", "ff_Adlm"),
    ],
)
def test_from_right_to_left(code: str) -> None:
    """Arabic, Hebrew and their relatives, and other languages in such a script."""
    assert is_rtl(code)


@pytest.mark.parametrize(
    "code",
    [
        *("en_US", "pt_BR", "zh_CN", "ar_Latn", "arn", "fat", "heh", "fao_FO", "az", "pa_IN"),
        *("az_Latn_IR", "ks_Deva"),
    ],
)
def test_from_left_to_right(code: str) -> None:
    """A code that only begins like Arabic's is not Arabic, and a script decides."""
    assert not is_rtl(code)


@given(CODES)
def test_any_text_is_a_code_or_none(code: str) -> None:
    """Nothing raises; what is normalized stays so, and comes first in its own fallbacks."""
    normalized = normalize_code(code)
    found = fallbacks(code)
    if normalized is None:
        assert found == ()
    else:
        assert normalize_code(normalized) == normalized
        assert set(found) & {normalized, normalized.partition("_")[0]}
        assert len(set(found)) == len(found) <= 2 * MAX_TAG_LENGTH
        assert normalized not in parents(code)
    assert isinstance(is_rtl(code), bool)


def test_a_tag_is_written_as_it_was_read() -> None:
    """The parts are there by name, and make the code again."""
    tag = parse_code("zh-hans-cn-x-a")
    assert tag == Tag("zh", "Hans", "CN", ("x", "a"))
    assert str(tag) == "zh_Hans_CN_x_a"


@pytest.mark.parametrize("code", [None, b"pt_BR", 5, ["pt"]])
def test_what_is_no_text_is_no_code(code: object) -> None:
    """It is the program's mistake: a TypeError that names the type."""
    for function in (normalize_code, is_rtl, fallbacks, parents, Registry().set_default_locale):
        with pytest.raises(TypeError, match=rf"'pt_BR', not {type(code).__name__}$"):
            function(code)  # type: ignore[arg-type]
