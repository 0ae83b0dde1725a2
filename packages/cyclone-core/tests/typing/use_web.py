"""How applications use `cyclone_core.web`; read by type checkers only, never run."""

import datetime as dt
from collections.abc import Generator
from typing import Any, assert_type

from twisted.application.internet import TCPServer
from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet.interfaces import IReactorTCP, IReactorTime

from cyclone_core.errors import HTTPInputError
from cyclone_core.web import (
    Application,
    ErrorHandler,
    Finish,
    HTTPError,
    MissingArgumentError,
    RequestHandler,
    URLSpec,
    asynchronous,
    stream_request_body,
    url,
)


class Plain(RequestHandler):
    """A handler as most are written."""

    no_keep_alive = True
    serialize_lists = True
    max_body_size = 1024
    body_timeout = 2.5
    SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "PROPFIND")

    def initialize(self, database: dict[str, str]) -> None:  # type: ignore[override]
        self.database = database

    def set_default_headers(self) -> None:
        self.set_header("X-Frame-Options", "DENY")

    def prepare(self) -> None:
        assert_type(self.request.method, str)
        assert_type(self.path_args, tuple[str | None, ...])
        assert_type(self.path_kwargs, dict[str, str | None])

    def get(self, number: str, name: str | None = None) -> None:
        assert_type(self.get_argument("a"), str)
        assert_type(self.get_argument("a", None), str | None)
        assert_type(self.get_argument("a", "b"), str)
        assert_type(self.get_argument("a", 5, strip=False), str | int)
        assert_type(self.get_argument("a", strip=False), str)
        assert_type(self.get_query_argument("a"), str)
        assert_type(self.get_query_argument("a", default=None), str | None)
        assert_type(self.get_body_argument("a"), str)
        assert_type(self.get_body_argument("a", 1.5), str | float)
        assert_type(self.get_arguments("a"), list[str])
        assert_type(self.get_query_arguments("a", strip=False), list[str])
        assert_type(self.get_body_arguments("a"), list[str])
        assert_type(self.application, Application)
        assert_type(self.get_status(), int)
        self.set_status(201, "Made")
        self.set_status(202)
        for value in ("a", b"a", 1, 1.5, dt.datetime.now(dt.UTC)):
            self.set_header("X-A", value)
            self.add_header("X-A", value)
        self.clear_header("X-A")
        self.write("text")
        self.write(b"bytes")
        self.write({"number": number, "name": name})
        self.write([1, 2, 3])

    def post(self) -> None:
        assert_type(self.flush(), Deferred[None])
        assert_type(self.finish({"a": 1}), Deferred[None])
        assert_type(self.notifyFinish(), "Deferred[str | None]")

    def on_finish(self) -> None:
        self.database.clear()

    def compute_etag(self) -> str | None:
        return '"empty"'

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        return value.decode("latin-1") if name else super().decode_argument(value)


class Waiting(RequestHandler):
    """Methods that take time."""

    async def prepare(self) -> None:
        await succeed(None)

    async def get(self, name: str) -> None:
        await self.flush()
        self.write(await succeed(name))

    @inlineCallbacks
    def post(self) -> Generator[Deferred[str], str, None]:
        self.write((yield succeed("a")))

    @asynchronous
    def put(self) -> None:
        self.finish()

    @asynchronous
    @inlineCallbacks
    def patch(self) -> Generator[Deferred[str], str, None]:
        self.finish((yield succeed("a")))

    def delete(self) -> Deferred[None]:
        return succeed(None)

    async def write_error(self, status_code: int, **kwargs: object) -> None:
        self.write(f"{status_code} {kwargs}")

    def on_connection_close(self, reason: str | None = None) -> None:
        del reason


@stream_request_body
class Upload(RequestHandler):
    """A body that comes in pieces."""

    async def prepare(self) -> None:
        if self.request.connection is not None:
            assert_type(self.request.connection.max_body_size, int)
            self.request.connection.set_max_body_size(1 << 40)
            self.request.connection.set_body_timeout(3600)
        await succeed(None)

    async def data_received(self, chunk: bytes) -> None:
        await succeed(chunk)

    def put(self) -> None:
        assert_type(self.request.body_error, HTTPInputError | None)


@stream_request_body
class PausedUpload(Upload):
    """The next piece waits for a Deferred."""

    def data_received(self, chunk: bytes) -> Deferred[bytes]:  # type: ignore[override]
        return succeed(chunk)


def decorated() -> None:
    """What comes back is the class."""
    assert_type(stream_request_body(Upload), type[Upload])


class Failing(ErrorHandler):
    """Errors of each kind."""

    def get(self) -> None:
        raise HTTPError(404, "no %s", "page", reason="Gone")

    def post(self) -> None:
        raise Finish({"a": 1})

    def put(self) -> None:
        try:
            self.get_argument("a")
        except MissingArgumentError as error:
            assert_type(error.arg_name, str)
            assert_type(error.reason, str | None)
            self.send_error(400, reason="No", field="a")


class Site(Application):
    """An application of its own class."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__([(r"/", Plain, {"database": {}})], debug=debug)

    def log_request(self, handler: RequestHandler) -> None:
        assert_type(handler.request.request_time(), float)


def serve(reactor: IReactorTCP, clock: IReactorTime) -> None:
    """Make applications in every way, and listen."""
    application = Application(
        [
            (r"/", Plain),
            (r"/a/(\d+)", Plain, {"database": {}}),
            (r"/b", "package.module.Handler", {}, "b"),
            URLSpec(r"/c", Waiting, name="c"),
            url(r"/d", Failing, {"status_code": 404}),
        ],
        reactor=clock,
        max_body_size=1024,
        decompress_request=True,
        log_function=print,
    )
    assert_type(application(), Application)
    assert_type(Site()(), Site)
    reactor.listenTCP(8888, application, interface="127.0.0.1")
    TCPServer(8888, application())
    assert_type(application.settings.anything, Any)
