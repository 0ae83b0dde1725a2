"""Uploaded files."""

import copy
import io
import os
import pickle
from collections.abc import Mapping
from pathlib import Path

import pytest

from cyclone_core.httputil import HTTPFile
from cyclone_core.httputil.stores import BodyStore, MemoryStore, open_range

BODY = bytes(range(256)) * 1024


class Disk:
    """A body that is not in memory, and that counts how often it is read."""

    def __init__(self, body: bytes = BODY) -> None:
        self._memory = MemoryStore(body)
        self.reads: list[tuple[int, int]] = []

    @property
    def size(self) -> int:
        """Its length."""
        return self._memory.size

    def read_range(self, start: int, size: int) -> bytes:
        """Read."""
        self.reads.append((start, size))
        return self._memory.read_range(start, size)


@pytest.fixture
def disk() -> Disk:
    """A body on disk."""
    return Disk()


def on_disk(disk: BodyStore, start: int = 10, size: int = 200_000) -> HTTPFile:
    """Make a file of a range of a body."""
    return HTTPFile.from_store("a.bin", "image/png", disk, start, size)


class TestItems:
    """A file is a mapping and an object."""

    def test_item_and_attribute(self) -> None:
        """Items and attributes are the same; the content type has the classic default."""
        file = HTTPFile("a", b"bc")
        assert (file.filename, file.body, file.content_type) == ("a", b"bc", "application/unknown")
        assert dict(file) == {"filename": "a", "body": b"bc", "content_type": "application/unknown"}
        assert [file[name] for name in file] == ["a", b"bc", "application/unknown"]
        assert (len(file), "body" in file, "x" in file, 1 in file) == (3, True, False, False)
        assert HTTPFile(filename="a", body=b"", content_type="b", x=1).x == 1
        assert isinstance(file, Mapping)

    def test_changes(self) -> None:
        """Items may be changed, added and removed, by either way."""
        file = HTTPFile("a", b"bc")
        file.filename = "d"
        file["body"] = b"efg"
        file.thumbnail = b"h"
        file.update(x=1)
        assert (file["filename"], file.body, file["thumbnail"], file.x) == ("d", b"efg", b"h", 1)
        assert (file.size, file.file.read()) == (3, b"efg")
        file.body = b"i"
        assert (file.size, file.file.read()) == (1, b"i")
        del file.x
        del file["thumbnail"]
        assert file.pop("content_type") == "application/unknown"
        assert list(file) == ["filename", "body"]
        assert (file.get("x"), file.setdefault("x", 2), file.x) == (None, 2, 2)

    @pytest.mark.parametrize("name", ["x", "_x", "_items", "__html__"])
    def test_missing(self, name: str) -> None:
        """What is missing is a KeyError or an AttributeError, like in an `ObjectDict`."""
        file = HTTPFile("a", b"")
        with pytest.raises(KeyError):
            file[name]
        with pytest.raises(KeyError):
            del file[name]
        with pytest.raises(AttributeError, match=f"HTTPFile has no item '{name}' to remove"):
            delattr(file, name)
        if name != "_items":
            with pytest.raises(AttributeError, match=f"no item or attribute '{name}'"):
                getattr(file, name)
        assert not hasattr(HTTPFile.__new__(HTTPFile), name)

    @pytest.mark.parametrize("name", ["size", "file", "save", "items"])
    def test_methods_stay(self, name: str) -> None:
        """What the class defines cannot be covered by an item."""
        with pytest.raises(AttributeError, match=f"'{name}' of an HTTPFile cannot be set"):
            setattr(HTTPFile("a", b""), name, 1)

    def test_equality(self, disk: Disk) -> None:
        """Files are equal to files and mappings with the same items; they have no hash."""
        file = on_disk(disk, 0, 3)
        made = HTTPFile("a.bin", b"\0\1\2", "image/png")
        assert file == made == dict(made)
        assert dict(made) == file
        assert file != HTTPFile("a.bin", b"\0\1\3", "image/png")
        assert file != "a.bin"
        with pytest.raises(TypeError, match="unhashable"):
            hash(file)

    def test_repr(self, disk: Disk) -> None:
        """The content is not shown, and not read."""
        shown = "HTTPFile(filename='a.bin', content_type='image/png', size=200000)"
        assert repr(on_disk(disk)) == shown
        assert disk.reads == []
        file = HTTPFile("a", b"secret")
        del file.filename
        assert repr(file) == "HTTPFile(filename=None, content_type='application/unknown', size=6)"


class TestDisk:
    """A large file stays where it is."""

    def test_body_is_read_when_asked_for(self, disk: Disk) -> None:
        """Nothing else reads, and it reads once."""
        file = on_disk(disk)
        assert (file.filename, file["content_type"], file.size) == ("a.bin", "image/png", 200_000)
        assert ("body" in file, len(file), list(file)) == (
            True,
            3,
            ["filename", "body", "content_type"],
        )
        assert disk.reads == []
        assert file.body == file["body"] == BODY[10:][:200_000]
        assert file.body is file.body
        assert disk.reads == [(10, 200_000)]
        assert file.size == 200_000

    def test_file(self, disk: Disk) -> None:
        """The file object is the same each time, begins at 0, and reads pieces."""
        file = on_disk(disk)
        assert file.file is file.file
        assert file.file.read(3) == BODY[10:13]
        assert file.file.read(2) == BODY[13:15]
        assert disk.reads == [(10, 64 * 1024)]
        assert file.file.read() == BODY[15:][: 200_000 - 5]
        assert file.file.read() == b""
        file.file.close()
        assert file.file.tell() == 0
        assert [*file.file][-1].endswith(BODY[200_009:200_010])

    def test_body_may_be_replaced(self, disk: Disk) -> None:
        """Another body takes the place of the one on disk."""
        file = on_disk(disk)
        assert file.file.read(1) == BODY[10:11]
        file["body"] = b"new"
        assert (file.body, file.size, file.file.read()) == (b"new", 3, b"new")
        assert disk.reads == [(10, 64 * 1024)]

    def test_save(self, disk: Disk, tmp_path: Path) -> None:
        """The content is written piece by piece, over what is there; the file object stays put."""
        file = on_disk(disk)
        file.file.read(5)
        disk.reads.clear()
        target = tmp_path / "saved"
        target.write_bytes(b"x" * 1_000_000)
        assert file.save(target) == 200_000
        assert target.read_bytes() == BODY[10:][:200_000]
        assert max(size for _, size in disk.reads) <= 64 * 1024
        assert file.file.tell() == 5
        assert HTTPFile("a", b"bc").save(str(target)) == 2
        assert target.read_bytes() == b"bc"
        with pytest.raises(FileNotFoundError):
            file.save(tmp_path / "no" / "where")

    def test_copy(self, disk: Disk) -> None:
        """A copy has items of its own and shares what is on disk."""
        file = on_disk(disk)
        for copied in (file.copy(), copy.copy(file)):
            assert type(copied) is HTTPFile
            copied.filename = "b"
            assert copied.file is not file.file
            assert disk.reads == []
            assert copied.file.read(2) == BODY[10:12]
            disk.reads.clear()
        assert file.filename == "a.bin"

    def test_pickle_and_deepcopy(self, disk: Disk) -> None:
        """A pickled or deeply copied file brings its content along."""
        file = on_disk(disk, 0, 5)
        file.x = [1]
        for copied in (pickle.loads(pickle.dumps(file)), copy.deepcopy(file)):  # noqa: S301 -- ours
            assert type(copied) is HTTPFile
            assert copied == file
            assert copied.x is not file.x
            assert copied.file.read() == b"\0\1\2\3\4"


class TestRange:
    """A range of a body as a file."""

    def test_positions(self) -> None:
        """It can be read and sought like any binary file, and ends where the range does."""
        file = open_range(MemoryStore(b"0123456789"), 2, 5)
        assert (file.readable(), file.seekable(), file.writable()) == (True, True, False)
        assert file.read() == b"23456"
        assert file.seek(1) == 1
        assert file.read(2) == b"34"
        assert file.seek(1, os.SEEK_CUR) == 4
        assert file.read() == b"6"
        assert file.seek(-2, os.SEEK_END) == 3
        assert file.read(9) == b"56"
        assert file.seek(100) == 100
        assert (file.read(), file.read(1)) == (b"", b"")
        with pytest.raises(ValueError, match="before the start"):
            file.seek(-1)
        with pytest.raises(io.UnsupportedOperation):
            file.fileno()

    def test_readinto(self) -> None:
        """It fills any buffer."""
        file = open_range(MemoryStore(b"0123456789"), 0, 10)
        assert isinstance(file, io.BufferedReader)
        buffer = bytearray(4)
        assert file.raw.readinto(memoryview(buffer).cast("H")) == 4
        assert buffer == b"0123"
        lines = open_range(MemoryStore(b"a\nb\n"), 0, 4)
        assert list(lines) == [b"a\n", b"b\n"]

    def test_empty(self) -> None:
        """A range may be empty."""
        assert open_range(MemoryStore(b"abc"), 3, 0).read() == b""
