"""CSV catalogues: encodings, rows, and everything that can be wrong with them."""

import csv
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclone_locale import Registry
from cyclone_locale.csvfiles import MAX_ROW_LINES, MAX_WARNINGS, merge_csv, read_csv

Warnings = Callable[[], list[str]]
SOURCES = Path(__file__).parent / "catalogs"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Name a file that is not there yet."""
    return tmp_path / "es_ES.csv"


def test_rows_are_sorted_by_their_indicator(file: Path, warnings: Warnings) -> None:
    """Two columns, an empty third one and "unknown" are the same; further columns are ignored."""
    file.write_text('a,1\nb,2,\nc,3,unknown\nd,4,plural\nd,5,singular,x\n\n,,\n"e, f" , 6 ,few\n')
    assert read_csv(file) == {
        "unknown": {"a": "1", "b": "2", "c": "3"},
        "plural": {"d": "4"},
        "singular": {"d": "5"},
        "few": {"e, f": "6"},
    }
    assert warnings() == []


def test_an_empty_file_is_an_empty_catalogue(file: Path, warnings: Warnings) -> None:
    """A language may be begun without a translation; that is no reason to warn."""
    file.write_bytes(b"")
    assert read_csv(file) == {}
    assert warnings() == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_encoding_is_detected(file: Path, encoding: str, end: str, warnings: Warnings) -> None:
    """UTF-8 with and without a mark and UTF-16 by its mark, with the line ends of any system."""
    file.write_bytes(
        end.join(["school,école", '"two', 'lines","deux', 'lignes"', ""]).encode(encoding)
    )
    assert read_csv(file) == {"unknown": {"school": "école", "two\nlines": "deux\nlignes"}}
    assert warnings() == []


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_of_either_order(file: Path, encoding: str) -> None:
    """The mark tells the order of the bytes."""
    file.write_bytes("\ufeffschool,école\n".encode(encoding))
    assert read_csv(file) == {"unknown": {"school": "école"}}


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-16-le", "cp1252"])
def test_the_encoding_may_be_said(file: Path, encoding: str, warnings: Warnings) -> None:
    """With `encoding` nothing is guessed, and a mark at the start is dropped all the same."""
    mark = "\ufeff" if encoding.startswith("utf") else ""
    file.write_bytes(f"{mark}school,école\n".encode(encoding))
    assert read_csv(file, encoding) == {"unknown": {"school": "école"}}
    assert warnings() == []


def test_each_file_has_its_own_encoding(tmp_path: Path, registry: Registry) -> None:
    """What was detected for one file is not used for the next one, as Tornado does."""
    (tmp_path / "de.csv").write_bytes("school,Schule ä\n".encode("utf-16"))
    (tmp_path / "fr.csv").write_bytes("school,école\n".encode())
    (tmp_path / "pl.csv").write_bytes("school,szkoła\n".encode("utf-16"))
    registry.load_translations(tmp_path)
    words = [registry.get(code).translate("school") for code in ("de", "fr", "pl")]
    assert words == ["Schule ä", "école", "szkoła"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (b"alone", "one column"),
        (b"a,b,plurals", "unknown plural indicator 'plurals'"),
        (b"a,b,Plural", "unknown plural indicator 'Plural'"),
        (b"a,caf\xe9", "bytes that are not utf-8"),
        (b"a\x00,b", "NUL"),
        (b",b", "without a message"),
        (b'"a,b', "a quote that is not closed"),
        (b'"a","b', "a quote that is not closed"),
        (b'"a","b"x,"c', "a quote that is not closed"),
        (b"a," + b"b" * 200_000, "a column that is too long"),
        (b'a,"' + b"b" * 200_000 + b'"', "a column that is too long"),
    ],
)
@pytest.mark.parametrize("after", [b'\nlast,"1"\n', b"\nlast,1\n"])
def test_a_broken_row_costs_one_warning(
    file: Path, row: bytes, said: str, after: bytes, warnings: Warnings
) -> None:
    """It names the file and the line, and the rows before and behind it load."""
    file.write_bytes(b'first,"1\n2"\n\n' + row + after)
    assert read_csv(file) == {"unknown": {"first": "1\n2", "last": "1"}}
    (warning,) = warnings()
    assert f"{file}, line 4: " in warning
    assert said in warning


@pytest.mark.parametrize("row", [b'"open', b"alone", b'a,"open', b"a,b,c", b'"', b"\xff"])
def test_the_last_row_may_be_broken(file: Path, row: bytes, warnings: Warnings) -> None:
    """At the end of the file it is one warning too, with or without a line end."""
    for end in (b"", b"\n", b"\n\n"):
        file.write_bytes(b"first,1\n" + row + end)
        assert read_csv(file) == {"unknown": {"first": "1"}}
        (warning,) = warnings()
        assert f"{file}, line 2: " in warning


@pytest.mark.parametrize(
    ("row", "columns"),
    [
        ('"a"b,c', ("ab", "c")),
        ('"a" ,"c" ', ("a", "c")),
        ('a"b,c"', ('a"b', 'c"')),
        ('"a ""b""",c', ('a "b"', "c")),
        ("a\\,c", ("a\\", "c")),
    ],
)
def test_strange_quotes_are_read_as_tornado_reads_them(
    file: Path, row: str, columns: tuple[str, str], warnings: Warnings
) -> None:
    """What is strange within one line is still a row, and the next one is not lost."""
    file.write_text(f"{row}\nlast,1\n")
    assert read_csv(file) == {"unknown": dict([columns, ("last", "1")])}
    assert warnings() == []


def test_a_bad_encoding_costs_its_rows_only(file: Path, warnings: Warnings) -> None:
    """In UTF-16 too: what can be decoded is a translation."""
    text = "a,1\nb,2\n".encode("utf-16-le")
    file.write_bytes(b"\xff\xfe" + text + b"c\x00,\x00\x00\xdc3\x00\n\x00" + text[8:] + b"x")
    assert read_csv(file) == {"unknown": {"a": "1", "b": "2"}}
    assert [said.partition(": ")[0] for said in warnings()] == [
        f"{file}, line 3",
        f"{file}, line 5",
    ]


def test_a_codec_that_cannot_go_on_costs_the_file(file: Path, warnings: Warnings) -> None:
    """Some encodings are all or nothing; the warning says so once."""
    file.write_bytes(b"a,\xff\n")
    assert read_csv(file, "idna") is None
    (warning,) = warnings()
    assert f"{file}: is not idna text" in warning


def test_a_file_that_cannot_be_read(tmp_path: Path, warnings: Warnings) -> None:
    """A directory, and a link that leads nowhere, are one warning each; the others load."""
    (tmp_path / "de.csv").mkdir()
    (tmp_path / "fr.csv").symlink_to(tmp_path / "nowhere")
    (tmp_path / "pl.csv").write_text("a,b")
    registry = Registry()
    registry.load_translations(tmp_path)
    assert registry.get_supported_locales() == {"pl", "en_US"}
    first, second = warnings()
    assert f"{tmp_path / 'de.csv'}: cannot be read (Is a directory): skipped" in first
    assert f"{tmp_path / 'fr.csv'}: cannot be read (No such file or directory)" in second


def test_the_log_is_not_flooded(file: Path, warnings: Warnings) -> None:
    """A file of broken rows gives a few warnings, and the number of the others."""
    file.write_text("\n".join(["first,1"] + ["alone"] * 1000))
    assert read_csv(file) == {"unknown": {"first": "1"}}
    said = warnings()
    assert len(said) == MAX_WARNINGS + 1
    assert said[-1] == f"{file}: {1000 - MAX_WARNINGS} more of such rows"


@pytest.mark.parametrize(
    "data", [b"alone\n" * 1000, b'"open', "a,1\nb,2\n".encode("utf-16-le"), b"\xff,\xff", b"\0"]
)
def test_a_file_without_any_usable_row_is_broken(
    file: Path, data: bytes, warnings: Warnings
) -> None:
    """Such as UTF-16 without its mark, or what is no CSV: one warning, with the first reason."""
    file.write_bytes(data)
    assert read_csv(file, consequence="left alone") is None
    (warning,) = warnings()
    assert warning.startswith(f"{file}, line 1: ")
    assert warning.endswith("; no other row can be used either: left alone")


@pytest.mark.parametrize("bad", ['"a""', 'a,"b', '"a","b', 'a,b,"plural'])
def test_quotes_that_never_close_cost_their_rows_only(
    file: Path, bad: str, warnings: Warnings
) -> None:
    """However many there are, all good rows before, between and behind them load."""
    good = [f"{number},x" for number in range(300)]
    lines = [f"{bad}\n{row}" for row in good[:100]] + [bad] * 1000 + good[100:]
    file.write_text("\n".join(lines) + "\n")
    read = read_csv(file)
    assert read is not None
    assert dict.fromkeys(map(str, range(300)), "x").items() <= read["unknown"].items()
    said = warnings()
    assert len(said) == MAX_WARNINGS + 1
    assert f"{file}, line 1: row with a quote that is not closed" in said[0]


@pytest.mark.parametrize("bad", ['"a""\n', 'a,"b\n', '"' + "a\n" * 99, '""""a\n', '"\n""\n'])
def test_quotes_that_never_close_take_linear_time(file: Path, bad: str) -> None:
    """No line is read more often than a row may have lines."""
    file.write_text(bad * (300_000 // len(bad)) + "last,1\n")
    start = time.thread_time()
    read_csv(file)
    assert time.thread_time() - start < 5


def test_a_row_may_have_many_lines_and_no_more(file: Path, warnings: Warnings) -> None:
    """Beyond the bound the quote counts as one that is never closed."""
    text = "\n".join(["x"] * (MAX_ROW_LINES - 1))
    file.write_text(f'a,"{text}\ny"\nlast,1\n')
    assert read_csv(file) == {"unknown": {"a": f"{text}\ny", "last": "1"}}
    assert warnings() == []
    file.write_text(f'a,"{text}\nx\ny"\nlast,1\n')
    assert read_csv(file) == {"unknown": {"last": "1"}}
    assert f"does not close within {MAX_ROW_LINES} lines" in warnings()[0]


def test_a_stray_quote_in_a_row_of_several_lines(file: Path, warnings: Warnings) -> None:
    """Its last line is not taken for a row of its own; each line that is left out is named."""
    file.write_text('first,1\n"a\nb","a"b\nlast,1\n')
    assert read_csv(file) == {"unknown": {"first": "1", "last": "1"}}
    first, second = warnings()
    assert f"{file}, line 2: row with a quote that is not closed" in first
    assert f"{file}, line 3: line with a stray quote" in second


@pytest.mark.parametrize("encoding", ["utf-9", "rot13", "hex", "", "utf-8\0"])
def test_an_unknown_encoding_is_an_error(tmp_path: Path, encoding: str, registry: Registry) -> None:
    """It is the program's mistake, and no file is blamed for it."""
    with pytest.raises(ValueError, match="unknown text encoding"):
        registry.load_translations(tmp_path, encoding)


def test_any_text_encoding_is_accepted(tmp_path: Path, registry: Registry) -> None:
    """Also one that cannot read the bytes that it is tried on."""
    (tmp_path / "pl.csv").write_bytes(b"a,b")
    registry.load_translations(tmp_path, "utf-32")
    registry.load_translations(tmp_path, "idna")
    assert registry.get("pl").translate("a") == "b"


@pytest.mark.parametrize("source", sorted(SOURCES.glob("*.csv")), ids=lambda path: path.stem)
def test_real_files_load(source: Path, warnings: Warnings) -> None:
    """Every row of the test catalogues is read, as the csv module reads it."""
    read = read_csv(source)
    assert read is not None
    with source.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    for message, translation, *indicator in rows:
        assert read[(indicator or [""])[0] or "unknown"][message] == translation
    assert sum(map(len, read.values())) == len(rows)
    assert warnings() == []


BYTES = st.lists(
    st.sampled_from([b'"', b",", b"\n", b"\r", b"\0", b"a", b"\xff", b"\xfe", b"plural", b"\xc3"])
).map(b"".join)


@settings(max_examples=400)
@given(st.binary() | BYTES, st.sampled_from([None, "utf-8", "utf-16", "latin-1", "idna", "utf-7"]))
def test_any_bytes_load_or_warn(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, encoding: str | None
) -> None:
    """Nothing raises, and what is returned is made of text."""
    path = tmp_path_factory.getbasetemp() / "xx.csv"
    path.write_bytes(data)
    read = read_csv(path, encoding)
    for rows in (read or {}).values():
        assert all(message and isinstance(text, str) for message, text in rows.items())


CELLS = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"])).map(str.strip)


@given(st.dictionaries(CELLS.filter(bool), CELLS, min_size=1))
def test_what_csv_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, messages: dict[str, str]
) -> None:
    """Any messages, written by the csv module, come back; a mark at the start is not one of them."""
    path = tmp_path_factory.getbasetemp() / "yy.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(messages.items())
    assert read_csv(path) == {"unknown": messages}


def test_gaps_are_filled_for_each_indicator() -> None:
    """A catalogue's own rows win, and neither argument is changed."""
    own = {"unknown": {"a": "1"}, "plural": {"p": "1"}}
    parent = {"unknown": {"a": "2", "b": "2"}, "singular": {"s": "2"}}
    assert merge_csv(own, parent) == {
        "unknown": {"a": "1", "b": "2"},
        "plural": {"p": "1"},
        "singular": {"s": "2"},
    }
    assert own == {"unknown": {"a": "1"}, "plural": {"p": "1"}}
