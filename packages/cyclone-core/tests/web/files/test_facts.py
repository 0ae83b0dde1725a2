"""What is known of a file."""

import datetime as dt
import os
from pathlib import Path

import pytest

from cyclone_core.web.files.facts import FileFacts, guess_content_type, identity_of


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/a/robots.txt", "text/plain"),
        ("/a/style.css", "text/css"),
        ("/a/PAGE.HTML", "text/html"),
        ("/a/sample.xml.gz", "application/gzip"),
        ("/a/sample.xml.bz2", "application/octet-stream"),
        ("/a/sample.xml.br", "application/octet-stream"),
        ("/a/sample.unknown-extension", "application/octet-stream"),
        ("/a/README", "application/octet-stream"),
        ("/a/.css", "application/octet-stream"),
    ],
)
def test_content_type(path: str, kind: str) -> None:
    """The extension tells the type; a compressed file is what it is, and not what is in it."""
    assert guess_content_type(path) == kind


def test_identity(tmp_path: Path) -> None:
    """A file is the same until anything is changed in it, or it is another one."""
    path = tmp_path / "a"
    path.write_text("x")
    first = identity_of(path.stat())
    assert identity_of(path.stat()) == first
    os.truncate(path, 0)
    assert identity_of(path.stat()) != first
    (tmp_path / "b").write_text("x")
    assert identity_of((tmp_path / "b").stat()) != first


def test_facts(tmp_path: Path) -> None:
    """Date and type are told as headers say them."""
    path = tmp_path / "style.css"
    path.write_text("x")
    os.utime(path, (784111777.9, 784111777.9))
    facts = FileFacts(str(path), path.stat(), 5.0)
    assert facts.path == str(path)
    assert facts.until == 5.0
    assert facts.identity == identity_of(path.stat())
    assert facts.modified == dt.datetime(1994, 11, 6, 8, 49, 37, tzinfo=dt.UTC)
    assert facts.last_modified == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert facts.content_type == facts.content_type == "text/css"
    assert facts.versions == {}


def test_codings(tmp_path: Path) -> None:
    """Compressed files beside it are looked for once, for the same suffixes."""
    path = tmp_path / "style.css"
    path.write_text("x")
    facts = FileFacts(str(path), path.stat(), 5.0)
    suffixes = {"gzip": ".gz"}
    assert facts.codings(suffixes) == ()
    (tmp_path / "style.css.gz").write_text("y")
    assert facts.codings(suffixes) == ()
    assert facts.codings({"gzip": ".gz"}) == ("gzip",)
