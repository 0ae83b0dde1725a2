"""Opening files to be served, and nothing else."""

import contextlib
import errno
import os
import resource
import socket
from pathlib import Path

import pytest

from cyclone_core.web import HTTPError
from cyclone_core.web.files import opening
from cyclone_core.web.files.facts import identity_of
from cyclone_core.web.files.opening import (
    OpenFile,
    is_unchanged,
    open_inside,
    open_regular,
)

pytestmark = pytest.mark.usefixtures("files_closed")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory with a file, beside a secret one."""
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "a.txt").write_text("hello")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("secret")
    return root


def refused(root: Path, name: str, *allowed: Path) -> tuple[int, str | None]:
    """Try to open something in a directory; gives status and message of the error."""
    with pytest.raises(HTTPError) as caught:
        open_inside(str(root / name), tuple(map(str, allowed or [root])), name)
    return caught.value.status_code, caught.value.get_message()


def content(root: Path, name: str, *allowed: Path) -> str:
    """Open a file in a directory, and read it."""
    with open_inside(str(root / name), tuple(map(str, allowed or [root])), name) as found:
        return found.read(0, found.size).decode()


OUTSIDE = "is not in root static directory"


class TestOpenFile:
    """`OpenFile`."""

    def test_reading(self, root: Path) -> None:
        """Any part can be read, in any order; behind the end there is nothing."""
        with open_regular(str(root / "a.txt"), "a") as file:
            assert (file.size, file.path, file.asked) == (5, str(root / "a.txt"), file.path)
            assert file.read(1, 3) == b"ell"
            assert file.read(0, 5) == b"hello"
            assert file.read(3, 10) == b"lo"
            assert file.read(9, 10) == b""
            assert file.number is not None
        assert file.number is None

    def test_object(self, root: Path) -> None:
        """As a file object it is the same file, and is closed with it."""
        with open_regular(str(root / "a.txt"), "a") as file:
            opened = file.file()
            assert opened is file.file()
            assert opened.read() == b"hello"
            assert file.read(0, 2) == b"he"
        assert opened.closed

    def test_closed(self, root: Path) -> None:
        """What is closed cannot be read, and can be closed again."""
        file = open_regular(str(root / "a.txt"), "a")
        number = file.number
        assert number is not None
        file.close()
        with pytest.raises(OSError, match="Bad file"):
            os.fstat(number)
        file.close()
        for use in (lambda: file.read(0, 1), file.file):
            with pytest.raises(ValueError, match=r"a\.txt is closed"):
                use()

    def test_lost(self, root: Path) -> None:
        """What nobody has any more is closed."""
        number = open_regular(str(root / "a.txt"), "a").number
        assert number is not None
        with pytest.raises(OSError, match="Bad file"):
            os.fstat(number)

    def test_facts(self, root: Path) -> None:
        """What is known of it is found out once."""
        with open_regular(str(root / "a.txt"), "a") as file:
            assert file.facts is file.facts
            assert file.facts.identity == identity_of(file.status)

    def test_without_pread(self, root: Path) -> None:
        """A system without `pread` seeks before it reads."""
        with open_regular(str(root / "a.txt"), "a") as file:
            assert file.number is not None
            assert opening._seek_and_read(file.number, 3, 1) == b"ell"
            assert opening._seek_and_read(file.number, 4, 0) == b"hell"


class TestKinds:
    """What may be opened."""

    def test_missing(self, root: Path) -> None:
        """What is not there is 404, whatever the reason."""
        (root / "loop").symlink_to("loop")
        for name in ("nothing", "a.txt/x", "x" * 300, "/".join(["x" * 200] * 30), "loop", "\0"):
            assert refused(root, name) == (404, None)

    def test_directory(self, root: Path) -> None:
        """A directory is found, and is no regular file."""
        with open_inside(str(root / "sub"), (str(root),), "sub") as found:
            assert found.is_directory
            assert found.path == str(root / "sub")
        with pytest.raises(HTTPError, match="sub is not a file"):
            open_regular(str(root / "sub"), "sub")
        with open_regular(str(root / "a.txt"), "a") as file:
            assert not file.is_directory

    def test_fifo(self, root: Path) -> None:
        """A FIFO does not block, and is refused."""
        os.mkfifo(root / "fifo")
        with pytest.raises(HTTPError, match="fifo is not a file") as caught:
            open_regular(str(root / "fifo"), "fifo")
        assert caught.value.status_code == 403

    def test_socket(self, root: Path) -> None:
        """A socket is refused."""
        with socket.socket(socket.AF_UNIX) as listener, contextlib.chdir(root):
            listener.bind("socket")
            assert refused(root, "socket") == (403, "socket is not a file")

    def test_device(self) -> None:
        """A device is refused."""
        with pytest.raises(HTTPError, match="is not a file"):
            open_regular("/dev/zero", "/dev/zero")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else and back")
    def test_permission(self, root: Path) -> None:
        """What may not be read is 403; a directory that may only be searched is one."""
        (root / "a.txt").chmod(0)
        (root / "sub").chmod(0o711)
        directory = root
        while directory != directory.parent:
            mode = directory.stat().st_mode
            if not mode & 0o001:
                directory.chmod(mode | 0o011)
            directory = directory.parent
        os.seteuid(65534)
        try:
            assert refused(root, "a.txt") == (403, "a.txt may not be read")
            with open_inside(str(root / "sub"), (str(root),), "sub") as found:
                assert found.is_directory
                assert found.number is None
            assert refused(root, "sub", root / "other") == (403, f"sub {OUTSIDE}")
        finally:
            os.seteuid(0)

    def test_exhaustion(self, root: Path) -> None:
        """With too many open files it is 503: it will be there later."""
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            with pytest.raises(HTTPError, match="cannot be opened: Too many open files") as caught:
                open_regular(str(root / "a.txt"), "a.txt")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert caught.value.status_code == 503

    def test_other_errors(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What nobody has foreseen is what it was."""

        def fail(*_: object) -> int:
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(os, "open", fail)
        with pytest.raises(OSError, match="Input/output"):
            open_regular("/a", "a")


class TestLinks:
    """Where symbolic links may lead."""

    def test_inside(self, root: Path) -> None:
        """A link inside of the directory is followed, and the path is that of the file."""
        (root / "link").symlink_to("a.txt")
        (root / "sub" / "up").symlink_to("..")
        with open_inside(str(root / "link"), (str(root),), "link") as found:
            assert found.path == str(root / "a.txt")
            assert found.asked == str(root / "link")
        assert content(root, "sub/up/a.txt") == "hello"

    def test_outside(self, root: Path) -> None:
        """A link that leads out of it is refused, in the same way whether or not there is anything."""
        (root / "file").symlink_to("../secret/key")
        (root / "directory").symlink_to("../secret")
        (root / "nothing").symlink_to("../secret/nothing")
        (root / "zero").symlink_to("/dev/zero")
        for name in ("file", "directory", "directory/key", "directory/no", "nothing", "zero"):
            assert refused(root, name) == (403, f"{name} {OUTSIDE}")

    def test_neighbour(self, root: Path) -> None:
        """A directory whose name only begins alike is outside."""
        neighbour = root.with_name("root-private")
        neighbour.mkdir()
        (neighbour / "key").write_text("secret")
        (root / "key").symlink_to("../root-private/key")
        assert refused(root, "key") == (403, f"key {OUTSIDE}")

    def test_linked_root(self, root: Path) -> None:
        """The directory may be reached through a link itself, also one that is moved."""
        link, other = root.with_name("current"), root.with_name("other")
        link.symlink_to("root")
        assert content(link, "a.txt") == "hello"
        other.mkdir()
        (other / "b.txt").write_text("new")
        link.unlink()
        link.symlink_to("other")
        assert content(link, "b.txt") == "new"

    def test_other_directories(self, root: Path) -> None:
        """Other directories may be allowed, and then the root is not by itself."""
        secret = root.with_name("secret")
        (root / "file").symlink_to("../secret/key")
        assert content(root, "file", secret) == "secret"
        assert content(root, "file", root, secret) == "secret"
        assert refused(root, "a.txt", secret) == (403, f"a.txt {OUTSIDE}")
        assert content(root, "file", Path("/")) == "secret"

    def test_moved_link(self, root: Path) -> None:
        """A link that was fine and leads out now is refused at once."""
        link = root / "link"
        link.symlink_to("a.txt")
        assert content(root, "link") == "hello"
        link.unlink()
        link.symlink_to("../secret/key")
        assert refused(root, "link") == (403, f"link {OUTSIDE}")

    def test_moved_directory(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file whose directory was moved out of the root is refused a second later."""
        (root / "sub" / "b.txt").write_text("hello")
        assert content(root, "sub/b.txt") == "hello"
        (root / "sub").rename(root.with_name("moved"))
        (root / "sub").symlink_to("../moved")
        later = opening.time.monotonic() + 1
        monkeypatch.setattr(opening.time, "monotonic", lambda: later)
        assert refused(root, "sub/b.txt") == (403, f"sub/b.txt {OUTSIDE}")

    def test_known(self, root: Path) -> None:
        """What is known of a file is kept while it is the same."""
        path, allowed = str(root / "a.txt"), (str(root),)
        with open_inside(path, allowed, "a") as first, open_inside(path, allowed, "a") as second:
            assert first.facts is second.facts
        os.truncate(path, 1)
        with open_inside(path, allowed, "a") as third:
            assert third.facts is not first.facts
            assert third.size == 1

    def test_bound(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Not more is kept than makes sense."""
        monkeypatch.setattr(opening, "_MOST_KEPT", 2)
        for number in range(5):
            (root / f"{number}").write_text("x")
            assert content(root, f"{number}") == "x"
            assert len(opening._confirmed) <= 2

    def test_deleted(self, root: Path) -> None:
        """A file that was deleted after it was opened is still where it was."""
        with open_regular(str(root / "a.txt"), "a") as file:
            (root / "a.txt").unlink()
            assert opening._path_of(file) == str(root / "a.txt")

    def test_called_deleted(self, root: Path) -> None:
        """A file that is called as if it were deleted is itself, and not the one it seems to have been."""
        path = root / "a.txt (deleted)"
        path.write_text("other")
        with open_inside(str(path), (str(root),), path.name) as file:
            assert file.path == str(path)
            path.unlink()
            assert opening._path_of(file) == str(path)

    def test_deleted_with_another_name(self, root: Path) -> None:
        """A deleted file that has another name still is where it was opened."""
        (root / "other").hardlink_to(root / "a.txt")
        with open_regular(str(root / "a.txt"), "a") as file:
            (root / "a.txt").unlink()
            assert opening._path_of(file) == str(root / "a.txt")

    def test_without_proc(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where the system does not tell the path of an open file it is resolved and compared."""
        monkeypatch.setattr(opening, "_path_of", lambda _: None)
        (root / "link").symlink_to("a.txt")
        (root / "file").symlink_to("../secret/key")
        with open_inside(str(root / "link"), (str(root),), "link") as found:
            assert found.path == str(root / "a.txt")
        assert refused(root, "file") == (403, f"file {OUTSIDE}")

    def test_replaced_meanwhile(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A link that is moved between opening and resolving gains nothing."""
        link = root / "link"
        link.symlink_to("../secret/key")

        def move(_: object) -> None:
            link.unlink()
            link.symlink_to("a.txt")

        monkeypatch.setattr(opening, "_path_of", move)
        assert refused(root, "link") == (403, f"link {OUTSIDE}")

    def test_comparison(self, root: Path) -> None:
        """What is not there is not the same."""
        status = (root / "a.txt").stat()
        assert opening._is_same(str(root / "a.txt"), status)
        assert not opening._is_same(str(root / "sub"), status)
        assert not opening._is_same(str(root / "nothing"), status)

    def test_unknown_links(self, root: Path) -> None:
        """Without `/proc` nobody knows where an open file is."""
        with open_regular(str(root / "a.txt"), "a") as file:
            assert opening._path_of(file, "/nowhere") is None


def test_unchanged(root: Path) -> None:
    """A file is the same until it is changed, replaced or deleted."""
    path = root / "a.txt"
    identity = identity_of(path.stat())
    assert is_unchanged(str(path), identity)
    path.unlink()
    assert not is_unchanged(str(path), identity)
    path.write_text("other")
    assert not is_unchanged(str(path), identity)


def test_open_file_of_a_directory(root: Path) -> None:
    """A directory that cannot be opened has a status, and nothing to be closed."""
    found = OpenFile(None, str(root))
    assert found.is_directory
    found.close()
