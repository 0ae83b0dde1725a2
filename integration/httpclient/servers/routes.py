"""Routes as httpbin has them: what was sent, any status, redirects, cookies, caching."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from tornado.httputil import HTTPFile
from tornado.web import HTTPError, RequestHandler

__all__ = ["ROUTES", "Handler", "described"]


def described(file: HTTPFile) -> dict[str, Any]:
    """Describe a file of a form."""
    return {
        "filename": file.filename,
        "content_type": file.content_type,
        "size": len(file.body),
        "sha256": hashlib.sha256(file.body).hexdigest(),
    }


class Handler(RequestHandler):
    """Answers every method alike.

    Attributes:
        answer: Called with the words of the path.
    """

    answer: Callable[..., Any]

    SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "PURGE")

    def get(self, *words: str) -> Any:  # noqa: ANN401 -- None or a coroutine
        """Answer."""
        return self.answer(*words)

    post = put = patch = delete = options = head = purge = get

    def echo(self) -> dict[str, Any]:
        """Tell what was asked."""
        request = self.request
        body = request.body.decode("utf-8", "replace")
        is_json = request.headers.get("Content-Type", "").startswith("application/json")
        return {
            "method": request.method,
            "version": request.version,
            "uri": request.uri,
            "args": parse_qs(request.query, keep_blank_values=True),
            "headers": list(request.headers.get_all()),
            "data": body,
            "form": {
                name: [value.decode() for value in values]
                for name, values in request.body_arguments.items()
            },
            "files": {
                name: [described(file) for file in files] for name, files in request.files.items()
            },
            "json": json.loads(body) if body and is_json else None,
            "peer": _peer(self),
        }


def _peer(handler: RequestHandler) -> str:
    """Spell the client's address: it tells one connection from the other."""
    connection = handler.request.connection
    address = connection.stream.socket.getpeername()  # type: ignore[union-attr]
    return f"{address[0]} {address[1]}" if isinstance(address, tuple) else str(address)


class Echo(Handler):
    """Tells what was asked."""

    def initialize(self, methods: tuple[str, ...] = ()) -> None:
        """Allow some methods only."""
        self._methods = methods

    def answer(self) -> None:
        if self._methods and self.request.method not in self._methods:
            raise HTTPError(405)
        self.write(self.echo())


class Hello(Handler):
    """Says hello."""

    def answer(self) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.write("hello, wörld")


class Status(Handler):
    """Answers with a status, and with the reason and header of the query."""

    def answer(self, status: str) -> None:
        self.set_status(int(status), self.get_query_argument("reason", None))
        for name in self.request.query_arguments.keys() - {"reason"}:
            self.set_header(name, self.get_query_argument(name))
        if int(status) in {204, 304}:
            self.clear_header("Content-Type")
        else:
            self.write(f"status {status}")


class Redirect(Handler):
    """Leads on, so many times, to `/get`."""

    def answer(self, times: str) -> None:
        left = int(times) - 1
        self.redirect(f"/redirect/{left}" if left else "/get")


class AbsoluteRedirect(Handler):
    """Does the same by URLs with scheme and host."""

    def answer(self, times: str) -> None:
        left = int(times) - 1
        host = f"{self.request.protocol}://{self.request.host}"
        self.redirect(f"{host}/absolute-redirect/{left}" if left else f"{host}/get")


class RedirectTo(Handler):
    """Leads where the query says, by the status that it says, with the text that it says."""

    def answer(self) -> None:
        self.set_status(int(self.get_query_argument("status", "302")))
        self._headers["Location"] = self.get_query_argument("url")
        self.write(self.get_query_argument("text", ""))


class Cookies(Handler):
    """Tells the cookies that came."""

    def answer(self) -> None:
        self.write({"cookies": self.request.headers.get("Cookie", "")})


class SetCookies(Handler):
    """Sets what the query says: `line` as it is, all others as name and value. Then leads to `url`."""

    def answer(self) -> None:
        lines = self.get_query_arguments("line", strip=False)
        url = self.get_query_argument("url", None)
        for name in self.request.query_arguments.keys() - {"line", "url"}:
            lines.append(f"{name}={self.get_query_argument(name)}; Path=/")
        for line in lines:
            self.add_header("Set-Cookie", line)
        if url is None:
            self.write({"set": lines})
        else:
            self.redirect(url)


class DeleteCookies(Handler):
    """Deletes the cookies that the query names."""

    def answer(self) -> None:
        for name in self.request.query_arguments:
            self.clear_cookie(name)
        self.redirect("/cookies")


class ResponseHeaders(Handler):
    """Sends the headers of the query, each as often as it is there."""

    def answer(self) -> None:
        for name in self.request.query_arguments:
            self.clear_header(name)
            for value in self.get_query_arguments(name):
                self.add_header(name, value)
        self.write("")


class ETag(Handler):
    """A page with an entity tag."""

    def answer(self, tag: str) -> None:
        self.write(f"etag {tag}")

    def compute_etag(self) -> str:
        return f'"{self.path_args[0]}"'


class LastModified(Handler):
    """A page that has not changed since the second of the path."""

    def answer(self, stamp: str) -> None:
        self.set_header("Last-Modified", stamp)
        if self.request.headers.get("If-Modified-Since") == stamp:
            self.set_status(304)
            self.clear_header("Content-Type")
        else:
            self.write("modified")


class Delay(Handler):
    """Answers after some seconds."""

    async def answer(self, seconds: str) -> None:
        await asyncio.sleep(float(seconds))
        self.write(self.echo())


class Close(Handler):
    """Answers and closes the connection."""

    def answer(self) -> None:
        self.set_header("Connection", "close")
        self.write(self.echo())


class TLS(Handler):
    """Tells what TLS has agreed on."""

    def answer(self) -> None:
        connection = self.request.connection.stream.socket  # type: ignore[union-attr]
        certificate = connection.getpeercert() or {}
        self.write(
            {
                "version": connection.version(),
                "cipher": connection.cipher()[0],
                "alpn": connection.selected_alpn_protocol(),
                "server_name": getattr(connection, "asked_name", None),
                "client": dict(pair for part in certificate.get("subject", ()) for pair in part),
            }
        )


ROUTES: list[Any] = [
    ("/get", Echo, {"methods": ("GET", "HEAD")}),
    ("/post", Echo, {"methods": ("POST",)}),
    ("/put", Echo, {"methods": ("PUT",)}),
    ("/patch", Echo, {"methods": ("PATCH",)}),
    ("/delete", Echo, {"methods": ("DELETE",)}),
    ("/anything.*", Echo),
    ("/headers", Echo),
    ("/hello", Hello),
    (r"/status/(\d+)", Status),
    (r"/redirect/(\d+)", Redirect),
    (r"/absolute-redirect/(\d+)", AbsoluteRedirect),
    ("/redirect-to", RedirectTo),
    ("/cookies", Cookies),
    ("/cookies/set", SetCookies),
    ("/cookies/delete", DeleteCookies),
    ("/response-headers", ResponseHeaders),
    (r"/etag/(\w+)", ETag),
    (r"/last-modified/(.+)", LastModified),
    (r"/delay/([\d.]+)", Delay),
    ("/close", Close),
    ("/tls", TLS),
]
