"""The floor below any framework on Twisted: a bare protocol with canned answers.

It looks for the end of a request head, chooses by the request line and writes. It does not parse
HTTP; nothing that does can be as cheap on this reactor.
"""

import json
from html import escape

import on_twisted
import payload
from twisted.internet.interfaces import ITransport
from twisted.internet.protocol import Protocol, ServerFactory

CLOSE = b"Connection: close"
LENGTH = b"Content-Length: "


def answer(body: bytes, content_type: str, *more: str) -> bytes:
    """Return a whole answer with the headers that a framework would send."""
    lines = [
        "HTTP/1.1 200 OK",
        "Server: twisted",
        f"Content-Type: {content_type}",
        "Date: Thu, 01 Jan 2026 00:00:00 GMT",
        f"Content-Length: {len(body)}",
        *more,
        *(("Vary: Accept-Encoding",) if payload.options().everything else ()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def page() -> bytes:
    """Return the page as a person would write it in Python."""
    rows = "".join(
        f"<tr><td>{row['id']}</td><td>{escape(str(row['name']))}</td>"
        f"<td>{escape(str(row['email']))}</td><td>{escape(str(row['note']))}</td></tr>\n"
        for row in payload.ROWS
    )
    return (
        "<!doctype html>\n<html><head><title>All members</title></head>\n"
        f"<body><h1>{escape(payload.HEADING)}</h1>\n<table>\n{rows}</table>\n"
        f"<footer>made for {escape(payload.USER)}</footer>\n</body></html>\n"
    ).encode()


ETAG = 'Etag: "0123456789abcdef0123456789abcdef01234567"'
FILE = (
    'Etag: "%s"' % ("0123456789abcdef" * 8),
    "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT",
    "Accept-Ranges: bytes",
    "X-Content-Type-Options: nosniff",
)


def file(name: str, content_type: str) -> bytes:
    """Return a whole answer that sends a file."""
    return answer((payload.options().files / name).read_bytes(), content_type, *FILE)


ANSWERS = {
    b"GET /page HTTP/1.1": answer(page(), "text/html; charset=UTF-8", ETAG),
    b"GET /static/small.css HTTP/1.1": file("small.css", "text/css"),
    b"GET /static/large.bin HTTP/1.1": file("large.bin", "application/octet-stream"),
    b"GET /hello HTTP/1.1": answer(payload.HELLO, payload.PLAIN, ETAG),
    b"GET /json HTTP/1.1": answer(
        json.dumps(payload.JSON).encode(), "application/json; charset=UTF-8", ETAG
    ),
}
LAST = answer(payload.HELLO, payload.PLAIN, ETAG, CLOSE.decode())


class Canned(Protocol):
    """Answers each head that ends with an empty line, and each body that is complete.

    The body of a request is counted and dropped; it must hold no empty line, and nothing may follow
    before it is answered.
    """

    transport: ITransport
    rest = b""
    length = 0
    unread = 0

    def dataReceived(self, data: bytes) -> None:
        """Write one answer for each complete request."""
        if self.unread:
            self.count(len(data))
            return
        *heads, self.rest = (self.rest + data).split(b"\r\n\r\n")
        for head in heads:
            line = head[: head.index(b"\r\n")]
            if line.startswith(b"POST"):
                self.length = self.unread = int(head.partition(LENGTH)[2].partition(b"\r\n")[0])
                rest, self.rest = self.rest, b""
                self.count(len(rest))
            elif CLOSE in head:
                self.transport.write(LAST)
                self.transport.loseConnection()
            else:
                self.transport.write(ANSWERS[line])

    def count(self, size: int) -> None:
        """Answer with the length of the body as soon as all of it has come."""
        self.unread -= size
        if not self.unread:
            self.transport.write(answer(b"%d" % self.length, payload.PLAIN))


class CannedFactory(ServerFactory):
    """Makes a `Canned` for each connection."""

    def buildProtocol(self, _address: object) -> Canned:
        """Return a new protocol."""
        return Canned()


if __name__ == "__main__":
    on_twisted.serve(CannedFactory())
