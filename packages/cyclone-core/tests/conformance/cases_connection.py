"""Persistence, pipelining and deadlines: RFC 9112 section 9."""

from battery import OURS, SHOULD, Answer, Case, Read, accept, refuse, request

PERSISTENCE = "RFC 9112 section 9.3"
PIPELINING = "RFC 9112 section 9.3.2"

GET = request()
BAD = b"BAD\r\n\r\n"
CHUNKED = b"3\r\nabc\r\n0\r\nX: y\r\n\r\n"

# Lines of the request, and whether HTTP/1.1 and HTTP/1.0 are kept alive behind it.
OPTIONS: dict[str, tuple[list[str], bool, bool]] = {
    "nothing": ([], True, False),
    "close": (["Connection: close"], False, False),
    "Close": (["Connection: Close"], False, False),
    "CLOSE": (["connection: CLOSE"], False, False),
    "close among others": (["Connection: x, close, y"], False, False),
    "close first": (["Connection: close, x"], False, False),
    "close without blanks": (["Connection: x,close"], False, False),
    "close between tabs": (["Connection: x,\tclose\t,y"], False, False),
    "close between empty ones": (["Connection: , ,close,,"], False, False),
    "close in a second line": (["Connection: x", "Connection: close"], False, False),
    "close in a first line": (["Connection: close", "Connection: x"], False, False),
    "close and keep-alive": (["Connection: close, keep-alive"], False, False),
    "keep-alive and close": (["Connection: keep-alive, close"], False, False),
    "keep-alive, then close": (["Connection: keep-alive", "Connection: close"], False, False),
    "keep-alive": (["Connection: keep-alive"], True, True),
    "Keep-Alive": (["Connection: Keep-Alive"], True, True),
    "KEEP-ALIVE": (["Connection: KEEP-ALIVE"], True, True),
    "keep-alive among others": (["Connection: x, keep-alive"], True, True),
    "keep-alive in a second line": (["Connection: x", "Connection: keep-alive"], True, True),
    "keep-alive between tabs": (["Connection: x,\tkeep-alive\t"], True, True),
    "closer": (["Connection: closer"], True, False),
    "xclose": (["Connection: xclose"], True, False),
    "close with a parameter": (["Connection: close;q=0"], True, False),
    "close in quotes": (['Connection: "close"'], True, False),
    "two words": (["Connection: keep-alive close"], True, False),
    "NBSP before close": (["Connection: \xa0close"], True, False),
    "empty": (["Connection:"], True, False),
    "commas": (["Connection: ,,,"], True, False),
    "Proxy-Connection": (["Proxy-Connection: keep-alive"], True, False),
    "Keep-Alive without Connection": (["Keep-Alive: timeout=5"], True, False),
    "something else": (["Connection: upgrade"], True, False),
}


def _options() -> list[Case]:
    cases = []
    for name, (lines, now, before) in OPTIONS.items():
        for version, kept in (("HTTP/1.1", now), ("HTTP/1.0", before)):
            read = Read(version=version)
            data = request("/", *lines, version=version)
            cases.append(accept(f"{version}, {name}", data, read, rule=PERSISTENCE, kept=kept))
    return cases


def _post(path: str, body: bytes, *lines: str) -> bytes:
    return request(path, *lines, method="POST", body=body)


def _pipelines() -> list[Case]:
    length = _post("/2", b"hello", "Content-Length: 5")
    chunks = _post("/3", CHUNKED, "Transfer-Encoding: chunked")
    two = Read(method="POST", uri="/2", body=b"hello")
    three = Read(method="POST", uri="/3", body=b"abc", trailers={"X": "y"})
    head = request("/4", method="HEAD")
    four = Read(method="HEAD", uri="/4")
    unknown = request("/5", "Content-Length: 2", method="FROB", body=b"xy")
    five = Read(method="FROB", uri="/5", body=b"xy", echoed=False)
    numbers = range(100)
    mixed = GET + length + chunks + head + unknown
    return [
        accept("two", GET + GET, Read(), Read(), rule=PIPELINING),
        accept(
            "a hundred in order",
            b"".join(request(f"/{i}") for i in numbers),
            *[Read(uri=f"/{i}") for i in numbers],
            rule=PIPELINING,
        ),
        accept("with length", length + GET, two, Read(), rule=PIPELINING),
        accept("with chunks", chunks + GET, three, Read(), rule=PIPELINING),
        accept("HEAD", head + GET, four, Read(), rule=PIPELINING),
        Case(
            name="all kinds",
            data=mixed,
            reads=(Read(), two, three, four, five),
            answers=(
                Answer(body=Read()),
                Answer(body=two),
                Answer(body=three),
                Answer(method="HEAD"),
                Answer(status=501),
            ),
            rule=PIPELINING,
        ),
        Case(
            name="all kinds of answers",
            data=b"".join(
                request(path)
                for path in (
                    "/stream",
                    "/status/204",
                    "/only",
                    "/status/304",
                    "/missing",
                    "/failing",
                )
            ),
            reads=tuple(
                Read(uri=uri, echoed=False)
                for uri in (
                    "/stream",
                    "/status/204",
                    "/only",
                    "/status/304",
                    "/missing",
                    "/failing",
                )
            ),
            answers=(
                Answer(body=b"one two"),
                Answer(status=204),
                Answer(body=b"only"),
                Answer(status=304),
                Answer(status=404),
                Answer(status=500),
            ),
            rule=PIPELINING,
        ),
        accept(
            "HTTP/1.0 with keep-alive",
            request("/1", "Connection: keep-alive", version="HTTP/1.0") * 3,
            *[Read(uri="/1", version="HTTP/1.0")] * 3,
            rule=PERSISTENCE,
        ),
    ]


def _ends() -> list[Case]:
    """Nothing is read behind what ends a connection."""
    closing = request("/1", "Connection: close")
    posted = _post("/2", b"hello", "Content-Length: 5", "Connection: close")
    rule = "RFC 9112 section 9.6: nothing is processed behind the last request"
    error = "RFC 9112 section 11.2: behind a mistake nothing can be told apart"
    before = (Read(), Read())
    cases = [
        accept("behind close", closing, Read(uri="/1"), rule=rule, kept=False),
        accept(
            "behind close with a body",
            posted,
            Read(method="POST", uri="/2", body=b"hello"),
            rule=rule,
            kept=False,
        ),
        accept("close is the second", GET + closing, Read(), Read(uri="/1"), rule=rule, kept=False),
        refuse("behind a mistake", GET + GET + BAD, 400, *before, rule=error),
        refuse("behind a mistake and more", GET + BAD + GET, 400, Read(), rule=error),
        refuse("two mistakes", BAD + BAD, 400, rule=error),
        refuse(
            "a mistake in a body behind others",
            GET + _post("/3", b"x\r\n", "Transfer-Encoding: chunked"),
            400,
            Read(),
            Read(method="POST", uri="/3", complete=False),
            rule=error,
        ),
        refuse(
            "a body longer than its length",
            _post("/2", b"hello, world", "Content-Length: 5"),
            400,
            Read(method="POST", uri="/2", body=b"hello"),
            rule="RFC 9112 section 6.3",
        ),
        refuse(
            "a body without framing",
            _post("/", b"a=b"),
            400,
            Read(method="POST"),
            rule="RFC 9112 section 6.3",
        ),
        refuse(
            "a GET with a body without framing",
            GET + b"hello\r\n",
            400,
            Read(),
            rule="RFC 9112 section 6.3",
        ),
    ]
    for name, uri in {"header": "/closing?header", "attribute": "/closing?attribute"}.items():
        cases.append(
            Case(
                name=f"the handler closes by {name}",
                data=request(uri),
                reads=(Read(uri=uri, echoed=False),),
                answers=(Answer(headers={"Connection": "close"}, body=b"bye"),),
                kept=False,
                rule=rule,
            )
        )
    return cases


def _early() -> list[Case]:
    """Answers that come before the body; what follows cannot be told from it, so they close."""
    rule = "RFC 9112 section 9.3"
    hello = Read(method="POST", uri="/streamed", body=b"hello", echoed=False)
    length = _post("/streamed", b"hello", "Content-Length: 5")
    chunks = _post("/streamed", CHUNKED, "Transfer-Encoding: chunked")
    known = _post("/streamed", b"hello", "Content-Length: 5", "Authorization: x")
    abc = Read(method="POST", uri="/streamed", body=b"abc", trailers={"X": "y"}, echoed=False)
    unauthorized = (Answer(status=401, headers={"Connection": "close"}),)
    return [
        Case(
            name="401 before the body",
            data=length,
            reads=(hello,),
            answers=unauthorized,
            kept=False,
            rule=rule,
        ),
        Case(
            name="401 before the chunks",
            data=chunks,
            reads=(abc,),
            answers=unauthorized,
            kept=False,
            rule=rule,
        ),
        Case(
            name="bodies in pieces",
            data=known * 2,
            reads=(hello, hello),
            answers=(Answer(body=b"5"), Answer(body=b"5")),
            rule=rule,
        ),
    ]


def _keep_alive_answers() -> list[Case]:
    """What the answers say of the connection."""
    old = request("/", "Connection: keep-alive", version="HTTP/1.0")
    return [
        Case(
            name="HTTP/1.1 answers need not say keep-alive",
            data=GET,
            reads=(Read(),),
            answers=(Answer(headers={"Connection": None}),),
            rule=PERSISTENCE,
            level=SHOULD,
        ),
        Case(
            name="HTTP/1.0 answers say keep-alive",
            data=old,
            reads=(Read(version="HTTP/1.0"),),
            answers=(Answer(version="HTTP/1.0", headers={"Connection": "keep-alive"}),),
            rule=PERSISTENCE,
        ),
        Case(
            name="the answer to HTTP/1.0 closes",
            data=request(version="HTTP/1.0"),
            reads=(Read(version="HTTP/1.0"),),
            answers=(Answer(version="HTTP/1.0", headers={"Connection": "close"}),),
            kept=False,
            rule="RFC 9112 section 9.6",
            level=SHOULD,
        ),
    ]


def _waits() -> list[Case]:
    """A client that stops in the middle; RFC 9110 section 15.5.9, and our deadlines."""
    rule = "RFC 9110 section 15.5.9"
    open_post = Read(method="POST", complete=False)

    def late(name: str, data: bytes, *reads: Read, method: str = "GET") -> Case:
        answers = [Answer(body=read) for read in reads if read.complete]
        return Case(
            name=name,
            data=data,
            reads=reads,
            answers=(*answers, Answer(status=408, method=method)),
            kept=False,
            waits=True,
            rule=rule,
            level=SHOULD,
        )

    def silent(name: str, data: bytes, *reads: Read) -> Case:
        return Case(
            name=name,
            data=data,
            reads=reads,
            answers=tuple([Answer(body=read) for read in reads]),
            kept=False,
            waits=True,
            rule="RFC 9112 section 9.8: an idle connection may be closed, without an answer",
            level=OURS,
        )

    return [
        silent("nothing at all", b""),
        silent("nothing behind a request", GET, Read()),
        silent(
            "nothing behind a body",
            _post("/", b"x", "Content-Length: 1"),
            Read(method="POST", body=b"x"),
        ),
        late("one byte", b"G"),
        late("a request line", b"GET / HTTP/1.1\r\n"),
        late("a head without its last line", GET[:-2]),
        late("a head without its last byte", GET[:-1]),
        late("the head of a HEAD", request(method="HEAD")[:-1], method="HEAD"),
        late("a second head", GET + b"GET /", Read()),
        late("no body", _post("/", b"", "Content-Length: 5"), open_post),
        late("a body without its last byte", _post("/", b"hell", "Content-Length: 5"), open_post),
        late("no chunk", _post("/", b"", "Transfer-Encoding: chunked"), open_post),
        late("half a size line", _post("/", b"5", "Transfer-Encoding: chunked"), open_post),
        late("half a chunk", _post("/", b"5\r\nhe", "Transfer-Encoding: chunked"), open_post),
        late(
            "no CRLF behind a chunk",
            _post("/", b"5\r\nhello\r", "Transfer-Encoding: chunked"),
            open_post,
        ),
        late(
            "no last chunk", _post("/", b"5\r\nhello\r\n", "Transfer-Encoding: chunked"), open_post
        ),
        late(
            "no end of the trailers",
            _post("/", b"0\r\nX: y\r\n", "Transfer-Encoding: chunked"),
            open_post,
        ),
        late(
            "no CRLF of the last chunk",
            _post("/", b"0\r\n", "Transfer-Encoding: chunked"),
            open_post,
        ),
    ]


CASES = [*_options(), *_pipelines(), *_ends(), *_early(), *_keep_alive_answers(), *_waits()]
