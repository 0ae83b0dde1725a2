"""HTTP/1.1 without a network: bytes in, events out, and answers in, bytes out.

Nothing here knows Twisted. `RequestReader` parses what a client sends, `ResponseWriter` frames what it
gets; both raise `HTTPInputError` where the peer is wrong and `HTTPOutputError` where the program is.
"""

from cyclone_core.http1.head import RequestHead
from cyclone_core.http1.reader import EndOfBody, Event, RequestReader
from cyclone_core.http1.writer import ResponseWriter

__all__ = ["EndOfBody", "Event", "RequestHead", "RequestReader", "ResponseWriter"]
