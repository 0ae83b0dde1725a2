"""Static files, as a type checker sees them."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, assert_type

from twisted.internet.defer import Deferred

from cyclone_core.web import Application, RequestHandler, StaticFileHandler


class Files(StaticFileHandler):
    """Every step that may be overridden."""

    CACHE_MAX_AGE = 60
    MAX_VERSION_CONTENT_SIZE = 1024
    MAX_CACHED_VERSIONS = 10
    precompressed = {"zstd": ".zst"}  # noqa: RUF012 -- as an application writes it
    default_filename = "index.html"
    allowed_symlink_directory = ["/srv"]  # noqa: RUF012 -- likewise

    def get(self, path: str, include_body: bool = True) -> Deferred[None]:
        assert_type(self.root, str)
        return super().get(path, include_body)

    def head(self, path: str) -> Deferred[None]:
        return super().head(path)

    def parse_url_path(self, url_path: str) -> str:
        return super().parse_url_path(url_path)

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        return super().get_absolute_path(root, path)

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        return super().validate_absolute_path(root, absolute_path)

    @classmethod
    def get_content(
        cls, abspath: str, start: int | None = None, end: int | None = None
    ) -> bytes | Iterable[bytes]:
        return super().get_content(abspath, start, end)

    @classmethod
    def get_content_version(cls, abspath: str) -> str:
        return super().get_content_version(abspath)

    def get_content_size(self) -> int:
        return super().get_content_size()

    def get_modified_time(self) -> dt.datetime | None:
        return super().get_modified_time()

    def get_content_type(self) -> str:
        return super().get_content_type()

    def set_headers(self) -> None:
        super().set_headers()
        assert_type(self.path, str)
        assert_type(self.absolute_path, str | None)
        assert_type(self.modified, dt.datetime | None)

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", f"private; {path}")

    def compute_etag(self) -> str | None:
        return super().compute_etag()

    def should_return_304(self) -> bool:
        return super().should_return_304()

    def get_cache_time(self, path: str, modified: dt.datetime | None, mime_type: str) -> int:
        return super().get_cache_time(path, modified, mime_type)

    @classmethod
    def get_version(cls, settings: Mapping[str, Any], path: str) -> str | None:
        return super().get_version(settings, path)

    @classmethod
    def make_static_url(
        cls, settings: Mapping[str, Any], path: str, include_version: bool = True
    ) -> str:
        return super().make_static_url(settings, path, include_version)

    @classmethod
    def reset(cls) -> None:
        super().reset()


class Generated(StaticFileHandler):
    """Overrides may promise more."""

    @classmethod
    def get_content(cls, abspath: str, start: int | None = None, end: int | None = None) -> bytes:
        return abspath.encode()[start:end]

    def get_modified_time(self) -> None:
        return None


class Page(RequestHandler):
    """A handler that links to files."""

    def get(self) -> None:
        assert_type(self.static_url("style.css"), str)
        assert_type(self.static_url("style.css", include_host=True, include_version=False), str)


Application(
    [(r"/files/(.*)", Files, {"path": "/srv/files"}), (r"/", Page)],
    static_path="static",
    static_url_prefix="/static/",
    static_handler_class=Files,
    static_handler_args={"default_filename": "index.html"},
    static_precompressed=False,
    static_hash_cache=False,
)
