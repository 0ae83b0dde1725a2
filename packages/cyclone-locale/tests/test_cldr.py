"""CLDR's formats through Babel, and what is said without it."""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cyclone_locale import CSVLocale, LocaleError, MissingBabelError, Registry, cldr

SOURCES = Path(__file__).parent / "catalogs"
NOW = datetime(2013, 4, 28, 18, 35, 20, tzinfo=UTC)  # a Sunday

CALLS: dict[str, Callable[[CSVLocale], object]] = {
    "plural_category": lambda locale: locale.plural_category(1),
    "format_number": lambda locale: locale.format_number(1),
    "format_decimal": lambda locale: locale.format_decimal(1),
    "format_percent": lambda locale: locale.format_percent(1),
    "format_currency": lambda locale: locale.format_currency(1, "EUR"),
    "format_datetime": lambda locale: locale.format_datetime(1),
}


@pytest.fixture
def without_babel(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take Babel away, as if it had never been installed."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "babel"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "babel", None)
    cldr._load.cache_clear()
    cldr.load_root.cache_clear()
    yield
    cldr._load.cache_clear()
    cldr.load_root.cache_clear()


@pytest.mark.usefixtures("without_babel")
def test_cldr_needs_babel(registry: Registry) -> None:
    """Asking for it says what to type, and nothing has changed."""
    with pytest.raises(MissingBabelError, match=r"^use_cldr\(\) needs Babel") as caught:
        registry.use_cldr()
    assert 'pip install "cyclone-locale[babel]"' in str(caught.value)
    assert isinstance(caught.value, ImportError)
    assert isinstance(caught.value, LocaleError)
    assert caught.value.name == "babel"
    assert registry.get().format_day(NOW) == "Sunday, April 28"
    registry.use_cldr(False)
    with pytest.raises(MissingBabelError):
        CSVLocale("pl", {}, use_cldr=True)


@pytest.mark.usefixtures("without_babel")
@pytest.mark.parametrize("name", sorted(CALLS))
def test_methods_of_cldr_need_babel(name: str) -> None:
    """The message begins with the method that was called."""
    with pytest.raises(MissingBabelError, match=rf"^{name}\(\) needs Babel"):
        CALLS[name](CSVLocale("pl", {}))


@pytest.mark.usefixtures("with_babel")
def test_cldr_is_chosen_never_detected(registry: Registry) -> None:
    """That Babel is installed changes nothing; the registry's choice does, and can be undone."""
    registry.load_translations(SOURCES)
    registry.set_default_locale("de_DE")
    assert registry.get("de").friendly_number(1234567) == "1234567"
    registry.use_cldr()
    assert registry.get("de").friendly_number(1234567) == "1.234.567"
    assert registry.get("pl").translate("school") == "szkoła"
    registry.load_translations(SOURCES)
    assert registry.get("de").friendly_number(1234567) == "1.234.567"
    registry.use_cldr(enable=False)
    assert registry.get("de").friendly_number(1234567) == "1234567"


def plain(text: str) -> str:
    """Write every kind of space as a space, and drop marks of direction: CLDR changes them."""
    return "".join(" " if char.isspace() else char for char in text if char not in "\u200e\u200f")


def locale(code: str) -> CSVLocale:
    """Make a locale with CLDR's formats."""
    return CSVLocale(code, {}, use_cldr=True)


@pytest.mark.usefixtures("with_babel")
@pytest.mark.parametrize(
    ("code", "minutes", "day", "short_day", "parts", "number"),
    [
        ("en_US", "5 minutes ago", "Sunday, April 28", "April 28", "a, b, and c", "-1,234,567"),
        ("pt_BR", "há 5 minutos", "domingo, 28 de abril", "28 de abril", "a, b e c", "-1.234.567"),
        (
            "es_ES",
            "hace 5 minutos",
            "domingo, 28 de abril",
            "28 de abril",
            "a, b y c",
            "-1.234.567",
        ),
        ("pl", "5 minut temu", "niedziela, 28 kwietnia", "28 kwietnia", "a, b i c", "-1 234 567"),
        ("ar", "قبل 5 دقائق", "الأحد، 28 أبريل", "28 أبريل", "a وb وc", "-1,234,567"),
        ("zh_CN", "5分钟前", "4月28日星期日", "4月28日", "a、b和c", "-1,234,567"),
        ("de", "vor 5 Minuten", "Sonntag, 28. April", "28. April", "a, b und c", "-1.234.567"),
        ("ja", "5 分前", "4月28日日曜日", "4月28日", "a、b、c", "-1,234,567"),
        (
            "es_LA",
            "hace 5 minutos",
            "domingo, 28 de abril",
            "28 de abril",
            "a, b y c",
            "-1.234.567",
        ),
    ],
)
def test_formats_are_the_locales(
    code: str, minutes: str, day: str, short_day: str, parts: str, number: str
) -> None:
    """Ages, days, lists and numbers in the languages of the tests, without any catalogue."""
    of = locale(code)
    assert plain(of.format_date(NOW - timedelta(minutes=5), now=NOW)) == minutes
    assert plain(of.format_day(NOW)) == day
    assert plain(of.format_day(date(2013, 4, 28), dow=False)) == short_day
    assert of.list(part for part in "abc") == parts
    assert plain(of.friendly_number(-1234567)) == number


@pytest.mark.usefixtures("with_babel")
@pytest.mark.parametrize(
    ("age", "relative", "shorter", "expected"),
    [
        (timedelta(0), True, False, "vor 1 Sekunde"),
        (timedelta(seconds=49), True, False, "vor 49 Sekunden"),
        (timedelta(minutes=49), True, True, "vor 49 Minuten"),
        (timedelta(hours=23), True, False, "vor 23 Stunden"),
        (timedelta(hours=3), False, False, "15:35"),
        (timedelta(days=1), True, False, "Samstag, 18:35"),
        (timedelta(days=1), True, True, "Samstag"),
        (timedelta(days=4), True, False, "Mittwoch, 18:35"),
        (timedelta(days=30), True, False, "29. März, 18:35"),
        (timedelta(days=30), True, True, "29. März"),
        (timedelta(days=400), True, True, "24. März 2012"),
        (timedelta(days=-400), True, True, "2. Juni 2014"),
    ],
)
def test_a_date_in_german(age: timedelta, relative: bool, shorter: bool, expected: str) -> None:
    """Tornado's choice of what to tell, in CLDR's words."""
    shown = locale("de_DE").format_date(NOW - age, 0, relative, shorter, now=NOW)
    # How date and time are joined has changed between versions of CLDR.
    assert plain(shown).replace(" um", ",") == expected


@pytest.mark.usefixtures("with_babel")
def test_a_full_date_has_day_year_and_time() -> None:
    """On the reader's clock, and without quotes of the pattern."""
    shown = plain(locale("en").format_date(NOW, 300, full_format=True, now=NOW))
    assert shown.replace(" at ", ", ") == "April 28, 2013, 1:35 PM"
    assert plain(locale("en").format_day(NOW, -330)) == "Monday, April 29"


@pytest.mark.usefixtures("with_babel")
@pytest.mark.parametrize(
    ("code", "amount", "percent", "number"),
    [
        ("en_US", "€12,345.50", "25%", "12,345.5"),
        ("de_DE", "12.345,50 €", "25 %", "12.345,5"),
        ("pt_BR", "€ 12.345,50", "25%", "12.345,5"),
        ("pl", "12 345,50 €", "25%", "12 345,5"),
        ("fa", None, "25%", "12,345.5"),
        ("tlh", None, "25%", "12,345.5"),
    ],
)
def test_numbers_and_money(code: str, amount: str | None, percent: str, number: str) -> None:
    """With separators and places of the locale; the root's for an unknown language."""
    for of in (locale(code), CSVLocale(code, {})):
        money = plain(of.format_currency(Decimal("12345.5"), "EUR"))
        assert amount is None or money == amount
        assert plain(of.format_percent(0.25)) == percent
        assert plain(of.format_number(12345.5)) == number
        assert plain(of.format_decimal(12345.5)) == number


@pytest.mark.usefixtures("with_babel")
def test_patterns_and_kinds_of_money() -> None:
    """A pattern replaces the locale's own; unknown currencies keep their code."""
    of = locale("en_US")
    assert of.format_decimal(1234.5, "#,##0.00") == "1,234.50"
    assert of.format_percent(0.1234, "0.0%") == "12.3%"
    assert of.format_currency(-5, "USD", format_type="accounting") == "($5.00)"
    assert of.format_currency(2, "EUR", format_type="name") == "2.00 euros"
    assert of.format_currency(5, "JPY") == "¥5"
    assert of.format_currency(5, "XQQ").startswith("XQQ")
    assert of.format_currency(5, "USD", "0.0 ¤¤") == "5.00 USD"
    with pytest.raises(KeyError):
        of.format_currency(5, "USD", format_type="nothing")  # type: ignore[arg-type]


@pytest.mark.usefixtures("with_babel")
def test_datetimes() -> None:
    """By length or pattern, on the clock of an offset or of a time zone."""
    of = locale("es_ES")
    assert plain(of.format_datetime(NOW)) == "28 abr 2013, 18:35:20"
    assert of.format_datetime(NOW.timestamp(), "d MMMM yyyy HH:mm") == "28 abril 2013 18:35"
    assert of.format_datetime(NOW.replace(tzinfo=None), "HH:mm", gmt_offset=300) == "13:35"
    tokyo = timezone(timedelta(hours=9))
    assert of.format_datetime(NOW, "EEEE HH:mm", tz=tokyo) == "lunes 03:35"
    assert "2013" in of.format_datetime(NOW, "full")
    with pytest.raises(TypeError, match="not str"):
        of.format_datetime("now")  # type: ignore[arg-type]


@pytest.mark.usefixtures("with_babel")
def test_a_time_is_told_with_its_own_zone() -> None:
    """With an offset the zone is the reader's; of an hour that comes twice, the right one."""
    of = locale("en")
    assert of.format_datetime(NOW, "HH:mm VV", gmt_offset=300) == "13:35 UTC-05:00"
    assert of.format_datetime(NOW, "HH:mm ZZZZ", gmt_offset=-330) == "00:05 GMT+05:30"
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    assert of.format_datetime(tokyo, "HH:mm ZZZZ") == "03:35 GMT+09:00"
    assert of.format_datetime(tokyo, "HH:mm ZZZZ", gmt_offset=60) == "02:35 GMT+08:00"
    twice = datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert of.format_datetime(twice, "HH:mm ZZZZ") == "02:30 GMT+02:00"
    assert of.format_datetime(twice.replace(fold=1), "HH:mm ZZZZ") == "02:30 GMT+01:00"
    assert (
        of.format_datetime(twice.replace(fold=1), "HH:mm ZZZZ", gmt_offset=60) == "01:30 GMT+00:00"
    )
    with pytest.raises(ValueError, match=r"gmt_offset.*1500"):
        of.format_datetime(NOW, gmt_offset=1500)


@pytest.mark.usefixtures("with_babel")
@pytest.mark.parametrize("pattern", ["bogus;;", "bogus", "", "'0'", "bogus;0", "@.0"])
def test_what_is_no_number_pattern(pattern: str) -> None:
    """A pattern without a place for the digits would lose the number: it is a ValueError."""
    of = locale("en")
    for call in (
        lambda: of.format_decimal(1, pattern),
        lambda: of.format_percent(1, pattern),
        lambda: of.format_currency(1, "EUR", pattern),
    ):
        with pytest.raises(ValueError, match=r"."):
            call()


@pytest.mark.usefixtures("with_babel")
@pytest.mark.parametrize(
    ("code", "categories"),
    [
        ("en_US", {0: "other", 1: "one", 2: "other"}),
        ("pl", {1: "one", 2: "few", 5: "many", 22: "few"}),
        ("ar", {0: "zero", 1: "one", 2: "two", 3: "few", 11: "many", 100: "other"}),
        ("zh_CN", {0: "other", 1: "other"}),
        ("tlh", {1: "other"}),
    ],
)
def test_plural_categories(code: str, categories: dict[int, str]) -> None:
    """Every language counts in its own way."""
    of = locale(code)
    assert {count: of.plural_category(count) for count in categories} == categories
    assert locale("pl").plural_category(1.5) == "other"


@pytest.mark.usefixtures("with_babel")
def test_csv_catalogues_have_every_plural_form(registry: Registry) -> None:
    """With CLDR, rows of the language's categories are found; else Tornado's two forms serve."""
    registry.load_translations(SOURCES)
    registry.use_cldr()
    files = ("%(count)d file", "%(count)d files")

    def forms(code: str, *counts: int) -> list[str]:
        of = registry.get(code)
        return [of.translate(*files, count) % {"count": count} for count in counts]

    assert forms("pl", 1, 2, 5, 22) == ["1 plik", "2 pliki", "5 plików", "22 pliki"]
    assert forms("ar", 0, 1, 2) == ["لا ملفات", "ملف واحد", "ملفان"]
    assert forms("ar", 3, 11, 100) == ["3 ملفات", "11 ملفًا", "100 ملف"]
    assert forms("zh_CN", 1, 2) == ["1 个文件", "2 个文件"]
    assert forms("es_ES", 0, 1, 2) == ["0 archivos", "1 archivo", "2 archivos"]
    assert registry.get("pl").translate("school") == "szkoła"
    assert registry.get("pl").translate("a roof", "roofs", 2) == "roofs"


RU = "nplurals=3; plural=n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2"
FR = "nplurals=2; plural=n > 1"


@pytest.mark.usefixtures("with_babel")
@pytest.mark.parametrize("named", ["singular", "plural", "both"])
@pytest.mark.parametrize(
    ("code", "rule", "forms", "counts"),
    [
        (
            "ru",
            RU,
            {"one": "файл", "few": "файла", "many": "файлов"},
            [0, 1, 2, 5, 11, 21, 31, 101],
        ),
        ("fr", FR, {"one": "fichier", "other": "fichiers"}, [0, 1, 2, 21]),
        ("pt_BR", FR, {"one": "arquivo", "other": "arquivos"}, [0, 1, 2, 21]),
    ],
)
def test_csv_plurals_are_those_of_gettext(
    tmp_path: Path,
    compile_po: Callable[..., Path],
    code: str,
    rule: str,
    forms: dict[str, str],
    counts: list[int],
    named: str,
) -> None:
    """A category is found for each of its numbers, by the singular's message or by the plural's."""
    messages = {"singular": ["%(n)d file"], "plural": ["%(n)d files"]}
    messages["both"] = messages["singular"] + messages["plural"]
    rows = [
        f'"{message}","%(n)d {form}","{category}"\n'
        for category, form in forms.items()
        for message in messages[named]
    ]
    (tmp_path / f"{code}.csv").write_text("".join(rows), encoding="utf-8")
    po = [
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"',
        f'"Plural-Forms: {rule};\\n"\n',
        'msgid "%(n)d file"\nmsgid_plural "%(n)d files"',
        *(f'msgstr[{index}] "%(n)d {form}"' for index, form in enumerate(forms.values())),
    ]
    (tmp_path / "x.po").write_text("\n".join(po) + "\n", encoding="utf-8")
    compile_po(tmp_path / "x.po", tmp_path / "mo", code)
    csv, mo = Registry(), Registry()
    csv.load_translations(tmp_path)
    csv.use_cldr()
    mo.load_gettext_translations(tmp_path / "mo")
    for count in counts:
        by_csv, by_mo = (
            registry.get(code).translate("%(n)d file", "%(n)d files", count)
            for registry in (csv, mo)
        )
        assert by_csv == by_mo == f"%(n)d {forms[csv.get(code).plural_category(count)]}", count


@pytest.mark.usefixtures("with_babel")
def test_of_two_rows_the_one_of_the_count_wins() -> None:
    """The number 1 prefers the row of the singular's message, all others that of the plural's."""
    of = CSVLocale("ru", {"one": {"a file": "файл", "files": "%d файл"}}, use_cldr=True)
    assert [of.translate("a file", "files", count) for count in (1, 21)] == ["файл", "%d файл"]
    assert of.translate("a file", "files", 5) == "files"
    of = CSVLocale("ru", {"other": {"a file": "1", "files": "2"}}, use_cldr=True)
    assert [of.translate("a file", "files", count) for count in (1, 5, 21)] == ["1", "2", "2"]


@pytest.mark.usefixtures("with_babel")
@pytest.mark.parametrize("code", ["tlh", "xx_YY", "c", "x_klingon"])
def test_a_language_that_cldr_does_not_know(code: str) -> None:
    """It keeps Tornado's formats, and those of CLDR alone are the root's."""
    of = locale(code)
    assert of.format_day(NOW) == "Sunday, April 28"
    assert of.format_date(NOW, full_format=True, now=NOW) == "April 28, 2013 at 18:35"
    assert of.list("abc") == "a, b and c"
    assert of.friendly_number(1234567) == "1234567"
    assert plain(of.format_number(1234567)) == "1,234,567"


@pytest.mark.usefixtures("with_babel")
@pytest.mark.parametrize(
    "code", ["en_US_x_foo", "de_DE_1996", "zh_Hant_HK", "iw_IL", "sr_Latn", "en_US_POSIX", "fr_XX"]
)
def test_any_code_finds_its_language(code: str) -> None:
    """Variants, scripts, former codes and regions that do not exist fall back on a parent."""
    assert cldr.load_cldr(code) is not None
    assert locale(code).format_day(NOW) != "Sunday, April 28" or code.startswith("en")


@pytest.mark.usefixtures("with_babel")
def test_every_language_of_cldr_is_formatted() -> None:
    """Whatever the data of a language lack, every format gives a text."""
    from babel.localedata import locale_identifiers

    languages = [name for name in locale_identifiers() if "_" not in name and len(name) < 4]
    assert len(languages) > 150
    for code in languages:
        of = locale(code)
        texts = [
            of.format_date(NOW - timedelta(days=days), relative=relative, now=NOW)
            for days in (0, 1, 30, 400)
            for relative in (True, False)
        ]
        texts += [of.format_day(NOW), of.format_day(NOW, dow=False), of.list("ab")]
        texts += [of.friendly_number(1), of.format_currency(1, "EUR"), of.format_datetime(NOW)]
        assert all(texts), code
    cldr._load.cache_clear()
