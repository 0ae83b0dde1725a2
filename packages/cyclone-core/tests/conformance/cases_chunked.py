"""The chunked coding: RFC 9112 section 7.1, and its bounds."""

import re

from battery import MUST, OURS, Answer, Case, Read, accept, refuse, request

RULE = "RFC 9112 section 7.1"
EXTENSION = "RFC 9112 section 7.1.1"
TRAILER = "RFC 9112 section 7.1.2, RFC 9110 section 6.5"

HEAD = request("/", "Transfer-Encoding: chunked", method="POST")
OPEN = Read(method="POST", complete=False)
END = b"0\r\n\r\n"
STRAY = re.compile(rb"[\r\n\x00]")

GOOD = {
    "empty": (END, b""),
    "one chunk": (b"5\r\nhello\r\n" + END, b"hello"),
    "two chunks": (b"2\r\nhe\r\n3\r\nllo\r\n" + END, b"hello"),
    "digits in both cases": (
        b"a\r\n0123456789\r\nB\r\n0123456789a\r\n" + END,
        b"01234567890123456789a",
    ),
    "leading zeros": (b"0000005\r\nhello\r\n" + END, b"hello"),
    "16 digits": (b"0000000000000005\r\nhello\r\n" + END, b"hello"),
    "last chunk 00": (b"5\r\nhello\r\n00\r\n\r\n", b"hello"),
    "last chunk 000": (b"000\r\n\r\n", b""),
    "last chunk of 16 zeros": (b"0" * 16 + b"\r\n\r\n", b""),
    "data are CRLF": (b"2\r\n\r\n\r\n" + END, b"\r\n"),
    "data are a last chunk": (b"5\r\n0\r\n\r\n\r\n" + END, b"0\r\n\r\n"),
    "data are a request": (b"1d\r\n" + request("/xy") + b"\r\n" + END, request("/xy")),
    "every byte": (b"100\r\n" + bytes(range(256)) + b"\r\n" + END, bytes(range(256))),
    "1000 chunks of one byte": (b"1\r\nx\r\n" * 1000 + END, b"x" * 1000),
    "70 kB": (b"11170\r\n" + b"x" * 70000 + b"\r\n" + END, b"x" * 70000),
    "extension": (b"5;a\r\nhello\r\n" + END, b"hello"),
    "extension with a value": (b"5;a=b\r\nhello\r\n" + END, b"hello"),
    "extension with a quoted value": (b'5;a="b c"\r\nhello\r\n' + END, b"hello"),
    "quoted semicolon": (b'5;a=";"\r\nhello\r\n' + END, b"hello"),
    "quoted quote": (b'5;a="\\""\r\nhello\r\n' + END, b"hello"),
    "quoted backslash": (b'5;a="\\\\"\r\nhello\r\n' + END, b"hello"),
    "quoted tab and obs-text": (b'5;a="\t\x80\xff"\r\nhello\r\n' + END, b"hello"),
    "empty quoted value": (b'5;a=""\r\nhello\r\n' + END, b"hello"),
    "many extensions": (b"5;a;b=c;d\r\nhello\r\n" + END, b"hello"),
    "whitespace around an extension": (b"5 ; a = b\t;\tc\r\nhello\r\n" + END, b"hello"),
    "extension of the last chunk": (b"5\r\nhello\r\n0;a=b\r\n\r\n", b"hello"),
    "name that is a number": (b"5;0=0\r\nhello\r\n" + END, b"hello"),
    "size line of 256 bytes": (b"5;" + b"a" * 254 + b"\r\nhello\r\n" + END, b"hello"),
    "4096 bytes of extensions": ((b"1;" + b"a" * 127 + b"\r\nx\r\n") * 32 + END, b"x" * 32),
}

# What stands in the place of a size line with its CRLF; `hello` and the end follow.
BAD_SIZES = {
    "no size": b"\r\n",
    "blank": b" \r\n",
    "blank before": b" 5\r\n",
    "blank behind": b"5 \r\n",
    "tab before": b"\t5\r\n",
    "tab behind": b"5\t\r\n",
    "plus": b"+5\r\n",
    "minus": b"-5\r\n",
    "minus zero": b"-0\r\n",
    "0x": b"0x5\r\n",
    "0X": b"0X5\r\n",
    "0x alone": b"0x\r\n",
    "h": b"5h\r\n",
    "underscore": b"0_5\r\n",
    "point": b"5.0\r\n",
    "comma": b"5,5\r\n",
    "exponent sign": b"5e+0\r\n",
    "letter": b"g\r\n",
    "quoted": b'"5"\r\n',
    "hash": b"5#\r\n",
    "two sizes": b"5 5\r\n",
    "full-width digit": b"\xef\xbc\x95\r\n",
    "superscript": b"\xb2\r\n",
    "Arabic digit": b"\xd9\xa5\r\n",
    "NBSP behind": b"5\xa0\r\n",
    "vertical tab behind": b"5\x0b\r\n",
    "form feed behind": b"5\x0c\r\n",
    "NUL behind": b"5\x00\r\n",
    "NUL before": b"\x005\r\n",
    "17 digits": b"0" * 16 + b"5\r\n",
    "17 digits, overflow": b"1" + b"0" * 15 + b"05\r\n",
    "300 digits": b"0" * 299 + b"5\r\n",
    "9000 digits": b"5" * 9000,
    "LF alone": b"5\n",
    "CR alone": b"5\rhello",
    "CR CR LF": b"5\r\r\n",
    "LF CR": b"5\n\r",
    "empty line before": b"\r\n5\r\n",
    "semicolon alone": b"5;\r\n",
    "semicolon and blank": b"5; \r\n",
    "two semicolons": b"5;;\r\n",
    "two semicolons, name": b"5;;a\r\n",
    "semicolon at the end": b"5;a;\r\n",
    "no size, extension": b";a\r\n",
    "no name": b"5;=b\r\n",
    "no value": b"5;a=\r\n",
    "two equal signs": b"5;a==b\r\n",
    "blank in a value": b"5;a=b c\r\n",
    "blank in a name": b"5;a b\r\n",
    "blank at the end": b"5;a \r\n",
    "blank behind a value": b"5;a=b \r\n",
    "comma in a name": b"5;a,b\r\n",
    "slash in a value": b"5;a=b/c\r\n",
    "obs-text in a name": b"5;\xe9\r\n",
    "obs-text in a value": b"5;a=\xe9\r\n",
    "NUL in an extension": b"5;a\x00\r\n",
    "control in an extension": b"5;a\x01b\r\n",
    "DEL in an extension": b"5;a\x7f\r\n",
    "LF in an extension": b"5;a\nb\r\n",
    "LF ends an extension": b"5;a\n",
    "CR in an extension": b"5;a\rb\r\n",
    "unended quote": b'5;a="b\r\n',
    "quote ends with an escape": b'5;a="b\\"\r\n',
    "LF in a quote": b'5;a="\n"\r\n',
    "CR in a quote": b'5;a="\r"\r\n',
    "CRLF in a quote": b'5;a="\r\n"\r\n',
    "escaped LF": b'5;a="\\\n"\r\n',
    "NUL in a quote": b'5;a="\x00"\r\n',
    "something behind a quote": b'5;a="b"c\r\n',
    "quoted name": b'5;"a"=b\r\n',
    "size line of 257 bytes": b"5;" + b"a" * 255 + b"\r\n",
    "size line without end": b"5;" + b"a" * 9000,
    "hidden request": b"5;\nGET /x HTTP/1.1\r\n",
}

BAD_DATA = {
    "data too long": b"5\r\nhello!\r\n" + END,
    "data too long by CR": b"5\r\nhello\r\r\n" + END,
    "data too long by LF": b"5\r\nhello\n\r\n" + END,
    "data too short": b"5\r\nhell\r\n" + END,
    "no CRLF behind data": b"5\r\nhello" + END,
    "LF behind data": b"5\r\nhello\n" + END,
    "CR behind data": b"5\r\nhello\r" + END,
    "LF CR behind data": b"5\r\nhello\n\r" + END,
    "two bytes for CRLF": b"5\r\nhelloXX" + END,
    "blanks for CRLF": b"5\r\nhello  " + END,
    "blank before CRLF": b"5\r\nhello \r\n" + END,
    "two CRLF": b"5\r\nhello\r\n\r\n" + END,
    "second chunk bad": b"5\r\nhello\r\nx\r\n" + END,
    "data for the last chunk": b"0\r\nhello\r\n\r\n",
    "LF ends the body": b"0\r\n\n",
    "LFs end the body": b"0\n\n",
    "CR ends the body": b"0\r\n\r\r\n",
    "blank line ends the body": b"0\r\n \r\n\r\n",
}

GOOD_TRAILERS: dict[str, tuple[bytes, dict[str, str | list[str]]]] = {
    "one": (b"X: y\r\n", {"X": "y"}),
    "no blank": (b"X:y\r\n", {"X": "y"}),
    "two": (b"X: y\r\nY: z\r\n", {"X": "y", "Y": "z"}),
    "two of one name": (b"X: y\r\nx: z\r\n", {"X": ["y", "z"]}),
    "empty value": (b"X:\r\n", {"X": ""}),
    "obs-text": (b"X: \xe9\r\n", {"X": "\xe9"}),
    "of 8192 bytes": (b"X: " + b"y" * 8189 + b"\r\n", {"X": "y" * 8189}),
    "100": (b"X: y\r\n" * 100, {"X": ["y"] * 100}),
}

BAD_TRAILERS = {
    "no colon": b"X\r\n",
    "blank before the colon": b"X : y\r\n",
    "empty name": b": y\r\n",
    "bad name": b"X(: y\r\n",
    "folded": b"X: y\r\n z\r\n",
    "folded first": b" X: y\r\n",
    "NUL": b"X: a\x00b\r\n",
    "control": b"X: a\x01b\r\n",
    "vertical tab": b"X: \x0bb\r\n",
    "DEL": b"X: a\x7fb\r\n",
    "CR": b"X: a\rb\r\n",
    "LF": b"X: a\nb\r\n",
    "LF at the end": b"X: a\nY: b\r\n",
    "obs-text in the name": b"\xe9: a\r\n",
    "a request line": b"GET /x HTTP/1.1\r\n",
    "a chunk": b"5\r\nhello\r\n",
}

# RFC 9110 section 6.5.1: what frames, routes, authenticates or says how to read the content.
FORBIDDEN = [
    "Content-Length",
    "Transfer-Encoding",
    "Host",
    "Authorization",
    "Cookie",
    "Content-Type",
]
FORBIDDEN += [
    "Content-Encoding",
    "Content-Range",
    "Trailer",
    "Connection",
    "Expect",
    "Max-Forwards",
]
FORBIDDEN += ["Proxy-Authorization", "TE", "Upgrade", "content-LENGTH"]


def _bodies() -> list[Case]:
    rules = {name: EXTENSION if "extension" in name or "quote" in name else RULE for name in GOOD}
    cases = [
        accept(name, HEAD + body, Read(method="POST", body=data), rule=rules[name])
        for name, (body, data) in GOOD.items()
    ]
    cases += [
        refuse(
            f"size: {name}",
            HEAD + line + b"hello\r\n" + END,
            400,
            OPEN,
            rule=EXTENSION if b";" in line else RULE,
            # What is no extension by the grammar may be skipped like one, but for line ends and NUL.
            level=OURS if b";" in line and not STRAY.search(line.removesuffix(b"\r\n")) else MUST,
        )
        for name, line in BAD_SIZES.items()
    ]
    cases += [refuse(name, HEAD + body, 400, OPEN, rule=RULE) for name, body in BAD_DATA.items()]
    many = (b"1;" + b"a" * 127 + b"\r\nx\r\n") * 32 + b"1;a\r\nx\r\n" + END
    cases.append(
        refuse("4098 bytes of extensions", HEAD + many, 400, OPEN, rule=EXTENSION, level=OURS)
    )
    return cases


def _trailers() -> list[Case]:
    cases = [
        accept(
            f"trailer: {name}",
            HEAD + b"5\r\nhello\r\n0\r\n" + lines + b"\r\n",
            # Never merged into the headers.
            Read(method="POST", body=b"hello", trailers=fields, headers=dict.fromkeys(fields)),
            rule=TRAILER,
        )
        for name, (lines, fields) in GOOD_TRAILERS.items()
    ]
    announced = request("/", "Transfer-Encoding: chunked", "Trailer: X", "X: before", method="POST")
    cases.append(
        accept(
            "trailer: of a header's name",
            announced + b"0\r\nX: behind\r\n\r\n",
            Read(method="POST", headers={"X": "before"}, trailers={"X": "behind"}),
            rule=TRAILER,
        )
    )
    cases += [
        refuse(f"trailer: {name}", HEAD + b"0\r\n" + lines + b"\r\n", 400, OPEN, rule=TRAILER)
        for name, lines in BAD_TRAILERS.items()
    ]
    cases += [
        refuse(
            f"trailer: {name}",
            HEAD + b"0\r\n%b: 5\r\n\r\n" % name.encode(),
            400,
            OPEN,
            rule=TRAILER,
            level=OURS,
        )
        for name in FORBIDDEN
    ]
    large = {
        "of 8193 bytes": b"X: " + b"y" * 8190 + b"\r\n\r\n",
        "without end": b"X: " + b"y" * 9000,
        "101": b"X: y\r\n" * 101 + b"\r\n",
        "lines without end": b"X: y\r\n" * 3000,
        "of 40 kB together": (b"X: " + b"y" * 995 + b"\r\n") * 40 + b"\r\n",
    }
    cases += [
        refuse(f"trailer: {name}", HEAD + b"0\r\n" + lines, 431, OPEN, rule="RFC 6585 section 5")
        for name, lines in large.items()
    ]
    return cases


def _too_large() -> list[Case]:
    rule = "RFC 9110 section 15.5.14"
    small = request("/small", "Transfer-Encoding: chunked", method="POST")
    whole = Read(method="POST", uri="/small", body=b"x" * 11, echoed=False)
    cut = Read(method="POST", uri="/small", complete=False)
    ten = b"a\r\n" + b"x" * 10 + b"\r\n"

    def over(name: str, body: bytes, read: Read) -> Case:
        answers = (Answer(status=413),)
        data = small + body
        return Case(name=name, data=data, reads=(read,), answers=answers, kept=False, rule=rule)

    read = Read(method="POST", uri="/small", body=b"x" * 10)
    return [
        *[
            refuse(f"chunk of {size.decode()}", HEAD + size + b"\r\n", 413, OPEN, rule=rule)
            for size in (
                b"6400001",
                b"7fffffff",
                b"ffffffff",
                b"7fffffffffffffff",
                b"FFFFFFFFFFFFFFFF",
            )
        ],
        accept("route, at the limit", small + ten + END, read, rule=rule),
        accept("route, at the limit in pieces", small + b"1\r\nx\r\n" * 10 + END, read, rule=rule),
        over("route, one past it in one chunk", b"b\r\n" + b"x" * 11 + b"\r\n" + END, whole),
        over("route, one past it in two chunks", ten + b"1\r\nx\r\n" + END, whole),
        over("route, one past it, announced", b"b\r\n", cut),
        over("route, one past it, announced behind ten", ten + b"1\r\n", cut),
        over("route, far past it in tiny chunks", b"1\r\nx\r\n" * 500, cut),
    ]


CASES = [*_bodies(), *_trailers(), *_too_large()]
