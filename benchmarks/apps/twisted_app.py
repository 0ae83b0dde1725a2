"""The floor below any framework on Twisted: a bare protocol with canned answers.

It looks for the end of a request head, chooses by the request line and writes. It does not parse
HTTP; nothing that does can be as cheap on this reactor.
"""

import json

import on_twisted
import payload
from twisted.internet.interfaces import ITransport
from twisted.internet.protocol import Protocol, ServerFactory


def answer(body: bytes, content_type: str) -> bytes:
    """Return a whole answer with the headers that a framework would send."""
    head = (
        "HTTP/1.1 200 OK\r\n"
        "Server: twisted\r\n"
        f"Content-Type: {content_type}\r\n"
        "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
        'Etag: "0123456789abcdef0123456789abcdef01234567"\r\n'
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("latin-1") + body


ANSWERS = {
    b"GET /hello HTTP/1.1": answer(payload.HELLO, payload.HELLO_TYPE),
    b"GET /json HTTP/1.1": answer(
        json.dumps(payload.JSON).encode(), "application/json; charset=UTF-8"
    ),
}


class Canned(Protocol):
    """Answers each head that ends with an empty line."""

    transport: ITransport
    rest = b""

    def dataReceived(self, data: bytes) -> None:
        """Write one answer for each complete head."""
        *heads, self.rest = (self.rest + data).split(b"\r\n\r\n")
        for head in heads:
            self.transport.write(ANSWERS[head.split(b"\r\n", 1)[0]])


class CannedFactory(ServerFactory):
    """Makes a `Canned` for each connection."""

    def buildProtocol(self, _address: object) -> Canned:
        """Return a new protocol."""
        return Canned()


if __name__ == "__main__":
    on_twisted.serve(CannedFactory())
