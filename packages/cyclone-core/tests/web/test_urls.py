"""URLs that handlers make."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cyclone_core.web import HTTPError, RequestHandler, StaticFileHandler

Server = Any  # this is in conftest.py, which cannot be imported
Serve = Callable[..., Server]

VERSION = hashlib.sha512(b"hello").hexdigest()


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """What is known of files is forgotten."""
    StaticFileHandler.reset()
    yield
    StaticFileHandler.reset()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory with a file."""
    (tmp_path / "a.txt").write_bytes(b"hello")
    return tmp_path


class Made(RequestHandler):
    """Answers with the URL of `a.txt`, made with the arguments of the query."""

    def get(self) -> None:
        """Make a URL."""
        arguments: dict[str, Any] = {
            name: values[0] == b"1" for name, values in self.request.arguments.items()
        }
        self.write(self.static_url("a.txt", **arguments))


class Absolute(Made):
    """Makes URLs with scheme and host."""

    include_host = True


class TestStaticURL:
    """`static_url`."""

    @pytest.mark.parametrize(
        ("path", "url"),
        [
            ("/url", f"/static/a.txt?v={VERSION}"),
            ("/url?include_host=0", f"/static/a.txt?v={VERSION}"),
            ("/url?include_host=1", f"http://test/static/a.txt?v={VERSION}"),
            ("/url?include_version=0", "/static/a.txt"),
            ("/url?include_version=0&include_host=1", "http://test/static/a.txt"),
            ("/absolute", f"http://test/static/a.txt?v={VERSION}"),
            ("/absolute?include_version=0", "http://test/static/a.txt"),
            ("/absolute?include_host=0", f"/static/a.txt?v={VERSION}"),
        ],
    )
    def test_arguments(self, serve: Serve, root: Path, path: str, url: str) -> None:
        """Host and version are there if they are wanted; an attribute of the handler has its say."""
        server = serve([("/url", Made), ("/absolute", Absolute)], static_path=str(root))
        assert server.ask(path).text == url

    def test_served(self, serve: Serve, root: Path) -> None:
        """What it leads to is served, and may be kept."""
        server = serve([("/url", Made)], static_path=str(root), static_url_prefix="/files/")
        answer = server.ask(server.ask("/url").text)
        assert answer.body == b"hello"
        assert answer.headers["Cache-Control"] == "max-age=315360000"

    def test_own_class(self, serve: Serve, root: Path) -> None:
        """The class of the setting makes the URL, with whatever arguments it takes."""

        class Sized(StaticFileHandler):
            @classmethod
            def make_static_url(  # type: ignore[override]
                cls, settings: Mapping[str, Any], path: str, *, size: int
            ) -> str:
                return f"{settings['static_path']}/{size}/{path}"

        class Page(RequestHandler):
            def get(self) -> None:
                self.write(self.static_url("a.png", size=5))

        server = serve([("/", Page)], static_path=str(root), static_handler_class=Sized)
        assert server.ask("/").text == f"{root}/5/a.png"

    def test_outside(self, serve: Serve, root: Path) -> None:
        """A path that leads out of the directory is refused."""

        class Page(RequestHandler):
            def get(self) -> None:
                with pytest.raises(HTTPError) as caught:
                    self.static_url("../a.txt")
                self.write(str(caught.value.status_code))

        assert serve([("/", Page)], static_path=str(root)).ask("/").text == "403"

    def test_no_directory(self, serve: Serve, log: Any) -> None:  # noqa: ANN401 -- from conftest.py
        """Without a directory the error says which setting is missing."""
        assert serve([("/", Made)]).ask("/").status == 500
        (error,) = log.failures()
        assert "static_path" in str(error)
        assert "static_url" in str(error)


def test_reverse_url(serve: Serve) -> None:
    """A handler makes the URLs of routes as its application does."""

    class Page(RequestHandler):
        def get(self) -> None:
            self.write(self.reverse_url("user", 5, page="2"))

    assert (
        serve([("/", Page), (r"/user/(\d+)", Page, {}, "user")]).ask("/").text == "/user/5?page=2"
    )
