"""Versions: hashes of content, and those that are kept."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import CancelledError

from cyclone_core.web.files.hashes import AT_ONCE, SlowHashes, VersionCache, hash_chunks, hash_file
from cyclone_core.web.files.opening import OpenFile, open_regular

IDENTITY = (1, 2, 3, 4)


class TestCache:
    """`VersionCache`."""

    def test_kept(self) -> None:
        """A version is found for the same file only."""
        cache = VersionCache()
        assert cache.find(("a", "x"), IDENTITY) is None
        cache.keep(("a", "x"), IDENTITY, "1", 10)
        assert cache.find(("a", "x"), IDENTITY) == ("1",)
        assert cache.find(("a", "x"), (1, 2, 3, 5)) is None
        assert cache.find(("b", "x"), IDENTITY) is None
        cache.keep(("a", "y"), None, None, 10)
        assert cache.find(("a", "y"), None) == (None,)

    def test_bound(self) -> None:
        """The one that was not used longest is forgotten first."""
        cache = VersionCache()
        for name in "ab":
            cache.keep((0, name), IDENTITY, name, 2)
        cache.find((0, "a"), IDENTITY)
        cache.keep((0, "c"), IDENTITY, "c", 2)
        assert len(cache) == 2
        assert cache.find((0, "b"), IDENTITY) is None
        assert cache.find((0, "a"), IDENTITY) == ("a",)

    def test_smaller_bound(self) -> None:
        """A bound that has become smaller holds, and the last version is kept in any case."""
        cache = VersionCache()
        for name in "abcd":
            cache.keep((0, name), IDENTITY, name, 10)
        cache.keep((0, "e"), IDENTITY, "e", 0)
        assert len(cache) == 1
        assert cache.find((0, "e"), IDENTITY) == ("e",)

    def test_clear(self) -> None:
        """All can be forgotten."""
        cache = VersionCache()
        cache.keep((0, "a"), IDENTITY, "a", 2)
        cache.clear()
        assert cache.find((0, "a"), IDENTITY) is None


class TestHash:
    """Hashing at once."""

    def test_chunks(self) -> None:
        """Chunks are hashed as if they were one."""
        assert hash_chunks([b"ab", b"", b"c"], 3) == hashlib.sha512(b"abc").hexdigest()

    def test_limit(self) -> None:
        """What is too large is refused, without reading on, and the source is closed."""
        seen = []

        def chunks() -> Iterator[bytes]:
            try:
                for _ in range(10):
                    seen.append("read")
                    yield b"xx"
            finally:
                seen.append("closed")

        with pytest.raises(ValueError, match=r"larger than MAX_VERSION_CONTENT_SIZE \(3 bytes\)"):
            hash_chunks(chunks(), 3)
        assert seen == ["read", "read", "closed"]

    def test_file(self, tmp_path: Path) -> None:
        """A file is hashed, whatever its size."""
        for content in (b"", b"x", b"y" * 200_000):
            (tmp_path / "a").write_bytes(content)
            with open_regular(str(tmp_path / "a"), "a") as file:
                assert hash_file(file) == hashlib.sha512(content).hexdigest()


class TestSlowHashes:
    """Hashing in turns of the reactor."""

    @pytest.fixture
    def turns(self) -> list[Callable[[], object]]:
        """What is to be called in the next turn."""
        return []

    @pytest.fixture
    def content(self) -> bytes:
        """More than is hashed in two turns."""
        return b"x" * (2 * AT_ONCE + 1)

    @pytest.fixture
    def file(self, tmp_path: Path, content: bytes) -> Iterator[OpenFile]:
        """A file with that content."""
        (tmp_path / "a").write_bytes(content)
        with open_regular(str(tmp_path / "a"), "a") as file:
            yield file

    def test_turns(self, file: OpenFile, content: bytes, turns: list[Callable[[], object]]) -> None:
        """Each turn does a bounded part of the work."""
        found: list[str] = []
        SlowHashes().hash(file, turns.append).addCallback(found.append)
        for _ in range(4):
            assert found == []
            turns.pop(0)()
        assert turns == []
        assert found == [hashlib.sha512(content).hexdigest()]

    def test_together(self, file: OpenFile, turns: list[Callable[[], object]]) -> None:
        """Who wants the same hash meanwhile gets the same one; later it is made anew."""
        hashes = SlowHashes()
        found: list[str] = []
        for _ in range(2):
            hashes.hash(file, turns.append).addCallback(found.append)
            turns.pop(0)()
        hashes.hash(file, turns.append).addCallback(found.append)
        while turns:
            turns.pop(0)()
        assert len(found) == 3
        assert len(set(found)) == 1
        hashes.hash(file, turns.append)
        assert len(turns) == 1

    def test_first_leaves(
        self, file: OpenFile, content: bytes, turns: list[Callable[[], object]]
    ) -> None:
        """The hash goes on with the files of those who are left, whoever has asked for it first."""
        hashes = SlowHashes()
        found: list[object] = []
        first = hashes.hash(file, turns.append).addErrback(found.append)
        with open_regular(file.path, "a") as other:
            hashes.hash(other, turns.append).addCallback(found.append)
            turns.pop(0)()
            first.cancel()
            file.close()
            while turns:
                turns.pop(0)()
        assert found[0].check(CancelledError)  # type: ignore[attr-defined]
        assert found[1:] == [hashlib.sha512(content).hexdigest()]

    def test_all_leave(
        self, file: OpenFile, content: bytes, turns: list[Callable[[], object]]
    ) -> None:
        """If nobody is left the file is not read on, and who comes then begins anew."""
        hashes = SlowHashes()
        leaving = [hashes.hash(file, turns.append).addErrback(lambda _: None) for _ in range(2)]
        turns.pop(0)()
        for waiter in leaving:
            waiter.cancel()
        turns.pop(0)()
        assert turns == []
        found: list[str] = []
        hashes.hash(file, turns.append).addCallback(found.append)
        while turns:
            turns.pop(0)()
        assert found == [hashlib.sha512(content).hexdigest()]

    def test_leaves_at_the_end(self, file: OpenFile, turns: list[Callable[[], object]]) -> None:
        """Who is sent away by another one that has the hash gets none."""
        hashes = SlowHashes()
        found: list[object] = []
        first, second = [hashes.hash(file, turns.append) for _ in range(2)]
        first.addCallback(lambda _: second.cancel())
        second.addBoth(found.append)
        while turns:
            turns.pop(0)()
        assert len(found) == 1
        assert found[0].check(CancelledError)  # type: ignore[attr-defined]

    def test_closed(self, file: OpenFile, turns: list[Callable[[], object]]) -> None:
        """A file that cannot be read any more fails who gave it, and nobody else."""
        hashes = SlowHashes()
        found: list[object] = []
        hashes.hash(file, turns.append).addErrback(found.append)
        with open_regular(file.path, "a") as other:
            hashes.hash(other, turns.append).addCallback(found.append)
            turns.pop(0)()
            file.close()
            turns.pop(0)()
            assert len(found) == 1
            assert found[0].check(ValueError)  # type: ignore[attr-defined]
            while turns:
                turns.pop(0)()
        assert len(found) == 2
        assert isinstance(found[1], str)
