"""Transfer-Encoding: RFC 9112 sections 6.1 and 6.3."""

from battery import OURS, SHOULD, Case, Read, accept, refuse, request

RULE = "RFC 9112 section 6.1"
OLD = (
    "RFC 9112 section 6.1: faulty framing; the connection MUST be closed, we do not read it at all"
)
SMUGGLED = "RFC 9112 section 6.3: ambiguous framing"
BODY = b"5\r\nhello\r\n0\r\n\r\n"

CHUNKED = ["chunked", "Chunked", "CHUNKED", " \tchunked\t ", "cHuNkEd"]

# A coding that is not known: 501 SHOULD be answered. The framing is lost, so the connection closes.
UNKNOWN = ["identity", "gzip", "deflate", "compress", "br", "xchunked", "chunkedx", "chunke", "x"]
UNKNOWN += [
    "'chunked'",
    "gzip, chunked",
    "identity, chunked",
    "gzip,chunked",
    "gzip , chunked",
    "x, chunked",
    "x, y",
]

BAD = ["", " ", ",", "chunked,", ",chunked", "chunked, chunked", "chunked,chunked", "chunked, gzip"]
BAD += [
    "chunked, identity",
    "gzip, chunked, gzip",
    "chunked, gzip, chunked",
    "chunked;",
    "chunked;q=1",
]
BAD += ["chunked; a=b", '"chunked"', "\xa0chunked", "chunked\xa0", "\x85chunked"]
BAD += ["\x0bchunked", "chunked\x0b", "\x0cchunked", "chunked\x00", "\x00chunked", "chunked\x7f"]
BAD += [
    "chun ked",
    "chunked chunked",
    "chunked\tx",
    "(chunked)",
    "chunk\xe9d",
    "chunked:",
    ":chunked",
]
BAD += ["=chunked", "chunked=", "\\chunked", "c\x00hunked", "chunked\x1f", "gzip;q=1, chunked"]
# U+212A, the sign for Kelvin, is a `k` in lower case.
BAD += ["chun\xe2\x84\xaaed"]

LINES = {
    "two lines, chunked twice": (["Transfer-Encoding: chunked"] * 2, 400),
    "two lines, chunked in other case": (
        ["Transfer-Encoding: chunked", "transfer-encoding: CHUNKED"],
        400,
    ),
    "two lines, identity first": (
        ["Transfer-Encoding: identity", "Transfer-Encoding: chunked"],
        400,
    ),
    "two lines, identity last": (
        ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
        400,
    ),
    "two lines, gzip first": (["Transfer-Encoding: gzip", "Transfer-Encoding: chunked"], 400),
    "two lines, one empty": (["Transfer-Encoding: chunked", "Transfer-Encoding:"], 400),
    "blank before the colon": (["Transfer-Encoding : chunked"], 400),
    "tab before the colon": (["Transfer-Encoding\t: chunked"], 400),
    "folded": (["Transfer-Encoding:", " chunked"], 400),
    "folded behind": (["Transfer-Encoding: chunked", " , identity"], 400),
    "NUL in the name": (["Transfer-Encoding\x00: chunked"], 400),
    "CR before": (["X: y\rTransfer-Encoding: chunked"], 400),
    "LF before": (["X: y\nTransfer-Encoding: chunked"], 400),
}

# With Content-Length: the request MAY be rejected or read as chunked and closed; we reject.
BOTH = {
    "length first": ["Content-Length: 15", "Transfer-Encoding: chunked"],
    "coding first": ["Transfer-Encoding: chunked", "Content-Length: 15"],
    "length zero": ["Content-Length: 0", "Transfer-Encoding: chunked"],
    "length too small": ["Content-Length: 4", "Transfer-Encoding: chunked"],
    "length bad": ["Content-Length: x", "Transfer-Encoding: chunked"],
    "length empty": ["Content-Length:", "Transfer-Encoding: chunked"],
    "coding identity": ["Content-Length: 15", "Transfer-Encoding: identity"],
    "coding unknown": ["Content-Length: 15", "Transfer-Encoding: x"],
    "coding empty": ["Content-Length: 15", "Transfer-Encoding:"],
    "two lengths": ["Content-Length: 15", "Content-Length: 15", "Transfer-Encoding: chunked"],
    "two codings": ["Content-Length: 15", "Transfer-Encoding: chunked", "Transfer-Encoding: x"],
    "other case": ["CONTENT-LENGTH: 15", "TRANSFER-ENCODING: CHUNKED"],
}


def _post(*lines: str, version: str = "HTTP/1.1", method: str = "POST") -> bytes:
    return request("/", *lines, method=method, version=version, body=BODY)


READ = Read(method="POST", body=b"hello")

CASES: list[Case] = [
    *[
        accept(f"value {value!r}", _post(f"Transfer-Encoding:{value}"), READ, rule=RULE)
        for value in CHUNKED
    ],
    *[
        refuse(
            f"value {value!r}", _post(f"Transfer-Encoding: {value}"), 501, rule=RULE, level=SHOULD
        )
        for value in UNKNOWN
    ],
    *[
        refuse(f"value {value!r}", _post(f"Transfer-Encoding: {value}"), 400, rule=RULE)
        for value in BAD
    ],
    *[refuse(name, _post(*lines), status, rule=RULE) for name, (lines, status) in LINES.items()],
    *[
        refuse(f"both, {name}", _post(*lines), 400, rule=SMUGGLED, level=OURS)
        for name, lines in BOTH.items()
    ],
    *[
        refuse(
            f"HTTP/1.0, {value}",
            _post(f"Transfer-Encoding: {value}", version="HTTP/1.0"),
            400,
            rule=OLD,
            level=OURS,
        )
        for value in ("chunked", "identity", "gzip, chunked", "x")
    ],
    refuse(
        "HTTP/1.0 with keep-alive",
        _post("Transfer-Encoding: chunked", "Connection: keep-alive", version="HTTP/1.0"),
        400,
        rule=OLD,
        level=OURS,
    ),
    refuse(
        "HTTP/1.0, both",
        _post("Content-Length: 15", "Transfer-Encoding: chunked", version="HTTP/1.0"),
        400,
        rule=SMUGGLED,
    ),
    refuse("GET, both", _post(*BOTH["length first"], method="GET"), 400, rule=SMUGGLED, level=OURS),
    refuse(
        "HEAD, unknown", _post("Transfer-Encoding: x", method="HEAD"), 501, rule=RULE, level=SHOULD
    ),
    *[
        accept(
            f"{method} in chunks",
            _post("Transfer-Encoding: chunked", method=method),
            Read(method=method, body=b"hello"),
            rule="RFC 9112 section 6",
        )
        for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS")
    ],
    accept(
        "names that are only similar",
        request(
            "/", "Transfer_Encoding: chunked", "X-Transfer-Encoding: chunked", "Transfer-Encodin: x"
        ),
        rule="RFC 9110 section 5.1",
    ),
    accept(
        "named as an option of the connection",
        _post("Transfer-Encoding: chunked", "Connection: transfer-encoding"),
        READ,
        rule="RFC 9110 section 7.6.1: such an option must not change the framing",
    ),
    accept(
        "Content-Encoding is none",
        request(
            "/", "Content-Encoding: chunked", "Content-Length: 5", method="POST", body=b"hello"
        ),
        READ,
        rule="RFC 9110 section 8.4",
    ),
]
