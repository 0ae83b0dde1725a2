"""Content-Length: RFC 9110 section 8.6, RFC 9112 sections 6.2 and 6.3."""

from battery import OURS, Answer, Case, Read, accept, refuse, request

RULE = "RFC 9110 section 8.6"

# Value of the header, without its leading blank; a body of five bytes follows.
BAD = [
    "+5",
    "-5",
    "-0",
    "+0",
    "5,",
    ",5",
    ",",
    "0x5",
    "0X5",
    "5h",
    "5.0",
    "5.",
    ".5",
    "5e0",
    "5_0",
    "5 5",
]
BAD += [
    "5\t5",
    "5;",
    "5;a",
    '"5"',
    "'5'",
    "five",
    "NaN",
    "inf",
    "0b101",
    "0o5",
    "5L",
    "5\x00",
    "5\x0b",
]
BAD += [
    "\x0b5",
    "5\x0c",
    "5\x7f",
    "5\x1f",
    "\xa05",
    "5\xa0",
    "\x855",
    "5\x85",
    "\xb2",
    "\xb3",
    "\xb9",
]
BAD += ["\xef\xbc\x95", "\xd9\xa5", "\xe2\x91\xa4", "", " ", "\t", "(5)", "5 # five", "%35", "5\\"]
BAD += [
    "chunked",
    "0 5",
    "1 0",
    "0x",
    "00x5",
    "1e1",
    "5-",
    "5-5",
    "5/5",
    "*",
    "5*",
    "null",
    "None",
    "True",
]

# RFC 9110 section 8.6 lets a list of equal values pass or be refused: two readers could differ.
LISTS = ["5,5", "5, 5", "5 ,5", "5,\t5", "5, 5, 5", "5, 6", "6, 5", "5,05", "5,+5", "5,,5"]

TOO_LONG = ["0" * 19 + "5", "1" + "0" * 19, "18446744073709551621", "9" * 100, "9" * 5000]

# At most 19 digits are a number, but more than the server takes.
TOO_LARGE = ["104857601", "2147483653", "4294967301", "9223372036854775807", "9" * 19]

GOOD = {"5": "5", "05": "05", "leading zeros": "0" * 18 + "5", "whitespace": " \t 5 \t "}


def _post(*lines: str, body: bytes = b"hello") -> bytes:
    return request("/", *lines, method="POST", body=body)


def _repeated() -> list[Case]:
    pairs = {
        "equal": ("5", "5"),
        "different": ("5", "6"),
        "smaller first": ("0", "5"),
        "larger first": ("5", "0"),
        "one empty": ("5", ""),
        "one bad": ("5", "+5"),
        "equal, written differently": ("5", "05"),
        "zeros": ("0", "0"),
    }
    cases = [
        refuse(
            f"two lines, {name}",
            _post(f"Content-Length: {one}", f"content-length: {other}"),
            400,
            rule="RFC 9112 section 6.3",
            level=OURS if one == other else "MUST",
        )
        for name, (one, other) in pairs.items()
    ]
    apart = _post("Content-Length: 5", "X: y", "Content-Length: 6")
    cases.append(refuse("two lines, far apart", apart, 400, rule="RFC 9112 section 6.3"))
    return cases


def _good() -> list[Case]:
    read = Read(method="POST", body=b"hello")
    cases = [
        accept(name, _post(f"Content-Length:{value}"), read, rule=RULE)
        for name, value in GOOD.items()
    ]
    cases += [
        accept(
            f"{method} with a body",
            request("/", "Content-Length: 5", method=method, body=b"hello"),
            Read(method=method, body=b"hello"),
            rule="RFC 9112 section 6: any request may have a body",
        )
        for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS")
    ]
    blob = bytes(range(256)) * 300
    cases += [
        accept(
            "zero",
            _post("Content-Length: 0", body=b""),
            Read(method="POST"),
            rule=RULE,
        ),
        accept(
            "many zeros",
            _post("Content-Length: " + "0" * 19, body=b""),
            Read(method="POST"),
            rule=RULE,
        ),
        accept("none", _post(body=b""), Read(method="POST"), rule="RFC 9112 section 6.3"),
        accept(
            "the body is a request",
            _post(f"Content-Length: {len(request('/x'))}", body=request("/x")),
            Read(method="POST", body=request("/x")),
            rule=RULE,
        ),
        accept(
            "the body is an empty line",
            _post("Content-Length: 4", body=b"\r\n\r\n"),
            Read(method="POST", body=b"\r\n\r\n"),
            rule=RULE,
        ),
        accept(
            "every byte, 75 kB",
            _post(f"Content-Length: {len(blob)}", body=blob),
            Read(method="POST", body=blob),
            rule=RULE,
        ),
        accept(
            "in HTTP/1.0",
            request("/", "Content-Length: 5", method="POST", version="HTTP/1.0", body=b"hello"),
            Read(method="POST", version="HTTP/1.0", body=b"hello"),
            rule=RULE,
            kept=False,
        ),
        accept(
            "in HTTP/1.0, none",
            request(method="POST", version="HTTP/1.0"),
            Read(method="POST", version="HTTP/1.0"),
            rule="RFC 9112 section 6.3: a request never ends with the connection",
            kept=False,
        ),
    ]
    return cases


def _too_large() -> list[Case]:
    rule = "RFC 9110 section 15.5.14, before a byte of it is read"
    cases = [
        refuse(
            f"{value} bytes announced",
            _post(f"Content-Length: {value}", body=b""),
            413,
            Read(method="POST", complete=False),
            rule=rule,
        )
        for value in TOO_LARGE
    ]
    read = Read(method="POST", uri="/small", body=b"x" * 10)
    lines = {"at the limit": 10, "one past it": 11, "far past it": 70_000}
    for name, size in lines.items():
        data = request("/small", f"Content-Length: {size}", method="POST", body=b"x" * size)
        if size == 10:
            cases.append(accept(f"route, {name}", data, read, rule=rule))
        else:
            cases.append(
                Case(
                    name=f"route, {name}",
                    data=data,
                    reads=(Read(method="POST", uri="/small", body=b"x" * size, echoed=False),),
                    answers=(Answer(status=413),),
                    kept=False,
                    rule=rule,
                )
            )
    data = request("/small", "Content-Length: 11", method="POST")
    cases.append(
        Case(
            name="route, one past it, no body yet",
            data=data,
            reads=(Read(method="POST", uri="/small", complete=False),),
            answers=(Answer(status=413),),
            kept=False,
            rule=rule,
        )
    )
    head = request("/small", "Content-Length: 11", method="HEAD")
    cases.append(
        Case(
            name="route, HEAD with a body past it",
            data=head,
            reads=(Read(method="HEAD", uri="/small", complete=False),),
            answers=(Answer(status=413, method="HEAD"),),
            kept=False,
            rule="RFC 9110 section 9.3.2",
        )
    )
    return cases


CASES = [
    *[
        refuse(f"value {value!r}", _post(f"Content-Length: {value}"), 400, rule=RULE)
        for value in BAD
    ],
    *[
        refuse(f"list {value!r}", _post(f"Content-Length: {value}"), 400, rule=RULE, level=OURS)
        for value in LISTS
    ],
    *[
        refuse(
            f"{len(value)} digits {value[:30]}",
            _post(f"Content-Length: {value}"),
            400,
            rule="RFC 9110 section 8.6: overflow",
        )
        for value in TOO_LONG
    ],
    refuse("blank before the colon", _post("Content-Length : 5"), 400, rule="RFC 9112 section 5.1"),
    refuse("folded", _post("Content-Length:", " 5"), 400, rule="RFC 9112 section 5.2"),
    refuse(
        "in HTTP/1.0, bad",
        request("/", "Content-Length: +5", method="POST", version="HTTP/1.0", body=b"hello"),
        400,
        rule=RULE,
    ),
    refuse("on GET, bad", request("/", "Content-Length: +5", body=b"hello"), 400, rule=RULE),
    *_repeated(),
    *_good(),
    *_too_large(),
]
