"""Catalogues that change while the program runs."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cyclone_locale import Registry

Warnings = Callable[[], list[str]]
Compile = Callable[..., Path]
SOURCES = Path(__file__).parent / "catalogs"


@pytest.fixture
def folder(tmp_path: Path, registry: Registry) -> Path:
    """Load two CSV catalogues from a directory that may be changed."""
    for code in ("es_ES", "pl"):
        shutil.copy(SOURCES / f"{code}.csv", tmp_path)
    registry.load_translations(tmp_path)
    return tmp_path


def test_nothing_to_reload(registry: Registry) -> None:
    """Without catalogues there is nothing that could change."""
    assert not registry.reload_if_changed()


@pytest.mark.usefixtures("folder")
def test_nothing_has_changed(registry: Registry) -> None:
    """The locales stay the same objects."""
    locale = registry.get("pl")
    assert not registry.reload_if_changed()
    assert registry.get("pl") is locale


def test_a_changed_file_is_read_again(folder: Path, registry: Registry) -> None:
    """Once, and only that one; who held the locale keeps what it had."""
    before = registry.get("pl")
    (folder / "pl.csv").write_text("school,uczelnia")
    assert registry.reload_if_changed()
    assert registry.get("pl").translate("school") == "uczelnia"
    assert registry.get("es_ES").translate("school") == "escuela"
    assert before.translate("school") == "szkoła"
    assert not registry.reload_if_changed()


def test_the_size_and_the_times_are_compared(folder: Path, registry: Registry) -> None:
    """A file of the same length and the same time of change is seen by what the kernel notes."""
    path = folder / "pl.csv"
    path.write_text("school,aaaa")
    registry.reload_if_changed()
    stat = path.stat()
    path.write_text("school,bbbb")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert registry.reload_if_changed()
    assert registry.get("pl").translate("school") == "bbbb"


def test_files_come_and_go(folder: Path, registry: Registry) -> None:
    """A new file is a new locale; a removed one falls back on the default."""
    (folder / "de.csv").write_text("school,Schule")
    (folder / "pl.csv").unlink()
    assert registry.reload_if_changed()
    assert registry.get_supported_locales() == {"de", "es_ES", "en_US"}
    assert registry.get("de").translate("school") == "Schule"


def test_the_settings_survive(folder: Path, registry: Registry) -> None:
    """A reload changes catalogues and nothing else."""
    registry.set_default_locale("pl")
    (folder / "de.csv").write_text("school,Schule")
    assert registry.reload_if_changed()
    assert registry.get("tlh").code == "pl"


def test_a_broken_row_is_reported_when_it_appears(
    folder: Path, registry: Registry, warnings: Warnings
) -> None:
    """The rest of the file is the new catalogue, and other files are not reported again."""
    (folder / "es_ES.csv").write_text("alone\nschool,colegio\n")
    assert registry.reload_if_changed()
    assert len(warnings()) == 1
    (folder / "pl.csv").write_text("school,uczelnia")
    assert registry.reload_if_changed()
    assert warnings() == []
    assert registry.get("es_ES").translate("school") == "colegio"


def test_a_file_that_breaks_keeps_its_catalogue(
    folder: Path, registry: Registry, warnings: Warnings
) -> None:
    """One warning, until it changes again; then it is read like any other."""
    path = folder / "pl.csv"
    path.unlink()
    path.symlink_to("nowhere")
    (folder / "de.csv").write_text("school,Schule")
    assert registry.reload_if_changed()
    assert registry.get("pl").translate("school") == "szkoła"
    assert registry.get("de").translate("school") == "Schule"
    (warning,) = warnings()
    assert warning.startswith(f"{path}: cannot be read")
    assert warning.endswith(": the catalogue stays as it was")
    assert not registry.reload_if_changed()
    path.unlink()
    path.write_text("school,uczelnia")
    assert registry.reload_if_changed()
    assert registry.get("pl").translate("school") == "uczelnia"
    assert warnings() == []


@pytest.mark.parametrize("data", [b"school\n", "school,x\n".encode("utf-16-be"), b"\xff\xfe\0"])
def test_a_csv_file_that_breaks_as_a_whole_keeps_its_catalogue(
    folder: Path, registry: Registry, warnings: Warnings, data: bytes
) -> None:
    """Without any usable row it is broken, as a damaged .mo file is: one warning, until it changes."""
    (folder / "pl.csv").write_bytes(data)
    assert not registry.reload_if_changed()
    assert registry.get("pl").translate("school") == "szkoła"
    (warning,) = warnings()
    assert warning.endswith(": the catalogue stays as it was")
    assert not registry.reload_if_changed()
    assert warnings() == []
    (folder / "pl.csv").write_bytes(b"")
    assert registry.reload_if_changed()
    assert registry.get("pl").translate("school") == "school"
    assert warnings() == []


def test_a_broken_catalogue_of_gettext(
    gettext_tree: Path, compile_po: Compile, registry: Registry, warnings: Warnings
) -> None:
    """It keeps the former messages too, and nothing counts as reloaded."""
    registry.load_gettext_translations(gettext_tree)
    path = gettext_tree / "pl" / "LC_MESSAGES" / "cyclone.mo"
    path.write_bytes(path.read_bytes()[:200])
    locale = registry.get("pl")
    assert not registry.reload_if_changed()
    assert registry.get("pl") is locale
    (warning,) = warnings()
    assert f"{path} (200 bytes): broken catalogue" in warning
    assert "the catalogue stays as it was" in warning
    assert not registry.reload_if_changed()
    assert warnings() == []
    compile_po(SOURCES / "es_ES.po", gettext_tree, "pl")
    assert registry.reload_if_changed()
    assert registry.get("pl").translate("school") == "escuela"


def test_a_file_that_was_broken_is_mended(
    tmp_path: Path, registry: Registry, warnings: Warnings
) -> None:
    """A catalogue that could not be loaded at first is loaded when it can be."""
    path = tmp_path / "pl" / "LC_MESSAGES" / "cyclone.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"?")
    registry.load_gettext_translations(tmp_path)
    assert registry.get_supported_locales() == {"en_US"}
    path.write_bytes(b"??")
    assert not registry.reload_if_changed()
    assert [said.count("skipped") for said in warnings()] == [1, 1]


def test_names_are_complained_about_once(
    folder: Path, registry: Registry, warnings: Warnings
) -> None:
    """A file that is no locale may be written as often as one likes."""
    (folder / "README.csv").write_text("a,b")
    assert not registry.reload_if_changed()
    assert len(warnings()) == 1
    (folder / "README.csv").write_text("a,bc")
    assert not registry.reload_if_changed()
    assert warnings() == []
    (folder / "es-es.csv").write_text("school,liceo")
    assert not registry.reload_if_changed()
    assert len(warnings()) == 1
    (folder / "es_ES.csv").unlink()
    assert registry.reload_if_changed()
    assert registry.get("es_ES").translate("school") == "liceo"


def test_the_directory_goes_and_comes_back(
    folder: Path, registry: Registry, warnings: Warnings
) -> None:
    """Everything stays as it was, with one warning for each time that it goes."""
    away = folder.with_name("away")
    for _ in range(2):
        folder.rename(away)
        assert not registry.reload_if_changed()
        assert not registry.reload_if_changed()
        assert registry.get("pl").translate("school") == "szkoła"
        (warning,) = warnings()
        assert warning.endswith("all catalogues stay as they were")
        away.rename(folder)
        assert not registry.reload_if_changed()
    (folder / "pl.csv").unlink()
    (folder / "es_ES.csv").unlink()
    assert registry.reload_if_changed()
    assert warnings() == []
    assert registry.get_supported_locales() == {"en_US"}
