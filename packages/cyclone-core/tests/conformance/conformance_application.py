"""The application that the conformance cases ask."""

from typing import Any

from cyclone_core.errors import HTTPOutputError
from cyclone_core.web import Application, HTTPError, RequestHandler, stream_request_body

__all__ = ["make_application"]


class Echo(RequestHandler):
    """Answers with what it was asked, and records it."""

    def _echo(self) -> None:
        request = self.request
        described = {
            "method": request.method,
            "uri": request.uri,
            "version": request.version,
            "host": request.headers.get("Host"),
            "body": request.body.decode("latin-1"),
            "headers": {name: request.headers.get_list(name) for name in request.headers},
        }
        self.settings.seen.append(described)
        self.write(described)

    get = post = put = delete = patch = options = _echo


class Seen(RequestHandler):
    """Tells what `Echo` has recorded since the last time."""

    def get(self) -> None:
        """Answer."""
        self.write({"debug": __debug__, "seen": self.settings.seen})
        self.settings.seen.clear()


class OnlyGet(RequestHandler):
    """Knows one method."""

    def get(self) -> None:
        """Answer."""
        self.write("only")


class OnlyPost(RequestHandler):
    """Knows one method, and no other is derived from it."""

    derive_options = False

    def post(self) -> None:
        """Answer."""
        self.write("posted")


class Small(Echo):
    """Takes ten bytes at most."""

    max_body_size = 10


@stream_request_body
class Streamed(RequestHandler):
    """Takes its body in pieces, from clients that are known."""

    def prepare(self) -> None:
        """Look at the head; the body is still to come.

        Raises:
            HTTPError: There is no `Authorization`.
        """
        self.size = 0
        if "Authorization" not in self.request.headers:
            raise HTTPError(401)

    def data_received(self, chunk: bytes) -> None:
        """Count."""
        self.size += len(chunk)

    def post(self) -> None:
        """Answer."""
        self.write(f"{self.size}")


class Status(RequestHandler):
    """Answers with any status, and its query for a body."""

    def get(self, status: str) -> None:
        """Answer."""
        self.set_status(int(status))
        self.write(self.request.query)


class Tagged(RequestHandler):
    """Has an entity tag of its own."""

    def get(self) -> None:
        """Answer."""
        weak = self.request.query == "weak"
        self.set_header("Etag", 'W/"one"' if weak else '"one"')
        self.write("tagged")

    def post(self) -> None:
        """Answer; conditions are the handler's business here."""
        self.write("posted")


class Computed(RequestHandler):
    """Gets its entity tag from the framework."""

    def get(self) -> None:
        """Answer."""
        self.write("hello")


class Stream(RequestHandler):
    """Answers in pieces, without a length unless one is asked for."""

    def get(self) -> None:
        """Answer."""
        length = self.request.query
        if length:
            self.set_header("Content-Length", length)
        self.write("one ")
        self.flush()
        self.write("two")
        self.flush()
        self.write(b"")
        self.flush()


class Whole(RequestHandler):
    """Answers with five bytes and promises another length."""

    def get(self) -> None:
        """Answer."""
        self.set_header("Content-Length", self.request.query)
        self.write("hello")


class Closing(RequestHandler):
    """Ends the connection with its answer, in one of two ways."""

    def get(self) -> None:
        """Answer."""
        if self.request.query == "header":
            self.set_header("Connection", "close")
        else:
            self.no_keep_alive = True
        self.write("bye")


class Injected(RequestHandler):
    """Puts text of the client into the head of the answer, where it must not get out of its place."""

    def post(self, place: str) -> None:
        """Answer with `refused` or `sent`."""
        text = self.request.body.decode("latin-1")
        try:
            self._put(place, text)
        except (ValueError, HTTPOutputError):
            self.clear()
            self.write("refused")
        else:
            self.write("sent")

    def _put(self, place: str, text: str) -> None:
        if place == "value":
            self.set_header("X-Put", text)
        elif place == "added":
            self.add_header("X-Put", text)
        elif place == "bytes":
            self.set_header("X-Put", text.encode("latin-1"))
        elif place == "name":
            self.set_header(text, "x")
        elif place == "reason":
            self.set_status(200, text)
        elif place == "coding":
            self.set_header("Transfer-Encoding", text)
            self.flush()


class Failing(RequestHandler):
    """Fails, before or after the head is out."""

    def get(self) -> None:
        """Fail.

        Raises:
            KeyError: Always.
        """
        if self.request.query == "late":
            self.write("begun")
            self.flush()
        raise KeyError("on purpose")


def make_application(**settings: Any) -> Application:  # noqa: ANN401 -- any setting
    """Make the application.

    Args:
        settings: More settings; `seen`, a list, is where requests are recorded.
    """
    settings.setdefault("seen", [])
    settings.setdefault("log_function", lambda _: None)
    return Application(
        [
            ("/seen", Seen),
            ("/only", OnlyGet),
            ("/post", OnlyPost),
            ("/small", Small),
            ("/streamed", Streamed),
            ("/status/([0-9]+)", Status),
            ("/tagged", Tagged),
            ("/computed", Computed),
            ("/stream", Stream),
            ("/whole", Whole),
            ("/closing", Closing),
            ("/put/([a-z]+)", Injected),
            ("/failing", Failing),
            ("/(?!missing).*", Echo),
        ],
        **settings,
    )
