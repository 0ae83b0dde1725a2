"""Versions and URLs of static files, without a request."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cyclone_core.web import HTTPError, StaticFileHandler
from cyclone_core.web.files import versions as fileversions

Log = More = Any  # `Log` is in conftest.py, which cannot be imported


def sha512(content: bytes) -> str:
    """Hash."""
    return hashlib.sha512(content).hexdigest()


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """What is known of files is forgotten."""
    StaticFileHandler.reset()
    yield
    StaticFileHandler.reset()


@pytest.fixture
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are old enough for their versions to be kept."""
    monkeypatch.setattr(fileversions, "_FINE_STEP", -(10**18))
    monkeypatch.setattr(fileversions, "_COARSE_STEP", -(10**18))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory with a file, beside a secret one."""
    root = tmp_path / "static"
    (root / "sub").mkdir(parents=True)
    (root / "a.txt").write_bytes(b"hello")
    (tmp_path / "secret").write_bytes(b"secret")
    return root


def version(
    root: Path, path: str, kind: type[StaticFileHandler] = StaticFileHandler, **more: More
) -> str | None:
    """Find a version."""
    return kind.get_version({"static_path": str(root), **more}, path)


class TestVersion:
    """`get_version`."""

    def test_file(self, root: Path) -> None:
        """The version of a file is the SHA-512 of its content, as in Tornado."""
        assert version(root, "a.txt") == sha512(b"hello")
        assert version(root, "sub/../a.txt") == sha512(b"hello")

    def test_outside(self, root: Path) -> None:
        """A path that leads out of the directory is refused."""
        for path in ("../secret", "/etc/passwd", "a:b"):
            with pytest.raises(HTTPError) as caught:
                version(root, path)
            assert caught.value.status_code == 403

    def test_none(self, root: Path, log: Log) -> None:
        """What is no file below the directory has none, which is in the log once."""
        os.mkfifo(root / "fifo")
        (root / "link").symlink_to("../secret")
        (root / "zero").symlink_to("/dev/zero")
        for path, problem in [
            ("nothing", "404"),
            ("sub", "is not a file"),
            ("fifo", "is not a file"),
            ("link", "is not in root static directory"),
            ("zero", "is not in root static directory"),
        ]:
            for _ in range(2):
                fileversions._recent.clear()
                assert version(root, path) is None
            (line,) = log.take()
            assert line.startswith("Could not open static file")
            assert problem in line

    def test_allowed_links(self, root: Path) -> None:
        """Where links may lead is what the handler's argument or attribute says."""

        class Trusting(StaticFileHandler):
            allowed_symlink_directory = str(root.parent)

        (root / "link").symlink_to("../secret")
        assert version(root, "link", Trusting) == sha512(b"secret")
        arguments = {"allowed_symlink_directory": [str(root), str(root.parent)]}
        assert version(root, "link", static_handler_args=arguments) == sha512(b"secret")

    def test_path_objects(self, root: Path) -> None:
        """Directories may be `Path` objects."""
        assert StaticFileHandler.get_version({"static_path": root}, "a.txt") == sha512(b"hello")

    def test_too_large(self, root: Path, log: Log) -> None:
        """A file that is larger than the bound has none."""

        class Small(StaticFileHandler):
            MAX_VERSION_CONTENT_SIZE = 5

        assert version(root, "a.txt", Small) == sha512(b"hello")
        Small.reset()
        Small.MAX_VERSION_CONTENT_SIZE = 4
        assert version(root, "a.txt", Small) is None
        assert "larger than MAX_VERSION_CONTENT_SIZE (4 bytes)" in log.take()[0]
        assert version(root, "a.txt") == sha512(b"hello")

    @pytest.mark.usefixtures("_settled")
    def test_changed_file(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A changed file has another version, at the latest a second later."""
        assert version(root, "a.txt") == sha512(b"hello")
        (root / "a.txt").write_bytes(b"changed")
        assert version(root, "a.txt") == sha512(b"hello")
        later = fileversions.time.monotonic() + 1
        monkeypatch.setattr(fileversions.time, "monotonic", lambda: later)
        assert version(root, "a.txt") == sha512(b"changed")

    def test_fresh_file(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What was changed just now may be changed without a trace: its version is not kept."""
        monkeypatch.setattr(fileversions, "_SECOND", 0)
        monkeypatch.setattr(fileversions, "_FINE_STEP", 10**18)
        monkeypatch.setattr(fileversions, "_COARSE_STEP", 10**18)
        assert version(root, "a.txt") == sha512(b"hello")
        assert len(fileversions._cache) == 0

    @pytest.mark.usefixtures("_settled")
    def test_kept(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The version of a file that is the same is made once, even when its facts are forgotten."""
        monkeypatch.setattr(fileversions, "_SECOND", 0)
        assert version(root, "a.txt") == sha512(b"hello")
        fileversions.forget_files()
        monkeypatch.setattr(fileversions, "hash_file", lambda _: "made anew")
        assert version(root, "a.txt") == sha512(b"hello")
        assert version(root, "a.txt") == sha512(b"hello")

    @pytest.mark.usefixtures("_settled")
    def test_not_kept(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """With `static_hash_cache=False` it is made each time."""
        assert version(root, "a.txt", static_hash_cache=False) == sha512(b"hello")
        monkeypatch.setattr(fileversions, "hash_file", lambda _: "made anew")
        assert version(root, "a.txt", static_hash_cache=False) == "made anew"

    def test_bound(self, root: Path) -> None:
        """Not more is kept than the class wants."""

        class Few(StaticFileHandler):
            MAX_CACHED_VERSIONS = 2

        for name in "abcde":
            (root / name).write_text(name)
            assert version(root, name, Few) == sha512(name.encode())
            assert len(fileversions._recent) <= 2
            assert len(fileversions._cache) <= 2


class TestOverrides:
    """Classes with versions or content of their own."""

    def test_own_version(self, root: Path) -> None:
        """An own version is made once, until `reset`, and bounded by use."""
        made: list[str] = []

        class Own(StaticFileHandler):
            MAX_CACHED_VERSIONS = 2

            @classmethod
            def get_content_version(cls, abspath: str) -> str:
                made.append(Path(abspath).name)
                return super().get_content_version(abspath)

        for name in "abc":
            (root / name).write_text(name)
        for name in "abacab":
            assert version(root, name, Own) == sha512(name.encode())
        assert made == ["a", "b", "c", "b"]
        Own.reset()
        version(root, "b", Own)
        assert made == ["a", "b", "c", "b", "b"]
        version(root, "b", Own, static_hash_cache=False)
        assert made[5:] == ["b"]

    def test_own_content(self) -> None:
        """Own content is hashed, whether it comes at once or in pieces."""

        class Whole(StaticFileHandler):
            @classmethod
            def get_absolute_path(cls, root: str, path: str) -> str:
                return f"{root}:{path}"

            @classmethod
            def get_content(
                cls, abspath: str, start: int | None = None, end: int | None = None
            ) -> bytes | Iterable[bytes]:
                del start, end
                return abspath.encode()

        class Pieces(Whole):
            @classmethod
            def get_content(
                cls, abspath: str, start: int | None = None, end: int | None = None
            ) -> bytes | Iterable[bytes]:
                del start, end
                return iter([abspath.encode(), b"!"])

        assert Whole.get_version({"static_path": "db"}, "a") == sha512(b"db:a")
        assert Pieces.get_version({"static_path": "db"}, "a") == sha512(b"db:a!")

    def test_failure(self, root: Path, log: Log) -> None:
        """A version that cannot be made is none, which is in the log once."""

        class Broken(StaticFileHandler):
            @classmethod
            def get_content_version(cls, abspath: str) -> str:
                raise LookupError(f"no {abspath}")

        assert version(root, "a.txt", Broken) is None
        assert version(root, "a.txt", Broken) is None
        assert len(log.take()) == 1

    def test_own_get_version(self) -> None:
        """`get_version` itself may be replaced."""

        class Fixed(StaticFileHandler):
            @classmethod
            def get_version(cls, settings: Mapping[str, Any], path: str) -> str | None:
                del settings
                return f"{path}-42"

        assert Fixed.make_static_url({}, "a") == "/static/a?v=a-42"


class TestURL:
    """`make_static_url`."""

    def test_url(self, root: Path) -> None:
        """A URL has the prefix of the settings and the version."""
        settings = {"static_path": str(root)}
        wanted = f"/static/a.txt?v={sha512(b'hello')}"
        assert StaticFileHandler.make_static_url(settings, "a.txt") == wanted
        settings["static_url_prefix"] = "https://cdn.example.com/"
        url = StaticFileHandler.make_static_url(settings, "a.txt", include_version=False)
        assert url == "https://cdn.example.com/a.txt"

    def test_without_version(self, root: Path, log: Log) -> None:
        """What has no version has a URL without one."""
        assert StaticFileHandler.make_static_url({"static_path": str(root)}, "no") == "/static/no"
        assert len(log.take()) == 1


class TestContent:
    """`get_content`, which overrides call."""

    def test_parts(self, root: Path) -> None:
        """A file is given in pieces of at most 64 KiB, from and to anywhere."""
        content = bytes(range(256)) * 600
        (root / "large").write_bytes(content)
        path = str(root / "large")
        for start, end in [(None, None), (5, None), (None, 7), (3, 100_000), (9, 9), (0, 10**9)]:
            pieces = list(StaticFileHandler.get_content(path, start, end))
            assert b"".join(map(bytes, pieces)) == content[start:end]  # type: ignore[arg-type]
            assert all(len(bytes(piece)) <= 65536 for piece in pieces)  # type: ignore[arg-type]

    def test_no_file(self, root: Path) -> None:
        """What is no regular file is refused."""
        with pytest.raises(HTTPError, match="is not a file"):
            list(StaticFileHandler.get_content(str(root)))
        with pytest.raises(HTTPError) as caught:
            list(StaticFileHandler.get_content(str(root / "no")))
        assert caught.value.status_code == 404


def test_override_for_a_while(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A method that is replaced for a while counts as overridden."""

    def get_content(cls: type, abspath: str, start: object = None, end: object = None) -> bytes:
        del cls, abspath, start, end
        return b"other"

    monkeypatch.setattr(StaticFileHandler, "get_content", classmethod(get_content))
    assert version(root, "a.txt") == sha512(b"other")
