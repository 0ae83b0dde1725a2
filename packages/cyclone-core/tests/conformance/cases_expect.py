"""Expect: RFC 9110 section 10.1.1."""

from battery import OURS, Answer, Case, Read, refuse, request

RULE = "RFC 9110 section 10.1.1"

EXPECT = "Expect: 100-continue"


def _post(path: str, *lines: str, version: str = "HTTP/1.1", method: str = "POST") -> bytes:
    return request(path, *lines, method=method, version=version)


def _wanted(name: str, *lines: str, body: bytes = b"hello", kept: bool = True) -> Case:
    """The client waits, is asked for its body, and sends it."""
    read = Read(method="POST", uri="/", body=b"hello")
    return Case(
        name=name,
        data=_post("/", *lines),
        then=body,
        reads=(read,),
        answers=(Answer(interim=True, body=read),),
        kept=kept,
        rule=RULE,
    )


def _answered(
    name: str, data: bytes, status: int, *, uri: str, kept: bool = False, method: str = "POST"
) -> Case:
    """The answer needs no body: it comes at once, without 100."""
    return Case(
        name=name,
        data=data,
        reads=(Read(method=method, uri=uri, complete=False),),
        answers=(Answer(status=status, method=method, interim=False),),
        kept=kept,
        rule=RULE,
    )


_HELLO = Read(method="POST", body=b"hello")

CASES = [
    _wanted("with length", EXPECT, "Content-Length: 5"),
    _wanted("in another case", "expect: 100-CONTINUE", "Content-Length: 5"),
    _wanted("with whitespace", "Expect: \t100-continue \t", "Content-Length: 5"),
    _wanted("with an empty member", "Expect: 100-continue,", "Content-Length: 5"),
    _wanted("with an empty member before", "Expect: ,100-continue", "Content-Length: 5"),
    _wanted("twice", "Expect: 100-continue, 100-continue", "Content-Length: 5"),
    _wanted("in two lines", EXPECT, EXPECT, "Content-Length: 5"),
    _wanted("with chunks", EXPECT, "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n"),
    _wanted(
        "on a connection that closes", EXPECT, "Content-Length: 5", "Connection: close", kept=False
    ),
    Case(
        name="body sent already",
        data=_post("/", EXPECT, "Content-Length: 5") + b"hello",
        reads=(_HELLO,),
        answers=(Answer(interim=None, body=_HELLO),),
        rule="RFC 9110 section 10.1.1: 100 MAY be left out when some of the body has come",
    ),
    Case(
        name="without a body",
        data=_post("/", EXPECT),
        reads=(Read(method="POST"),),
        answers=(Answer(interim=False, body=Read(method="POST")),),
        rule=RULE,
    ),
    Case(
        name="with a body of length zero",
        data=_post("/", EXPECT, "Content-Length: 0"),
        reads=(Read(method="POST"),),
        answers=(Answer(interim=False, body=Read(method="POST")),),
        rule=RULE,
    ),
    Case(
        name="GET without a body",
        data=request("/", EXPECT),
        reads=(Read(),),
        answers=(Answer(interim=False, body=Read()),),
        rule=RULE,
    ),
    Case(
        name="HTTP/1.0 is not asked",
        data=_post("/", EXPECT, "Content-Length: 5", version="HTTP/1.0") + b"hello",
        reads=(Read(method="POST", version="HTTP/1.0", body=b"hello"),),
        answers=(
            Answer(
                version="HTTP/1.0",
                interim=False,
                body=Read(method="POST", version="HTTP/1.0", body=b"hello"),
            ),
        ),
        kept=False,
        rule=RULE,
    ),
    Case(
        name="HTTP/1.0 with an unknown one",
        data=_post("/", "Expect: miracles", version="HTTP/1.0"),
        reads=(Read(method="POST", version="HTTP/1.0"),),
        answers=(Answer(version="HTTP/1.0", interim=False),),
        kept=False,
        rule=RULE,
    ),
    _answered(
        "413 is the answer",
        _post("/small", EXPECT, "Content-Length: 11"),
        413,
        uri="/small",
    ),
    _answered(
        "404 is the answer", _post("/missing", EXPECT, "Content-Length: 5"), 404, uri="/missing"
    ),
    _answered(
        "404 is the answer, chunks",
        _post("/missing", EXPECT, "Transfer-Encoding: chunked"),
        404,
        uri="/missing",
    ),
    _answered(
        "401 is the answer",
        _post("/streamed", EXPECT, "Content-Length: 5"),
        401,
        uri="/streamed",
    ),
    _answered(
        "401 is the answer, chunks",
        _post("/streamed", EXPECT, "Transfer-Encoding: chunked"),
        401,
        uri="/streamed",
    ),
    Case(
        name="the body is wanted in pieces",
        data=_post("/streamed", EXPECT, "Authorization: x", "Content-Length: 5"),
        then=b"hello",
        reads=(Read(method="POST", uri="/streamed", body=b"hello", echoed=False),),
        answers=(Answer(interim=True, body=b"5"),),
        rule=RULE,
    ),
    _answered("405 is the answer", _post("/only", EXPECT, "Content-Length: 5"), 405, uri="/only"),
    _answered(
        "501 is the answer",
        _post("/", EXPECT, "Content-Length: 5", method="FROB"),
        501,
        uri="/",
        method="FROB",
    ),
    refuse(
        "413 is the answer everywhere",
        _post("/", EXPECT, "Content-Length: 104857601"),
        413,
        Read(method="POST", complete=False),
        rule=RULE,
    ),
    *[
        refuse(
            f"unknown {value!r}",
            _post("/", f"Expect: {value}", "Content-Length: 5") + b"hello",
            417,
            rule="RFC 9110 section 10.1.1: 417 MAY be answered",
            level=OURS,
        )
        for value in (
            "200-ok",
            "100-continue, x",
            "x, 100-continue",
            "100-continue=x",
            "100-continue;q=1",
            '"100-continue"',
            "100",
            "100-continued",
            "\xa0100-continue",
        )
    ],
    refuse("unknown, without a body", request("/", "Expect: x"), 417, rule=RULE, level=OURS),
    refuse("unknown, HEAD", request("/", "Expect: x", method="HEAD"), 417, rule=RULE, level=OURS),
    refuse(
        "bad length", _post("/", EXPECT, "Content-Length: +5"), 400, rule="RFC 9110 section 8.6"
    ),
    refuse(
        "bad coding", _post("/", EXPECT, "Transfer-Encoding: x"), 501, rule="RFC 9112 section 6.1"
    ),
]
