"""gettext catalogues: compiled by msgfmt, damaged in every way."""

import gettext
import os
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclone_locale import Registry
from cyclone_locale.mofiles import chain_mo, read_mo

Warnings = Callable[[], list[str]]
Compile = Callable[..., Path]

SOURCES = Path(__file__).parent / "catalogs"
PLAIN = "Content-Type: text/plain; charset=UTF-8\n"


def mo(messages: dict[str | bytes, str | bytes], order: str = "<") -> bytes:
    """Write a catalogue by hand, to write what msgfmt would refuse."""
    pairs = sorted(
        tuple(text.encode() if isinstance(text, str) else text for text in pair)
        for pair in messages.items()
    )
    count = len(pairs)
    tables = 28 + 16 * count
    keys, values, data = [], [], b""
    for index in (0, 1):
        for pair in pairs:
            (keys, values)[index].extend((len(pair[index]), tables + len(data)))
            data += pair[index] + b"\0"
    head = (0x950412DE, 0, count, 28, 28 + 8 * count, 0, tables)
    return struct.pack(f"{order}{7 + 4 * count}I", *head, *keys, *values) + data


@pytest.mark.parametrize("order", ["<", ">"])
def test_either_byte_order_is_read(tmp_path: Path, order: str, warnings: Warnings) -> None:
    """Catalogues come from machines of both kinds."""
    path = tmp_path / "x.mo"
    path.write_bytes(mo({"": PLAIN, "school": "école"}, order))
    translations = read_mo(path)
    assert translations is not None
    assert translations.gettext("school") == "école"
    assert warnings() == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "ends too early"),
        (b"\xde\x12", "ends too early"),
        (b"not a catalogue at all", "Bad magic number"),
        (struct.pack("<I", 0x950412DE) + b"\0", "ends too early"),
        (struct.pack("<5I", 0x950412DE, 9 << 16, 0, 0, 0), "Bad version number 9"),
        (struct.pack("<5I", 0x950412DE, 0, 1, 99, 99), "ends too early"),
        (mo({"": PLAIN, "a": "b"})[:-3], "corrupt"),
        (mo({"": PLAIN, "a": b"caf\xe9"}), "not utf-8 at byte 3 of a message, near b'caf"),
        (mo({"a": b"caf\xe9"}), "not ascii at byte 3"),
        (mo({"": "Content-Type: text/plain; charset=klingon\n", "a": "b"}), "klingon"),
        (mo({"": "Content-Type: text/plain\n"}), "without charset or plural rule"),
        (mo({"": PLAIN + "Plural-Forms: nplurals=2; plural=n +* 1;\n"}), "plural form"),
        (mo({"": PLAIN + "Plural-Forms: nplurals=2; plural=os.exit();\n"}), "plural form"),
        (mo({"": PLAIN + "Plural-Forms: nplurals=2; plural=" + "(" * 99}), "plural form"),
        (mo({"": PLAIN + "Plural-Forms: none\n"}), "without charset or plural rule"),
        (mo({"": PLAIN + "Plural-Forms: nplurals=2; plural=n % 0;\n"}), "cannot be computed"),
        (mo({"": PLAIN + "Plural-Forms: nplurals=2; plural=1 / (n - 7);\n"}), "be computed"),
        (mo({"": PLAIN, "a\0b\0c": "d"}), "too many values"),
    ],
)
def test_a_broken_catalogue_costs_one_warning(
    tmp_path: Path, data: bytes, said: str, compile_po: Compile, warnings: Warnings
) -> None:
    """It names the file and what is wrong, and the other languages load."""
    good = compile_po(SOURCES / "pl.po", tmp_path, "pl")
    bad = tmp_path / "es_ES" / "LC_MESSAGES" / "cyclone.mo"
    bad.parent.mkdir(parents=True)
    bad.write_bytes(data)
    registry = Registry()
    registry.load_gettext_translations(tmp_path)
    assert registry.get_supported_locales() == {"pl", "en_US"}
    assert registry.get("pl").translate("school") == "szkoła"
    (warning,) = warnings()
    assert f"{bad} ({len(data)} bytes): broken catalogue, " in warning
    assert said in warning
    assert str(good) not in warning


def test_a_file_that_cannot_be_read(tmp_path: Path, warnings: Warnings) -> None:
    """A directory, and a link that leads nowhere, are one warning each."""
    for code, make in (("de", Path.mkdir), ("fr", lambda path: path.symlink_to("nowhere"))):
        folder = tmp_path / code / "LC_MESSAGES"
        folder.mkdir(parents=True)
        make(folder / "cyclone.mo")
    registry = Registry()
    registry.load_gettext_translations(tmp_path)
    first, second = warnings()
    assert "cyclone.mo: cannot be read (Is a directory): skipped" in first
    assert "cyclone.mo: cannot be read (No such file or directory): skipped" in second
    assert registry.get_supported_locales() == {"en_US"}


@pytest.mark.parametrize("source", sorted(SOURCES.glob("*.po")), ids=lambda path: path.stem)
def test_what_msgfmt_makes_is_read(
    source: Path, tmp_path: Path, compile_po: Compile, warnings: Warnings
) -> None:
    """Real catalogues answer as the standard library's own loader lets them answer."""
    translations = read_mo(compile_po(source, tmp_path, source.stem))
    theirs = gettext.translation("cyclone", tmp_path, [source.stem])
    assert translations is not None
    assert translations.info() == theirs.info()
    for message in ("school", "Sign out", "window"):
        assert translations.gettext(message) == theirs.gettext(message)
    for count in range(120):
        ours = translations.ngettext("%(count)d file", "%(count)d files", count)
        assert ours == theirs.ngettext("%(count)d file", "%(count)d files", count)
    assert warnings() == []


@pytest.mark.usefixtures("with_babel")
@pytest.mark.parametrize("source", sorted(SOURCES.glob("*.po")), ids=lambda path: path.stem)
def test_what_babel_compiles_is_read(source: Path, tmp_path: Path, warnings: Warnings) -> None:
    """Catalogues need not come from msgfmt."""
    from babel.messages import mofile, pofile

    with source.open("rb") as file:
        catalog = pofile.read_po(file, locale=source.stem)
    path = tmp_path / source.stem / "LC_MESSAGES" / "cyclone.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        mofile.write_mo(file, catalog)
    registry = Registry()
    registry.load_gettext_translations(tmp_path)
    locale = registry.get(source.stem)
    for message in catalog:
        if message.id and isinstance(message.id, str) and message.context is None:
            assert locale.translate(message.id) == message.string
        elif message.id and message.context is None:
            assert locale.translate(*message.id, 1) in message.string
    assert warnings() == []


def test_a_chain_changes_none_of_its_links() -> None:
    """A catalogue serves several regions, so it is copied before it gets a fallback."""
    own, parent = gettext.NullTranslations(), gettext.NullTranslations()
    chained = chain_mo(own, [parent, parent])
    assert chained is not own
    assert vars(own) == vars(parent) == vars(gettext.NullTranslations())
    assert chained.gettext("a") == "a"


GOOD = mo({"": PLAIN + "Plural-Forms: nplurals=2; plural=n != 1;\n", "a": "b", "c\0d": "e\0f"})
DAMAGED = st.tuples(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=4)).map(
    lambda change: GOOD[: change[0]] + change[1] + GOOD[change[0] + len(change[1]) :]
)
HEADER_PARTS = (
    *("Content-Type:", "Plural-Forms:", " plural=", "charset=", "nplurals=", ";", "n", "%", "0"),
    *("\n", "(", ")", "?", ":", "1", "utf-8", "rot13", "/", "-", "&&", "!", " ", "\0", "é"),
)
HEADERS = st.lists(st.sampled_from(HEADER_PARTS)).map(
    lambda parts: mo({"": "".join(parts), "a\0b": "c\0d"})
)


@settings(max_examples=400)
@given(st.binary() | DAMAGED | HEADERS | st.binary().map(lambda data: b"\xde\x12\x04\x95" + data))
def test_any_bytes_load_or_warn(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Nothing raises; what was read translates any number."""
    path = tmp_path_factory.getbasetemp() / "any.mo"
    path.write_bytes(data)
    translations = read_mo(path)
    if translations is not None:
        for count in (0, 1, 2, 5, 11, 1000):
            assert isinstance(translations.ngettext("a", "b", count), str)


@pytest.mark.skipif(os.name != "posix", reason="needs named pipes")
@pytest.mark.parametrize("name", ["pl.csv", "pl/LC_MESSAGES/cyclone.mo"])
def test_only_regular_files_are_read(tmp_path: Path, name: str, warnings: Warnings) -> None:
    """A pipe would block until somebody writes; like a device behind a link, it is a warning."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    device = tmp_path / name.replace("pl", "de", 1)
    device.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    device.symlink_to(os.devnull)
    registry = Registry()
    if path.suffix == ".csv":
        registry.load_translations(tmp_path)
    else:
        registry.load_gettext_translations(tmp_path)
    assert registry.get_supported_locales() == {"en_US"}
    assert sorted(warnings()) == [
        f"{each}: cannot be read (Not a regular file): skipped" for each in (device, path)
    ]


def test_a_folder_that_cannot_be_looked_into(
    tmp_path: Path, compile_po: Compile, registry: Registry, warnings: Warnings
) -> None:
    """It is one warning, as for a file, and keeps its catalogue; a folder that is no locale is none."""
    compile_po(SOURCES / "pl.po", tmp_path, "pl")
    registry.load_gettext_translations(tmp_path)
    shutil.rmtree(tmp_path / "pl")
    # Root may read everything, but no one follows a link to itself.
    for name in ("pl", "es", "lost+found"):
        (tmp_path / name).symlink_to(name)
    (tmp_path / "fr").mkdir()
    (tmp_path / "de").write_text("")
    assert not registry.reload_if_changed()
    assert not registry.reload_if_changed()
    assert registry.get("pl").translate("school") == "szkoła"
    spanish, polish = sorted(warnings())
    assert spanish.startswith(f"{tmp_path / 'es' / 'LC_MESSAGES' / 'cyclone.mo'}: cannot be read (")
    assert spanish.endswith("): skipped")
    assert polish.endswith(": the catalogue stays as it was")
    (tmp_path / "pl").unlink()
    compile_po(SOURCES / "es_ES.po", tmp_path, "pl")
    assert registry.reload_if_changed()
    assert registry.get("pl").translate("school") == "escuela"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that anybody may look into; tmp_path is the user's alone."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs the permissions of POSIX")
def test_a_folder_without_permission(
    open_folder: Path, gettext_tree: Path, registry: Registry, warnings: Warnings
) -> None:
    """The warning says what the system said."""
    tree = shutil.copytree(gettext_tree, open_folder / "locale")
    (tree / "pl").chmod(0)
    user = os.geteuid()
    if user == 0:  # root may read everything
        os.seteuid(65534)
    try:
        registry.load_gettext_translations(tree)
    finally:
        os.seteuid(user)
        (tree / "pl").chmod(0o700)
    assert "pl" not in registry.get_supported_locales()
    assert "cannot be read (Permission denied): skipped" in warnings()[0]
