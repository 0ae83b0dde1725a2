"""Which file a request gets."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cyclone_core.web import StaticFileHandler
from cyclone_core.web.files import opening
from cyclone_core.web.files.opening import forget_files

Server = Answer = Any  # these are in conftest.py, which cannot be imported
Serve = Callable[..., Server]

pytestmark = pytest.mark.usefixtures("files_closed")

CSS = b"p { color: red }\n" * 100
ALL = "gzip, deflate, br, zstd"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory with a style sheet, and with another directory."""
    root = tmp_path / "static"
    (root / "dir").mkdir(parents=True)
    (root / "dir" / "index.html").write_bytes(b"<p>index")
    (root / "style.css").write_bytes(CSS)
    os.utime(root / "style.css", (1000, 1000))
    return root


def compress(root: Path, *suffixes: str, modified: float = 1000) -> None:
    """Put what looks compressed beside the style sheet."""
    for suffix in suffixes:
        path = root / f"style.css{suffix}"
        path.write_bytes(gzip.compress(CSS) if suffix == ".gz" else suffix.encode())
        os.utime(path, (modified, modified))


class TestDirectories:
    """`default_filename`."""

    @pytest.fixture
    def server(self, serve: Serve, root: Path) -> Server:
        """A server that has a page for each directory."""
        arguments = {"path": str(root), "default_filename": "index.html"}
        return serve([(r"/files/(.*)", StaticFileHandler, arguments)])

    def test_directory(self, server: Server) -> None:
        """A directory is sent as the file in it that has that name."""
        answer = server.ask("/files/dir/")
        assert (answer.status, answer.body) == (200, b"<p>index")
        assert answer.headers["Content-Type"] == "text/html"

    def test_redirect(self, server: Server) -> None:
        """Without a slash a browser would look for the page's files elsewhere: it is sent there."""
        for method in ("GET", "HEAD"):
            answer = server.ask("/files/dir?a=b", method)
            assert (answer.status, answer.headers["Location"]) == (301, "/files/dir/")

    def test_nothing(self, server: Server, root: Path) -> None:
        """A directory without such a file has nothing, and another directory is no page."""
        assert server.ask("/files/").status == 404
        (root / "index.html").mkdir()
        assert server.ask("/files/").status == 403

    def test_settings(self, serve: Serve, root: Path) -> None:
        """The setting `static_handler_args` names it for `static_path`."""
        arguments = {"default_filename": "index.html"}
        server = serve([], static_path=str(root), static_handler_args=arguments)
        assert server.ask("/static/dir/").body == b"<p>index"

    def test_links(self, server: Server, root: Path) -> None:
        """Links must not lead out, neither of the directory nor of the file."""
        (root.parent / "secret" / "sub").mkdir(parents=True)
        (root.parent / "secret" / "index.html").write_text("secret")
        (root / "link").symlink_to("../secret")
        (root / "missing").symlink_to("../nothing")
        (root / "index.html").symlink_to("../secret/index.html")
        for path in ("link", "link/", "link/sub", "missing", ""):
            answer = server.ask(f"/files/{path}")
            assert (answer.status, answer.headers["Location"]) == (403, None)

    @pytest.mark.parametrize(
        "path",
        ["//evil.com/../{root}/dir", "//evil.com/..{root}/dir", "/\\evil.com/../dir", "//dir"],
    )
    def test_open_redirect(self, serve: Serve, root: Path, path: str) -> None:
        """Nobody is sent to another site."""
        arguments = {"path": "/", "default_filename": "index.html"}
        everything = serve([(r"/(.*)", StaticFileHandler, arguments)])
        arguments = {"path": str(root), "default_filename": "index.html"}
        below = serve([(r"/(.*)", StaticFileHandler, arguments)])
        for server in (everything, below):
            answer = server.ask(path.format(root=root))
            assert answer.status in (403, 404)
            assert answer.headers["Location"] is None

    def test_two_slashes(self, serve: Serve, root: Path) -> None:
        """A path that a browser reads as the name of a host is not redirected to."""
        arguments = {"path": str(root), "default_filename": "index.html"}
        server = serve([(r"//host/(.*)", StaticFileHandler, arguments)])
        answer = server.ask("//host/dir")
        assert (answer.status, answer.headers["Location"]) == (403, None)
        assert server.ask("//host/dir/").body == b"<p>index"


class TestLinks:
    """`allowed_symlink_directory`."""

    def test_argument(self, serve: Serve, root: Path) -> None:
        """It may be one directory or several, which take the place of the root."""
        (root.parent / "a").write_text("a")
        (root / "a").symlink_to("../a")
        routes = [
            (r"/none/(.*)", StaticFileHandler, {"path": str(root)}),
            *[
                (
                    rf"/{name}/(.*)",
                    StaticFileHandler,
                    {"path": str(root), "allowed_symlink_directory": allowed},
                )
                for name, allowed in [
                    ("one", str(root.parent)),
                    ("list", [str(root), str(root.parent)]),
                    ("object", root.parent),
                    ("other", [str(root / "dir")]),
                ]
            ],
        ]
        server = serve(routes)
        status = {
            name: (server.ask(f"/{name}/a").status, server.ask(f"/{name}/style.css").status)
            for name in ("none", "one", "list", "object", "other")
        }
        assert status == {
            "none": (403, 200),
            "one": (200, 200),
            "list": (200, 200),
            "object": (200, 200),
            "other": (403, 403),
        }

    def test_path_object(self, serve: Serve, root: Path) -> None:
        """The directory that is served may be a `Path`."""
        server = serve([], static_path=root)
        assert server.ask("/static/style.css").body == CSS


class TestOverrides:
    """Classes that validate paths in their own way."""

    def test_own_validation(self, serve: Serve, root: Path) -> None:
        """What an override returns is opened, wherever it is, if it is a regular file."""

        class Trusting(StaticFileHandler):
            def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
                del root
                return absolute_path.replace("alias", "style")

        compress(root, ".gz")
        server = serve([(r"/(.*)", Trusting, {"path": str(root)})])
        answer = server.ask("/alias.css", Accept_Encoding=ALL)
        assert (answer.body, answer.headers["Content-Encoding"]) == (CSS, None)
        assert answer.headers["Last-Modified"] == "Thu, 01 Jan 1970 00:16:40 GMT"
        assert server.ask("/nothing").status == 404
        assert server.ask("/dir").status == 403

    def test_changed_path(self, serve: Serve, root: Path) -> None:
        """An override may go on from what was found to another file."""

        class Twin(StaticFileHandler):
            def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
                found = super().validate_absolute_path(root, absolute_path)
                return found and f"{found}.twin"

        (root / "style.css.twin").write_bytes(b"twin")
        compress(root, ".twin.gz")
        server = serve([(r"/(.*)", Twin, {"path": str(root)})])
        answer = server.ask("/style.css", Accept_Encoding=ALL)
        assert (answer.body, answer.headers["Content-Encoding"]) == (b"twin", None)
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert server.ask("/dir/index.html").status == 404

    def test_own_answer(self, serve: Serve, root: Path) -> None:
        """An override may answer by itself, and return None."""

        class Moved(StaticFileHandler):
            def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
                super().validate_absolute_path(root, absolute_path)
                self.redirect("/elsewhere")
                return None

        server = serve([(r"/(.*)", Moved, {"path": str(root)})])
        assert server.ask("/style.css").headers["Location"] == "/elsewhere"

    def test_content_of_a_file(self, serve: Serve, root: Path) -> None:
        """Own content may come with the size and date of the file."""

        class Upper(StaticFileHandler):
            @classmethod
            def get_content(
                cls, abspath: str, start: int | None = None, end: int | None = None
            ) -> bytes:
                return Path(abspath).read_bytes().upper()[start:end]

        compress(root, ".gz")
        server = serve([(r"/(.*)", Upper, {"path": str(root)})])
        answer = server.ask("/style.css", Accept_Encoding=ALL)
        assert (answer.body, answer.headers["Content-Encoding"]) == (CSS.upper(), None)
        assert answer.headers["Content-Length"] == str(len(CSS))
        assert answer.headers["Vary"] is None
        assert server.ask("/style.css", Range="bytes=4-8").body == b"COLOR"

    def test_content_without_a_file(self, serve: Serve) -> None:
        """Own content at a path that is opened by nobody has the size that the system tells."""

        class Other(StaticFileHandler):
            def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
                del root
                return absolute_path

            @classmethod
            def get_content(
                cls, abspath: str, start: int | None = None, end: int | None = None
            ) -> bytes:
                return Path(abspath).read_bytes()[start:end]

        path = Path(__file__)
        server = serve([(r"/(.*)", Other, {"path": str(path.parent)})])
        answer = server.ask(f"/{path.name}")
        assert answer.body == path.read_bytes()
        assert answer.headers["Last-Modified"] is not None


class TestCompressed:
    """Files that were compressed beforehand."""

    @pytest.fixture
    def server(self, serve: Serve, root: Path) -> Server:
        """A server of the directory."""
        return serve([], static_path=str(root))

    def ask(self, server: Server, accepted: str | None = ALL, **headers: str) -> Answer:
        """Ask for the style sheet."""
        forget_files()
        if accepted is not None:
            headers["Accept_Encoding"] = accepted
        return server.ask("/static/style.css", **headers)

    def test_chosen(self, server: Server, root: Path) -> None:
        """What a client likes best is sent, with the type and date of the original."""
        compress(root, ".gz", ".br")
        for accepted, coding, body in [
            (ALL, "br", b".br"),
            ("gzip", "gzip", None),
            ("br;q=0.1, gzip;q=0.2", "gzip", None),
            ("identity", None, CSS),
            (None, None, CSS),
        ]:
            answer = self.ask(server, accepted)
            assert answer.status == 200
            assert answer.headers["Content-Encoding"] == coding
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert answer.headers["Content-Type"] == "text/css"
            assert answer.headers["Last-Modified"] == "Thu, 01 Jan 1970 00:16:40 GMT"
            assert answer.headers["Content-Length"] == str(len(answer.body))
            assert (gzip.decompress(answer.body) if body is None else answer.body) == (body or CSS)

    def test_entity_tags(self, server: Server, root: Path) -> None:
        """Each coding has an entity tag of its own."""
        compress(root, ".gz", ".br")
        tags = [self.ask(server, accepted).headers["Etag"] for accepted in ("br", "gzip", None)]
        assert len(set(tags)) == 3
        assert self.ask(server, "br", If_None_Match=tags[0]).status == 304
        assert self.ask(server, "br", If_None_Match=tags[0]).headers["Vary"] == "Accept-Encoding"
        assert self.ask(server, "gzip", If_None_Match=tags[0]).status == 200

    def test_part(self, server: Server, root: Path) -> None:
        """A part is one of what is sent."""
        compress(root, ".br")
        answer = self.ask(server, Range="bytes=1-1")
        assert (answer.status, answer.body) == (206, b"b")
        assert answer.headers["Content-Range"] == "bytes 1-1/3"
        assert answer.headers["Content-Encoding"] == "br"
        answer = self.ask(server, Range="bytes=3-")
        assert (answer.status, answer.headers["Content-Range"]) == (416, "bytes */3")
        assert answer.headers["Content-Encoding"] is None

    def test_head(self, server: Server, root: Path) -> None:
        """HEAD says what GET would."""
        compress(root, ".br")
        answer = server.ask("/static/style.css", "HEAD", Accept_Encoding="br")
        assert answer.headers["Content-Length"] == "3"
        assert answer.headers["Content-Encoding"] == "br"

    def test_without(self, server: Server) -> None:
        """Where there is none the answer does not depend on what a client accepts."""
        answer = self.ask(server)
        assert (answer.body, answer.headers["Vary"]) == (CSS, None)

    def test_older(self, server: Server, root: Path) -> None:
        """One that is older than the original is not sent."""
        compress(root, ".gz", modified=999)
        assert self.ask(server).headers["Content-Encoding"] is None

    def test_link(self, server: Server, root: Path) -> None:
        """It is as bound to the directory as any file."""
        (root.parent / "secret").write_text("secret")
        (root / "style.css.br").symlink_to("../secret")
        answer = self.ask(server)
        assert (answer.body, answer.headers["Content-Encoding"]) == (CSS, None)

    def test_original_is_needed(self, server: Server, root: Path) -> None:
        """Without the original there is nothing."""
        (root / "other.css.gz").write_bytes(gzip.compress(CSS))
        assert server.ask("/static/other.css", Accept_Encoding=ALL).status == 404

    def test_large(self, server: Server, root: Path) -> None:
        """A large one is sent like a large file."""
        data = os.urandom(200_000)
        (root / "style.css.gz").write_bytes(data)
        answer = self.ask(server, "gzip")
        assert (answer.body, answer.headers["Content-Encoding"]) == (data, "gzip")

    def test_setting(self, serve: Serve, root: Path) -> None:
        """A setting turns it off."""
        compress(root, ".gz", ".br")
        server = serve([], static_path=str(root), static_precompressed=False)
        answer = self.ask(server)
        assert (answer.body, answer.headers["Vary"]) == (CSS, None)

    def test_attribute(self, serve: Serve, root: Path) -> None:
        """A class may have none, or others."""

        class Plain(StaticFileHandler):
            precompressed = {}  # noqa: RUF012 -- as an application writes it

        class Modern(StaticFileHandler):
            precompressed = {"zstd": ".zst"}  # noqa: RUF012 -- as an application writes it

        compress(root, ".gz", ".zst")
        server = serve([], static_path=str(root), static_handler_class=Plain)
        assert self.ask(server).headers["Content-Encoding"] is None
        server = serve([], static_path=str(root), static_handler_class=Modern)
        assert self.ask(server).headers["Content-Encoding"] == "zstd"

    @pytest.mark.parametrize("name", ["compute_etag", "get_content_size", "get_content_version"])
    def test_own_content(self, serve: Serve, root: Path, name: str) -> None:
        """A class that says itself what is sent, or what version that is, gets the original."""

        class Own(StaticFileHandler):
            pass

        own: dict[str, Any] = {
            "compute_etag": lambda _: '"own"',
            "get_content_size": lambda _: len(CSS),
            "get_content_version": classmethod(lambda _, abspath: "own"),  # noqa: ARG005 -- the name is the base class's
        }
        setattr(Own, name, own[name])
        compress(root, ".gz", ".br")
        server = serve([], static_path=str(root), static_handler_class=Own)
        answer = self.ask(server)
        assert (answer.body, answer.headers["Content-Encoding"]) == (CSS, None)

    def test_appears(self, server: Server, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """One that appears is found a second later."""
        assert server.ask("/static/style.css", Accept_Encoding=ALL).body == CSS
        compress(root, ".br")
        assert server.ask("/static/style.css", Accept_Encoding=ALL).body == CSS
        later = opening.time.monotonic() + 1
        monkeypatch.setattr(opening.time, "monotonic", lambda: later)
        assert server.ask("/static/style.css", Accept_Encoding=ALL).body == b".br"
