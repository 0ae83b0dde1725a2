"""Static files as a client gets them."""

import datetime as dt
import gzip
import hashlib
import os
import stat
from collections.abc import Callable
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, inlineCallbacks

from cyclone_core.httputil import HTTPHeaders
from cyclone_core.web import (
    HTTPError,
    OutputTransform,
    RequestHandler,
    StaticFileHandler,
    staticfiles,
)
from cyclone_core.web.files import opening
from cyclone_core.web.files import versions as fileversions

Server = Connection = Answer = Log = More = (
    Any  # these are in conftest.py, which cannot be imported
)
Serve = Callable[..., Server]

pytestmark = pytest.mark.usefixtures("files_closed")

ROBOTS = b"User-agent: *\nDisallow: /\n"
LARGE = b"".join([b"%07d\n" % number for number in range(40_000)])  # 320,000 bytes
MODIFIED = dt.datetime(2020, 2, 3, 4, 5, 6, tzinfo=dt.UTC)


def tag(content: bytes) -> str:
    """Make the entity tag of a content."""
    return f'"{hashlib.sha512(content).hexdigest()}"'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory with files, beside what nobody may have."""
    root = tmp_path / "static"
    (root / "dir").mkdir(parents=True)
    (root / "robots.txt").write_bytes(ROBOTS)
    (root / "favicon.ico").write_bytes(b"icon")
    (root / "large.bin").write_bytes(LARGE)
    (root / "empty").write_bytes(b"")
    (root / "dir" / "index.html").write_bytes(b"<p>index")
    (tmp_path / "static-private").write_bytes(b"secret")
    for path in [*root.iterdir(), *(root / "dir").iterdir()]:
        os.utime(path, (MODIFIED.timestamp() + 0.5,) * 2)
    return root


@pytest.fixture
def server(serve: Serve, root: Path) -> Server:
    """A server of the directory."""
    return serve([], static_path=str(root))


@pytest.fixture
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are old enough for their versions to be kept."""
    monkeypatch.setattr(fileversions, "_FINE_STEP", -(10**18))
    monkeypatch.setattr(fileversions, "_COARSE_STEP", -(10**18))


def fetch(server: Server, path: str, method: str = "GET", **headers: str) -> Answer:
    """Ask, and let the reactor turn until the answer is there."""
    connection = server.connect()
    connection.request(path, method, **headers)
    for _ in range(100):
        server.clock.advance(0)
    (answer,) = connection.read(method)
    return answer


def ask(server: Server, path: str, **headers: str) -> Answer:
    """Ask with GET and with HEAD, which must say the same of the content; give the answer to GET."""
    head = fetch(server, path, "HEAD", **headers)
    answer = fetch(server, path, **headers)
    assert head.status == answer.status
    assert head.body == b""
    for name in ("Content-Length", "Content-Type", "Content-Range", "Etag", "Last-Modified"):
        assert head.headers[name] == answer.headers[name]
    return answer


class TestFiles:
    """What is sent."""

    def test_file(self, server: Server) -> None:
        """A file is sent with its type, date and version, and may be asked for in parts."""
        answer = ask(server, "/static/robots.txt")
        assert (answer.status, answer.body) == (200, ROBOTS)
        headers = answer.headers
        assert headers["Content-Type"] == "text/plain"
        assert headers["Content-Length"] == "26"
        assert headers["Last-Modified"] == "Mon, 03 Feb 2020 04:05:06 GMT"
        assert headers["Etag"] == tag(ROBOTS)
        assert headers["Accept-Ranges"] == "bytes"
        assert headers["X-Content-Type-Options"] == "nosniff"
        for name in ("Cache-Control", "Expires", "Vary", "Content-Encoding", "Content-Range"):
            assert headers[name] is None

    def test_well_known_files(self, server: Server) -> None:
        """The icon and the rules for robots are found where everybody looks for them."""
        assert ask(server, "/robots.txt").body == ROBOTS
        assert ask(server, "/favicon.ico").body == b"icon"

    def test_empty_file(self, server: Server) -> None:
        """An empty file has no bytes, and is there."""
        answer = ask(server, "/static/empty")
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["Content-Length"] == "0"

    def test_large_file(self, server: Server) -> None:
        """A large file arrives as it is, with the same headers."""
        answer = ask(server, "/static/large.bin")
        assert answer.body == LARGE
        assert answer.headers["Content-Length"] == str(len(LARGE))
        assert answer.headers["Etag"] == tag(LARGE)
        assert answer.headers["Content-Type"] == "application/octet-stream"

    def test_compressed_files(self, server: Server, root: Path) -> None:
        """What is asked for as a compressed file is one."""
        for name, kind in [("a.xml.gz", "application/gzip"), ("a.bz2", "application/octet-stream")]:
            (root / name).write_bytes(b"x")
            answer = ask(server, f"/static/{name}")
            assert answer.headers["Content-Type"] == kind
            assert answer.headers["Content-Encoding"] is None

    def test_names(self, server: Server, root: Path) -> None:
        """A name may be any that is one: it is decoded once."""
        for name, url in [("ä b.txt", "%C3%A4%20b.txt"), ("%2e", "%252e"), ("a+b", "a+b")]:
            (root / name).write_text(name)
            assert ask(server, f"/static/{url}").body == name.encode()

    def test_slash_behind_a_file(self, server: Server) -> None:
        """A slash behind the name of a file does not count, as in Tornado."""
        assert ask(server, "/static/robots.txt/").body == ROBOTS

    def test_version_in_url(self, server: Server) -> None:
        """Who asks with a version may keep the file for ten years."""
        answer = ask(server, "/robots.txt?v=12345")
        assert answer.headers["Cache-Control"] == "max-age=315360000"
        expires = parsedate_to_datetime(answer.headers["Expires"])
        assert dt.timedelta(days=3649) < expires - dt.datetime.now(dt.UTC) < dt.timedelta(days=3651)
        assert ask(server, "/robots.txt?w=1").headers["Cache-Control"] is None

    def test_too_large_for_a_version(self, serve: Serve, root: Path, log: Log) -> None:
        """A file that is larger than versions may be has no entity tag, which is no news."""

        class Small(StaticFileHandler):
            MAX_VERSION_CONTENT_SIZE = 25

        server = serve([(r"/(.*)", Small, {"path": str(root)})])
        for name, content in [("robots.txt", ROBOTS), ("large.bin", LARGE)]:
            answer = ask(server, f"/{name}")
            assert (answer.body, answer.headers["Etag"]) == (content, None)
        assert log.take() == []

    def test_pipeline(self, server: Server) -> None:
        """Requests that come together are answered in order."""
        paths = ["robots.txt", "large.bin", "nothing", "empty", "large.bin", "robots.txt"]
        connection = server.connect()
        connection.send(b"".join([server.request(f"/static/{path}") for path in paths]))
        for _ in range(100):
            server.clock.advance(0)
        answers = connection.read(*["GET"] * 6)
        assert [answer.status for answer in answers] == [200, 200, 404, 200, 200, 200]
        assert [len(answer.body) for answer in answers if answer.status == 200] == [
            26,
            len(LARGE),
            0,
            len(LARGE),
            26,
        ]

    def test_client_goes(self, server: Server, log: Log) -> None:
        """A client that goes while a file is prepared is nobody's trouble."""
        connection = server.connect()
        connection.request("/static/large.bin")
        connection.leave()
        for _ in range(100):
            server.clock.advance(0)
        assert log.take() == []
        assert len(server.answered) == 1


class TestRefusals:
    """What is not sent."""

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("blarg", 404),
            ("dir", 403),
            ("dir/", 403),
            ("", 403),
            ("robots.txt/x", 404),
            ("../static-private", 403),
            ("..%2fstatic-private", 403),
            ("%2e%2e/static-private", 403),
            ("..%5cstatic-private", 403),
            ("%2fetc/passwd", 403),
            ("/etc/passwd", 403),
            ("a%00.txt", 403),
            ("robots.txt%00", 403),
            ("CON", 403),
            ("NUL.txt", 403),
            ("robots.txt:x", 403),
            ("c:%5cx", 403),
            ("x" * 1000, 404),
            ("x/" * 2000, 404),
            ("%ff", 400),
        ],
    )
    def test_path(self, server: Server, path: str, status: int) -> None:
        """What is outside, no file or not there has an error page, and nothing of a file."""
        answer = ask(server, f"/static/{path}")
        assert answer.status == status
        assert b"secret" not in answer.body
        assert answer.headers["Etag"] is None
        assert answer.headers["Accept-Ranges"] is None

    def test_special_files(self, server: Server, root: Path) -> None:
        """A FIFO does not block the process, and is no file."""
        os.mkfifo(root / "fifo")
        assert ask(server, "/static/fifo").status == 403
        os.mknod(root / "device", stat.S_IFIFO | 0o600)
        assert ask(server, "/static/device").status == 403

    def test_links(self, server: Server, root: Path) -> None:
        """Links are followed inside of the directory only."""
        (root / "inside").symlink_to("robots.txt")
        (root / "outside").symlink_to("../static-private")
        (root / "missing").symlink_to("../nothing")
        assert ask(server, "/static/inside").body == ROBOTS
        assert ask(server, "/static/outside").status == 403
        assert ask(server, "/static/missing").status == 403

    def test_methods(self, server: Server) -> None:
        """Files are read and nothing else."""
        answer = fetch(server, "/static/robots.txt", "DELETE")
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


class TestConditions:
    """What a client has already."""

    def test_entity_tag(self, server: Server) -> None:
        """Who has the version gets none, whatever the date says."""
        for field in (tag(ROBOTS), "*", f'"x", W/{tag(ROBOTS)}'):
            answer = ask(
                server,
                "/static/robots.txt",
                If_None_Match=field,
                If_Modified_Since="Fri, 01 Jan 1960 00:00:00 GMT",
            )
            assert (answer.status, answer.body) == (304, b"")
            assert answer.headers["Etag"] == tag(ROBOTS)
            assert answer.headers["Content-Length"] is None
            assert answer.headers["Content-Type"] is None

    def test_other_entity_tag(self, server: Server) -> None:
        """Who has another version gets this one, whatever the date says."""
        date = format_datetime(MODIFIED, usegmt=True)
        answer = ask(server, "/static/robots.txt", If_None_Match='"x"', If_Modified_Since=date)
        assert (answer.status, answer.body) == (200, ROBOTS)

    @pytest.mark.parametrize(
        ("field", "status"),
        [
            ("Mon, 03 Feb 2020 04:05:06 GMT", 304),
            ("Monday, 03-Feb-20 04:05:06 GMT", 304),
            ("Mon Feb  3 04:05:06 2020", 304),
            ("Mon, 03 Feb 2020 06:05:06 +0200", 304),
            ("Mon, 03 Feb 2020 04:05:07 GMT", 304),
            ("Mon, 03 Feb 2020 04:05:05 GMT", 200),
            ("Mon, 03 Feb 2020 04:05:06 -0200", 304),
            ("Mon, 03 Feb 2020 04:05:06 +0200", 200),
            ("Fri, 01 Jan 1960 00:00:00 GMT", 200),
            ("!nv@l!d", 200),
        ],
    )
    def test_date(self, server: Server, field: str, status: int) -> None:
        """Who has it since that date gets none; what is no date does not count."""
        answer = ask(server, "/static/robots.txt", If_Modified_Since=field)
        assert answer.status == status

    def test_large_file(self, server: Server) -> None:
        """A large file is not sent either."""
        answer = ask(server, "/static/large.bin", If_None_Match=tag(LARGE))
        assert (answer.status, answer.body) == (304, b"")

    def test_precondition(self, server: Server) -> None:
        """Who wants another version, or an older one, gets none and is told so."""
        assert ask(server, "/static/robots.txt", If_Match=tag(ROBOTS)).status == 200
        assert ask(server, "/static/robots.txt", If_Match='"x"').status == 412
        older = "Mon, 03 Feb 2020 04:05:05 GMT"
        assert ask(server, "/static/robots.txt", If_Unmodified_Since=older).status == 412


class TestRanges:
    """Parts of a file."""

    @pytest.mark.parametrize(
        ("field", "part", "said"),
        [
            ("bytes=0-9", slice(10), "bytes 0-9/26"),
            ("bytes=1-10000", slice(1, None), "bytes 1-25/26"),
            ("bytes=22-", slice(22, None), "bytes 22-25/26"),
            ("bytes=-4", slice(-4, None), "bytes 22-25/26"),
        ],
    )
    def test_part(self, server: Server, field: str, part: slice, said: str) -> None:
        """A part is sent with the tag of the whole."""
        answer = ask(server, "/static/robots.txt", Range=field)
        assert (answer.status, answer.body) == (206, ROBOTS[part])
        assert answer.headers["Content-Range"] == said
        assert answer.headers["Content-Length"] == str(len(ROBOTS[part]))
        assert answer.headers["Etag"] == tag(ROBOTS)

    @pytest.mark.parametrize(
        "field",
        [
            "bytes=0-",
            "bytes=0-25",
            "bytes=0-1000",
            "bytes=-1000",
            "asdf",
            "bytes=0-1,5-6",
            "bytes=1",
            "bytes=26",
            "lines=1-2",
        ],
    )
    def test_whole(self, server: Server, field: str) -> None:
        """The whole is no part (Chrome plays no sound then); several parts, and nonsense, are the whole."""
        answer = ask(server, "/static/robots.txt", Range=field)
        assert (answer.status, answer.body) == (200, ROBOTS)
        assert answer.headers["Content-Range"] is None

    @pytest.mark.parametrize("field", ["bytes=-0", "bytes=26-", "bytes=10-3"])
    def test_nothing(self, server: Server, field: str) -> None:
        """A part that there is not is refused with the size of the whole."""
        answer = ask(server, "/static/robots.txt", Range=field)
        assert (answer.status, answer.body) == (416, b"")
        assert answer.headers["Content-Range"] == "bytes */26"
        assert answer.headers["Content-Type"] == "text/plain"

    def test_part_of_nothing(self, server: Server) -> None:
        """An empty file has no parts."""
        answer = ask(server, "/static/empty", Range="bytes=0-")
        assert answer.status == 416
        assert answer.headers["Content-Range"] == "bytes */0"

    def test_large_part(self, server: Server) -> None:
        """A large part arrives as it is, and so does a small one of a large file."""
        for first, last in [(1, 250_000), (200_000, 200_009)]:
            answer = ask(server, "/static/large.bin", Range=f"bytes={first}-{last}")
            assert (answer.status, answer.body) == (206, LARGE[first : last + 1])

    def test_not_modified(self, server: Server) -> None:
        """Who has the whole gets no part."""
        answer = ask(server, "/static/robots.txt", Range="bytes=1-4", If_None_Match=tag(ROBOTS))
        assert answer.status == 304

    @pytest.mark.parametrize(
        ("field", "status"),
        [
            (tag(ROBOTS), 206),
            ("Mon, 03 Feb 2020 04:05:06 GMT", 206),
            ('"x"', 200),
            ("Mon, 03 Feb 2020 04:05:07 GMT", 200),
        ],
    )
    def test_if_range(self, server: Server, field: str, status: int) -> None:
        """A part is sent if it fits to what the client has, else the whole."""
        answer = ask(server, "/static/robots.txt", Range="bytes=1-4", If_Range=field)
        assert answer.status == status
        assert answer.body == (ROBOTS[1:5] if status == 206 else ROBOTS)


@pytest.mark.usefixtures("_settled")
class TestAgain:
    """Small files that were sent before, of which more is known."""

    def test_same_answer(self, server: Server) -> None:
        """The second answer is the first one."""
        first, second = [fetch(server, "/static/robots.txt") for _ in range(2)]
        assert len(staticfiles._answers) == 1
        assert (first.status, first.body) == (second.status, second.body)
        assert sorted(first.headers.items()) == sorted(second.headers.items())

    def test_conditions(self, server: Server) -> None:
        """What is asked for in another way is answered in another way."""
        fetch(server, "/static/robots.txt")
        path = "/static/robots.txt"
        assert ask(server, path, If_None_Match=tag(ROBOTS)).status == 304
        assert ask(server, path, If_Modified_Since=format_datetime(MODIFIED)).status == 304
        assert ask(server, path, Range="bytes=0-3").body == b"User"
        assert ask(server, path, If_Match='"x"').status == 412
        assert ask(server, path + "?v=1").headers["Cache-Control"] is not None
        assert ask(server, path).body == ROBOTS

    def test_changed(self, server: Server, root: Path) -> None:
        """A changed file is another one at once, and a deleted one is gone."""
        fetch(server, "/static/robots.txt")
        (root / "robots.txt").write_bytes(b"changed")
        answer = fetch(server, "/static/robots.txt")
        assert (answer.body, answer.headers["Etag"]) == (b"changed", tag(b"changed"))
        (root / "robots.txt").unlink()
        assert fetch(server, "/static/robots.txt").status == 404
        (root / "robots.txt").symlink_to("../static-private")
        assert fetch(server, "/static/robots.txt").status == 403

    def test_for_a_second(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is kept for a second."""
        fetch(server, "/static/robots.txt")
        later = staticfiles.time.monotonic() + 1
        monkeypatch.setattr(staticfiles.time, "monotonic", lambda: later)
        (kept,) = staticfiles._answers.values()
        assert fetch(server, "/static/robots.txt").body == ROBOTS
        assert kept not in staticfiles._answers.values()

    def test_extra_headers(self, serve: Serve, root: Path) -> None:
        """A class that only adds headers adds them each time."""

        class Counting(StaticFileHandler):
            count = 0

            def set_extra_headers(self, path: str) -> None:
                Counting.count += 1
                assert self.absolute_path == str(root / path)
                assert self.path == path
                assert self.modified == MODIFIED
                self.set_header("X-Count", str(Counting.count))

        server = serve([(r"/(.*)", Counting, {"path": str(root)})])
        answers = [fetch(server, "/robots.txt") for _ in range(3)]
        assert [answer.headers["X-Count"] for answer in answers] == ["1", "2", "3"]
        assert len(staticfiles._answers) == 1

    def test_no_version(self, serve: Serve, root: Path) -> None:
        """A file that may have no version has none again."""

        class Small(StaticFileHandler):
            MAX_VERSION_CONTENT_SIZE = 25

        server = serve([(r"/(.*)", Small, {"path": str(root)})])
        for _ in range(2):
            answer = fetch(server, "/robots.txt")
            assert (answer.body, answer.headers["Etag"]) == (ROBOTS, None)

    def test_not_kept(self, serve: Serve, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing is kept of what depends on more than the path."""
        (root / "robots.txt.gz").write_bytes(b"gz")
        (root / "a").write_bytes(b"a")

        class Own(StaticFileHandler):
            def get_content_type(self) -> str:
                return "text/x-own"

        class Elsewhere(StaticFileHandler):
            @classmethod
            def get_absolute_path(cls, root: str, path: str) -> str:
                return super().get_absolute_path(root, path)

        class Links(StaticFileHandler):
            allowed_symlink_directory = str(root)

        monkeypatch.chdir(root.parent)
        path = {"path": str(root)}
        server = serve(
            [
                (r"/plain/(.*)", StaticFileHandler, path),
                (r"/own/(.*)", Own, path),
                (r"/elsewhere/(.*)", Elsewhere, path),
                (r"/links/(.*)", Links, path),
                (r"/relative/(.*)", StaticFileHandler, {"path": "static"}),
                (r"/object/(.*)", StaticFileHandler, {"path": root}),
            ]
        )
        assert fetch(server, "/plain/robots.txt").body == ROBOTS
        for name in ("own", "elsewhere", "links", "relative", "object"):
            assert fetch(server, f"/{name}/a").body == b"a"
        assert fetch(server, "/plain/a", Range="bytes=0-0").status == 200
        staticfiles._answers.clear()
        assert fetch(server, "/plain/dir/index.html", Range="bytes=0-1").status == 206
        assert staticfiles._answers == {}

    def test_own_condition(self, serve: Serve, root: Path) -> None:
        """Who decides in another way what a client has is asked each time."""

        class Asking(StaticFileHandler):
            def should_return_304(self) -> bool:
                return self.request.headers.get("X-Have") == "yes"

        server = serve([(r"/(.*)", Asking, {"path": str(root)})])
        for _ in range(2):
            assert fetch(server, "/robots.txt").status == 200
            assert fetch(server, "/robots.txt", X_Have="yes").status == 304

    def test_changed_handler(self, serve: Serve, root: Path) -> None:
        """A step may be replaced for one request, and the answer to that is for nobody else."""

        class Changing(StaticFileHandler):
            def prepare(self) -> None:
                if "X-Kind" in self.request.headers:
                    kind = self.request.headers["X-Kind"]
                    self.get_content_type = lambda: kind  # type: ignore[method-assign]

        server = serve([(r"/(.*)", Changing, {"path": str(root)})])
        for kind in ("text/a", "text/b"):
            answer = fetch(server, "/robots.txt", X_Kind=kind)
            assert answer.headers["Content-Type"] == kind
            assert fetch(server, "/robots.txt").headers["Content-Type"] == "text/plain"

    def test_compressed_beside(self, server: Server, root: Path) -> None:
        """What was sent to a client that takes nothing compressed is not sent to one that does."""
        (root / "robots.txt.gz").write_bytes(gzip.compress(ROBOTS))
        for _ in range(2):
            plain = fetch(server, "/static/robots.txt")
            assert (plain.body, plain.headers["Vary"]) == (ROBOTS, "Accept-Encoding")
            answer = fetch(server, "/static/robots.txt", Accept_Encoding="gzip")
            assert answer.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(answer.body) == ROBOTS

    @pytest.mark.parametrize("way", ["property", "attribute"])
    def test_compressed_for_some(self, serve: Serve, root: Path, way: str) -> None:
        """Nor is it if only some clients are to get something compressed."""
        (root / "robots.txt.gz").write_bytes(gzip.compress(ROBOTS))
        suffixes: dict[str, dict[str, str]] = {"no": {}, "yes": {"gzip": ".gz"}}

        class Property(StaticFileHandler):
            @property
            def precompressed(self) -> dict[str, str]:  # type: ignore[override]
                return suffixes[self.request.headers["X-Compressed"]]

        class Attribute(StaticFileHandler):
            def prepare(self) -> None:
                self.__dict__["precompressed"] = suffixes[self.request.headers["X-Compressed"]]

        kind = Property if way == "property" else Attribute
        server = serve([(r"/(.*)", kind, {"path": str(root)})])
        for compressed, coding in [("no", None), ("yes", "gzip"), ("no", None)]:
            answer = fetch(server, "/robots.txt", X_Compressed=compressed, Accept_Encoding="gzip")
            assert answer.headers["Content-Encoding"] == coding

    def test_changed_class(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        """A method that is replaced for a while is called."""
        fetch(server, "/static/robots.txt")
        monkeypatch.setattr(StaticFileHandler, "get_content_type", lambda _: "text/x-own")
        assert fetch(server, "/static/robots.txt").headers["Content-Type"] == "text/x-own"

    def test_without_cache(self, serve: Serve, root: Path) -> None:
        """With `static_hash_cache=False`, as in debug mode, nothing is kept."""
        server = serve([], static_path=str(root), static_hash_cache=False)
        for name, content in [("robots.txt", ROBOTS), ("large.bin", LARGE)]:
            for _ in range(2):
                answer = fetch(server, f"/static/{name}")
                assert (answer.body, answer.headers["Etag"]) == (content, tag(content))
        assert staticfiles._answers == {}

    def test_slash(self, serve: Serve, root: Path) -> None:
        """A directory is sent with a slash, and without one it leads there, however often."""
        arguments = {"path": str(root / "dir"), "default_filename": "index.html"}
        server = serve([(r"/files/?(.*)", StaticFileHandler, arguments)])
        for _ in range(2):
            assert fetch(server, "/files/").body == b"<p>index"
            assert fetch(server, "/files").headers["Location"] == "/files/"

    def test_kept_anew(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        """An answer that is kept again takes the place of the old one."""
        monkeypatch.setattr(opening, "_SECOND", 0)
        for _ in range(3):
            assert fetch(server, "/static/robots.txt").body == ROBOTS
        assert staticfiles._answers.size == len(ROBOTS)

    def test_static_step(self, serve: Serve, root: Path) -> None:
        """A step may become a static method, and is called."""

        class Odd(StaticFileHandler):
            @staticmethod
            def get_absolute_path(root: str, path: str) -> str:  # type: ignore[override]
                return f"{root}/{path}"

        server = serve([(r"/(.*)", Odd, {"path": str(root)})])
        for _ in range(2):
            assert fetch(server, "/robots.txt").body == ROBOTS
        assert staticfiles._answers == {}


class TestSubclasses:
    """Classes as applications write them for Tornado and cyclone 1.x."""

    def test_own_content(self, serve: Serve) -> None:
        """All contact with the file system may be replaced."""

        class Database(StaticFileHandler):
            def parse_url_path(self, url_path: str) -> str:
                name, _, extension = url_path.split(".")
                return f"{name}.{extension}"

            @classmethod
            def get_absolute_path(cls, root: str, path: str) -> str:
                return f"{root}:{path}"

            def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
                del root
                if absolute_path != "db:foo.txt":
                    raise HTTPError(404)
                return absolute_path

            @classmethod
            def get_content(
                cls, abspath: str, start: int | None = None, end: int | None = None
            ) -> bytes:
                assert abspath == "db:foo.txt"
                return b"content"[start:end]

            def get_content_size(self) -> int:
                return 7

            def get_modified_time(self) -> dt.datetime | None:
                return None

        server = serve([], static_path="db", static_handler_class=Database)
        answer = ask(server, "/static/foo.42.txt")
        assert (answer.status, answer.body) == (200, b"content")
        assert answer.headers["Content-Type"] == "text/plain"
        assert answer.headers["Etag"] == tag(b"content")
        assert answer.headers["Last-Modified"] is None
        part = ask(server, "/static/foo.42.txt", Range="bytes=1-2")
        assert (part.status, part.body) == (206, b"on")
        date = format_datetime(MODIFIED)
        assert ask(server, "/static/foo.42.txt", If_Modified_Since=date).status == 200
        assert ask(server, "/static/bar.42.txt").status == 404

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_no_path(self, serve: Serve, root: Path, log: Log, method: str) -> None:
        """An override that finds no file and answers nothing is a mistake, and is told so."""

        class Forgetful(StaticFileHandler):
            def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
                del root, absolute_path
                return None

        answer = fetch(serve([(r"/(.*)", Forgetful, {"path": str(root)})]), "/robots.txt", method)
        assert (answer.status, answer.headers["Etag"]) == (500, None)
        (failure,) = log.failures()
        assert isinstance(failure, TypeError)
        assert "Forgetful.validate_absolute_path() returned None" in str(failure)
        assert "raise HTTPError(404)" in str(failure)

    def test_answered_without_path(self, serve: Serve, root: Path, log: Log) -> None:
        """One that answers may return None: in whichever way, and before or after `get`."""

        class Answering(StaticFileHandler):
            def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
                del root, absolute_path
                if self.path == "finished":
                    self.finish()
                elif self.path == "status":
                    self.set_status(204)
                elif self.path == "written":
                    self.write("written")
                return None

            async def get(self, path: str, include_body: bool = True) -> None:  # type: ignore[override]
                await super().get(path, include_body)
                if path == "later":
                    self.write("later")

        server = serve([(r"/(.*)", Answering, {"path": str(root)})])
        answers = {}
        for name in ("finished", "status", "written", "later"):
            answer = fetch(server, f"/{name}")
            answers[name] = (answer.status, answer.body)
        assert answers == {
            "finished": (200, b""),
            "status": (204, b""),
            "written": (200, b"written"),
            "later": (200, b"later"),
        }
        assert log.take() == []

    def test_initialize_without_super(self, serve: Serve, root: Path) -> None:
        """`initialize` may be replaced without calling it, as Jupyter does."""

        class Finder(StaticFileHandler):
            def initialize(self, directory: str) -> None:  # type: ignore[override]
                self.root = directory

        server = serve([(r"/(.*)", Finder, {"directory": str(root)})])
        assert ask(server, "/robots.txt").body == ROBOTS
        assert ask(server, "/dir/").status == 403

    def test_several_roots(self, serve: Serve, root: Path) -> None:
        """A class may look in several directories; each one is checked by itself."""
        other = root.parent / "other"
        other.mkdir()
        (other / "b.txt").write_bytes(b"b")
        (other / "link").symlink_to("../static/robots.txt")

        class Finder(StaticFileHandler):
            root: Any

            def initialize(self, path: list[str]) -> None:  # type: ignore[override]
                self.root = tuple(f"{each}/" for each in path)
                self.default_filename = None

            @classmethod
            def get_absolute_path(cls, root: Any, path: str) -> str:  # noqa: ANN401
                found = [each + path for each in root if Path(each + path).exists()]
                return found[0] if found else root[0] + path  # type: ignore[no-any-return]

            def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
                (root,) = [each for each in self.root if absolute_path.startswith(each)]
                return super().validate_absolute_path(root, absolute_path)

        server = serve([(r"/(.*)", Finder, {"path": [str(root), str(other)]})])
        assert ask(server, "/robots.txt").body == ROBOTS
        assert ask(server, "/b.txt").body == b"b"
        assert ask(server, "/link").status == 403
        assert ask(server, "/no").status == 404

    def test_own_headers(self, serve: Serve, root: Path) -> None:
        """Each step that makes the headers may be replaced."""

        class Own(StaticFileHandler):
            def compute_etag(self) -> str | None:
                return '"own"'

            def get_content_type(self) -> str:
                return ""

            def get_modified_time(self) -> dt.datetime | None:
                return dt.datetime(2021, 1, 1)  # noqa: DTZ001 -- naive on purpose

            def get_cache_time(
                self, path: str, modified: dt.datetime | None, mime_type: str
            ) -> int:
                assert (path, modified, mime_type) == ("robots.txt", self.modified, "")
                return 60

            def set_extra_headers(self, path: str) -> None:
                self.set_header("X-Path", path)

        server = serve([(r"/(.*)", Own, {"path": str(root)})])
        headers = ask(server, "/robots.txt").headers
        assert headers["Etag"] == '"own"'
        assert headers["Content-Type"] == "text/html; charset=UTF-8"
        assert headers["Last-Modified"] == "Fri, 01 Jan 2021 00:00:00 GMT"
        assert headers["Cache-Control"] == "max-age=60"
        assert headers["X-Path"] == "robots.txt"
        assert ask(server, "/robots.txt", If_None_Match='"own"').status == 304
        assert (
            ask(server, "/robots.txt", If_Modified_Since="Fri, 01 Jan 2021 00:00:00 GMT").status
            == 304
        )

    @pytest.mark.parametrize("name", ["robots.txt", "large.bin"])
    @pytest.mark.parametrize("way", ["await", "return", "neither", "yield"])
    def test_called_by_an_override(self, serve: Serve, root: Path, name: str, way: str) -> None:
        """`get` may be awaited, yielded, returned, or just called."""

        class Awaiting(StaticFileHandler):
            async def get(self, path: str, include_body: bool = True) -> None:  # type: ignore[override]
                self.set_header("X-Way", way)
                await super().get(path, include_body)

        class Returning(StaticFileHandler):
            def get(self, path: str, include_body: bool = True) -> Deferred[None]:
                self.set_header("X-Way", way)
                return super().get(path, include_body)

        class Calling(StaticFileHandler):
            def get(self, path: str, include_body: bool = True) -> None:  # type: ignore[override]
                self.set_header("X-Way", way)
                super().get(path, include_body)

        class Yielding(StaticFileHandler):
            @inlineCallbacks
            def get(self, path: str, include_body: bool = True) -> Any:  # noqa: ANN401
                self.set_header("X-Way", way)
                yield StaticFileHandler.get(self, path, include_body)

        kinds = {
            "await": Awaiting,
            "return": Returning,
            "neither": Calling,
            "yield": Yielding,
        }
        server = serve([(r"/(.*)", kinds[way], {"path": str(root)})])
        answer = fetch(server, f"/{name}")
        assert answer.body == (root / name).read_bytes()
        assert answer.headers["X-Way"] == way
        assert len(server.answered) == 1

    def test_own_get(self, serve: Serve, root: Path) -> None:
        """An override of `get` may write what it likes, with an entity tag like any other handler."""

        class Page(StaticFileHandler):
            def get(self, path: str, include_body: bool = True) -> None:  # type: ignore[override]
                del include_body
                self.write(f"page {path}")

        class Plain(RequestHandler):
            def get(self, path: str) -> None:
                self.write(f"page {path}")

        routes = [(r"/a/(.*)", Page, {"path": str(root)}), (r"/b/(.*)", Plain)]
        server = serve(routes)
        assert fetch(server, "/a/x").body == b"page x"
        assert fetch(server, "/a/x").headers["Etag"] == fetch(server, "/b/x").headers["Etag"]

    def test_not_found_page(self, serve: Serve, root: Path) -> None:
        """An override may answer in another way where there is no file."""

        class Pages(StaticFileHandler):
            async def get(self, path: str, include_body: bool = True) -> None:  # type: ignore[override]
                try:
                    await super().get(path, include_body)
                except HTTPError as error:
                    self.set_status(error.status_code)
                    self.finish("nothing here")

        server = serve([(r"/(.*)", Pages, {"path": str(root)})])
        answer = fetch(server, "/no")
        assert (answer.status, answer.body) == (404, b"nothing here")

    def test_transforms(self, serve: Serve, root: Path) -> None:
        """Files are compressed like other answers where the application wants that."""
        (root / "style.css").write_bytes(LARGE)
        (root / "small.css").write_bytes(LARGE[:2000])
        server = serve([], static_path=str(root), compress_response=True)
        for name, size in [("style.css", len(LARGE)), ("small.css", 2000)]:
            answer = fetch(server, f"/static/{name}", Accept_Encoding="gzip")
            assert answer.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(answer.body) == LARGE[:size]
            assert answer.headers["Vary"] == "Accept-Encoding"
        assert fetch(server, "/static/large.bin", Accept_Encoding="gzip").body == LARGE

    def test_reading_is_enough(self, serve: Serve, root: Path) -> None:
        """A transform that changes the head alone does not keep a file in the process."""

        class Stamp(OutputTransform):
            def transform_first_chunk(
                self,
                status_code: int,
                headers: HTTPHeaders,
                chunk: bytes,
                finishing: bool,
            ) -> tuple[int, HTTPHeaders, bytes]:
                headers["X-Stamp"] = "1"
                return super().transform_first_chunk(status_code, headers, chunk, finishing)

        server = serve([], static_path=str(root), transforms=[Stamp])
        answer = fetch(server, "/static/large.bin")
        assert (answer.body, answer.headers["X-Stamp"]) == (LARGE, "1")
