"""HTTP/1.1 without a network: bytes in, events out, and answers in, bytes out.

Nothing here knows Twisted. On a server `RequestReader` parses what a client sends, and `ResponseWriter`
frames what it gets; in a client `ResponseReader` parses what a server sends. They raise `HTTPInputError`
where the peer is wrong and `HTTPOutputError` where the program is.
"""

from cyclone_core.http1.head import RequestHead
from cyclone_core.http1.message import EndOfBody
from cyclone_core.http1.reader import Event, RequestReader
from cyclone_core.http1.response import ResponseEvent, ResponseReader
from cyclone_core.http1.response_head import ResponseHead
from cyclone_core.http1.writer import ResponseWriter

__all__ = [
    "EndOfBody",
    "Event",
    "RequestHead",
    "RequestReader",
    "ResponseEvent",
    "ResponseHead",
    "ResponseReader",
    "ResponseWriter",
]
