"""The temporary file of a large body."""

import errno
import gc
import os
import resource
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cyclone_core.httpserver.spool import BodySpool, SpoolError
from cyclone_core.httputil.files import HTTPFile
from cyclone_core.httputil.stores import open_range

LINUX_FULL = Path("/dev/full")

HINTS = dict.fromkeys((500, 507), "see the settings body_spool_dir and max_body_size")
HINTS[503] = "raise the limit of open files (ulimit -n) or lower the setting max_connections"


def spooled(*chunks: bytes, directory: str | None = None) -> BodySpool:
    """Put a body on disk."""
    spool = BodySpool(directory)
    for chunk in chunks:
        spool.write(chunk)
    spool.flush()
    return spool


class Full:
    """A file on a disk that is full.

    Attributes:
        closed: How often it was closed.
    """

    def __init__(self, code: int = errno.ENOSPC) -> None:
        self.closed = 0
        self._code = code

    def write(self, _: bytes) -> int:
        """Take nothing."""
        return self.flush()

    def flush(self) -> int:
        """Take nothing."""
        raise OSError(self._code, os.strerror(self._code))

    def close(self) -> None:
        """Try once more, as Python's files do."""
        self.closed += 1
        self.flush()


@pytest.fixture
def _no_collector() -> Iterator[None]:
    """Rely on reference counts alone."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_ranges() -> None:
    """Any range can be read, in any order; the size is that of all pieces."""
    spool = spooled(b"0123", b"", b"x" * 200_000, b"end")
    assert spool.size == 200_007
    assert spool.read_range(0, 4) == b"0123"
    assert spool.read_range(200_000, 100) == b"xxxxend"
    assert spool.read_range(2, 4) == b"23xx"
    assert spool.read_range(200_007, 1) == b""
    assert open_range(spool, 3, 2).read() == b"3x"


def test_the_directory(tmp_path: Path) -> None:
    """The file is where it should be, and has no name there."""
    spool = spooled(b"x" * 100_000, directory=str(tmp_path))
    assert spool.read_range(0, 1) == b"x"
    assert list(tmp_path.iterdir()) == []


def test_writing_in_large_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pieces reach the disk 64 KiB at a time."""
    buffered: list[int] = []
    real = tempfile.TemporaryFile

    def watched(*, buffering: int, dir: str | None) -> object:  # noqa: A002 -- the name is Python's
        buffered.append(buffering)
        return real(buffering=buffering, dir=dir)

    monkeypatch.setattr(tempfile, "TemporaryFile", watched)
    assert spooled(b"abc").read_range(0, 9) == b"abc"
    assert buffered == [64 * 1024]


@pytest.mark.usefixtures("_no_collector")
def test_the_file_lives_as_long_as_it_is_referred_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """An uploaded file, or a file object, keeps it; with the last one it is closed."""
    files = []
    real = tempfile.TemporaryFile

    def watched(*, buffering: int, dir: str | None) -> object:  # noqa: A002 -- the name is Python's
        files.append(real(buffering=buffering, dir=dir))
        return files[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", watched)
    spool = spooled(b"0123456789")
    upload = HTTPFile.from_store("a", "b/c", spool, 2, 5)
    del spool
    reader = upload.file
    del upload
    assert reader.read() == b"23456"
    assert not files[0].closed
    del reader
    assert files[0].closed


def test_threads() -> None:
    """Several threads read at once, each what it asks for."""
    piece = 10_000
    spool = spooled(*[bytes([i]) * piece for i in range(8)])
    wrong: list[int] = []

    def read(i: int) -> None:
        file = open_range(spool, i * piece, piece)
        for _ in range(50):
            file.seek(0)
            if file.read() != bytes([i]) * piece:
                wrong.append(i)

    threads = [threading.Thread(target=read, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (errno.ENOSPC, 507),
        (errno.EDQUOT, 507),
        (errno.EFBIG, 507),
        (errno.EMFILE, 503),
        (errno.ENFILE, 503),
        (errno.EIO, 500),
        (errno.EACCES, 500),
    ],
)
@pytest.mark.parametrize("where", ["open", "write", "flush"])
def test_failures(monkeypatch: pytest.MonkeyPatch, code: int, status: int, where: str) -> None:
    """A full disk is 507, too many files 503, any other failure 500; the message says what to do."""
    full = Full(code)

    def temporary_file(**_: object) -> Full:
        if where == "open":
            raise OSError(code, os.strerror(code))
        return full

    monkeypatch.setattr(tempfile, "TemporaryFile", temporary_file)
    with pytest.raises(SpoolError) as caught:
        _fail(where)
    assert caught.value.status == caught.value.http_status == status
    assert str(caught.value) == (
        f"a body cannot be kept in '/spool': {os.strerror(code)}; {HINTS[status]}"
    )
    del caught
    gc.collect()
    assert full.closed == (where != "open")


def _fail(where: str) -> None:
    spool = BodySpool("/spool")
    if where == "write":
        spool.write(b"x")
    spool.flush()


def test_default_directory() -> None:
    """The message names the system's directory if there is no setting."""
    error = SpoolError(OSError(errno.ENOSPC, "full"), None)
    assert tempfile.gettempdir() in str(error)


@pytest.mark.parametrize("known", [True, False])
def test_really_too_many_files(monkeypatch: pytest.MonkeyPatch, known: bool) -> None:
    """It is 503 even where Python has not looked for its directory yet, and the next body is taken."""
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir() if known else None)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        with pytest.raises(SpoolError, match="Too many open files; raise the limit") as caught:
            BodySpool(None)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert caught.value.status == 503
    assert spooled(b"x").read_range(0, 1) == b"x"


def test_no_directory_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without a place for temporary files is told so, with 500."""

    def find() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_get_default_tempdir", find)
    with pytest.raises(SpoolError, match="kept in a temporary file: No usable") as caught:
        BodySpool(None)
    assert caught.value.status == 500


def test_missing_directory(tmp_path: Path) -> None:
    """A directory that has vanished since the start is an error of ours."""
    with pytest.raises(SpoolError, match="No such file or directory") as caught:
        BodySpool(str(tmp_path / "gone"))
    assert caught.value.status == 500


@pytest.mark.skipif(not LINUX_FULL.exists(), reason="only Linux has a full disk at hand")
def test_a_real_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system says of a full disk arrives, and closing the file says nothing more."""
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: LINUX_FULL.open("r+b"))
    spool = BodySpool(None)
    spool.write(b"x" * 1000)
    with pytest.raises(SpoolError, match="No space left on device") as caught:
        spool.flush()
    assert caught.value.status == 507
    spool.close()
    spool.close()
