"""Header fields: RFC 9110 section 5, RFC 9112 section 5; and their bounds."""

from battery import MUST, OURS, SHOULD, Case, Read, accept, refuse, request

GET = request()
CONTROLS = [chr(code) for code in (*range(9), *range(11, 13), *range(14, 32), 127)]

BAD_LINES = {
    "blank before the colon": "X : y",
    "tab before the colon": "X\t: y",
    "NBSP before the colon": "X\xa0: y",
    "two blanks before the colon": "Content-Length  : 0",
    "blank in the name": "X Y: z",
    "empty name": ": y",
    "colon alone": ":",
    "two colons": ":: y",
    "no colon": "X",
    "no colon, but a blank": "X y",
    "a request line": "GET /x HTTP/1.1",
    "obs-text in the name": "X\xe9: y",
    "UTF-8 in the name": "X\xc3\xa9: y",
    "NUL in the name": "X\x00: y",
    "NUL before the name": "\x00X: y",
    "NUL before the colon": "X\x00: y",
    "CR in the name": "X\r: y",
    "CR in the value": "X: a\rb",
    "CR at the end": "X: a\r",
    "CR alone": "\r",
    "CR for CRLF": "X: a\rY: b",
    "LF for CRLF": "X: a\nY: b",
    "LF alone": "\n",
    "LF before CRLF": "X: a\n",
    "folded with a blank": "X: a\r\n b",
    "folded with a tab": "X: a\r\n\tb",
    "folded, empty": "X: a\r\n ",
    "folded into a header": "X: a\r\n Content-Length: 5",
    "a blank line": " ",
    "a tab": "\t",
    "a quoted CRLF": 'X: "a\r\nb"',
}

BAD_NAME_CHARACTERS = '()<>@,;\\"/[]?={}'

GOOD_LINES: dict[str, tuple[str, str | list[str] | None]] = {
    "empty value": ("X:", ""),
    "blank value": ("X: \t ", ""),
    "no blank": ("X:y", "y"),
    "much whitespace": ("X: \t y \t ", "y"),
    "whitespace inside": ("X: a \t b", "a \t b"),
    "colons inside": ("X: a:b: c", "a:b: c"),
    "leading colon": ("X::a", ":a"),
    "obs-text": ("X: \x80\xe9\xff", "\x80\xe9\xff"),
    "NBSP around": ("X: \xa0a\xa0", "\xa0a\xa0"),
    "NEL around": ("X: \x85a\x85", "\x85a\x85"),
    "UTF-8": ("X: \xc3\xa9", "\xc3\xa9"),
    "quotes": ('X: "a\\"b', '"a\\"b'),
    "comma": ("X: a, b", "a, b"),
    "two lines": ("X: a\r\nX: b", ["a", "b"]),
    "two lines in other case": ("x: a\r\nX: b", ["a", "b"]),
    "two lines, one empty": ("X:\r\nX: b", ["", "b"]),
    "every visible character": (
        "X: " + "".join(map(chr, range(33, 127))),
        "".join(map(chr, range(33, 127))),
    ),
}


def _head(*lines: str) -> bytes:
    return request("/", *lines)


def _stray_level(name: str) -> str:
    """A bare LF MAY be taken for a line end (RFC 9112 section 2.2)."""
    return OURS if "LF" in name and "CR" not in name.replace("CRLF", "") else MUST


def _lines() -> list[Case]:
    rule = "RFC 9112 section 5"
    cases = [
        refuse(name, _head(line), 400, rule=rule, level=_stray_level(name))
        for name, line in BAD_LINES.items()
    ]
    cases += [
        refuse(
            f"{character} in the name", _head(f"X{character}Y: z"), 400, rule="RFC 9110 section 5.1"
        )
        for character in BAD_NAME_CHARACTERS
    ]
    cases += [
        accept(name, _head(line), Read(headers={"X": value}), rule="RFC 9110 section 5.5")
        for name, (line, value) in GOOD_LINES.items()
    ]
    name = "!#$%&'*+.^_`|~09aZ"
    cases.append(
        accept(
            "every character of a token in the name",
            _head(f"{name}: y"),
            Read(headers={name.capitalize(): "y"}),
            rule="RFC 9110 section 5.1",
        )
    )
    return cases


def _controls() -> list[Case]:
    rule = "RFC 9110 section 5.5: NUL MUST be rejected or replaced, the others MAY; we reject them"
    cases = []
    for character in CONTROLS:
        code = f"{ord(character):02x}"
        for place, line in {
            "in a value": f"X: a{character}b",
            "before a value": f"X: {character}b",
            "behind a value": f"X: a{character}",
            "in a name": f"X{character}Y: a",
        }.items():
            level = MUST if character == "\0" or place == "in a name" else OURS
            name = f"control {code} {place}"
            cases.append(refuse(name, _head(line), 400, rule=rule, level=level))
    return cases


def _places() -> list[Case]:
    """Stray line ends in every place of a head, and whitespace before the first header."""
    rule = "RFC 9112 section 2.2: a bare CR is invalid; a bare LF MAY be taken for CRLF, we do not"
    strays = {
        "LF for every CRLF": GET.replace(b"\r\n", b"\n"),
        "CR for every CRLF": GET.replace(b"\r\n", b"\r"),
        "LF behind the request line": b"GET / HTTP/1.1\nHost: a\r\n\r\n",
        "LF behind a header": b"GET / HTTP/1.1\r\nHost: a\n\r\n",
        "LF at the end": b"GET / HTTP/1.1\r\nHost: a\r\n\n",
        "LF LF at the end": b"GET / HTTP/1.1\r\nHost: a\n\n",
        "LF CR": b"GET / HTTP/1.1\n\rHost: a\n\r\n\r",
        "CR CR LF": b"GET / HTTP/1.1\r\r\nHost: a\r\r\n\r\r\n",
        "CR CR LF at the end": b"GET / HTTP/1.1\r\nHost: a\r\n\r\r\n\r\n",
        "CR before the version": b"GET / \rHTTP/1.1\r\nHost: a\r\n\r\n",
        "CR in the method": b"G\rET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "LF in the method": b"G\nET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "LF in the target": b"GET /a\nb HTTP/1.1\r\nHost: a\r\n\r\n",
        "CR in the target": b"GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n",
    }
    # An incomplete head is ended by the probe's empty line, or never: the mistake is seen before.
    cases = [
        refuse(name, data, 400, rule=rule, level=_stray_level(name))
        for name, data in strays.items()
    ]
    before = "RFC 9112 section 2.2: whitespace between request line and first header"
    for name, blank in {"blank": b" ", "tab": b"\t", "blank line": b" \r\n"}.items():
        data = b"GET / HTTP/1.1\r\n" + blank + b"Host: a\r\n\r\n"
        cases.append(refuse(f"{name} before the first header", data, 400, rule=before))
    data = b"GET / HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n"
    cases.append(refuse("a folded line before the first header", data, 400, rule=before))
    return cases


def _bounds() -> list[Case]:
    rule = "RFC 6585 section 5"
    base = len("GET / HTTP/1.1\r\nHost: a\r\n")
    # Without the CRLF of the last line: 32768 bytes in lines of at most 8192.
    lines = ["X: " + "y" * 8000] * 4
    rest = 32768 - base - sum(len(line) + 2 for line in lines)
    full = [*lines, "Z: " + "z" * (rest - len("Z: "))]
    fat = [*full[:-1], full[-1] + "z"]
    return [
        accept(
            "header line of 8192 bytes",
            _head("X: " + "y" * 8189),
            Read(headers={"X": "y" * 8189}),
            rule=rule,
        ),
        refuse("header line of 8193 bytes", _head("X: " + "y" * 8190), 431, rule=rule),
        refuse("name of 8193 bytes", _head("X" * 8192 + ":"), 431, rule=rule),
        refuse("header line without end", GET[:-2] + b"X: " + b"y" * 9000, 431, rule=rule),
        refuse("header name without end", GET[:-2] + b"X" * 9000, 431, rule=rule),
        accept("100 headers", _head(*["X: y"] * 99), Read(headers={"X": ["y"] * 99}), rule=rule),
        refuse("101 headers", _head(*["X: y"] * 100), 431, rule=rule),
        refuse(
            "101 headers of different names",
            _head(*[f"X{i}: y" for i in range(100)]),
            431,
            rule=rule,
        ),
        refuse("3000 headers", _head(*["X: y"] * 3000), 431, rule=rule),
        refuse("headers without end", GET[:-2] + b"X: y\r\n" * 200, 431, rule=rule),
        accept(
            "head of 32768 bytes", _head(*full), Read(headers={"X": ["y" * 8000] * 4}), rule=rule
        ),
        refuse("head of 32769 bytes", _head(*fat), 431, rule=rule),
        refuse(
            "head of 60 kB without end", GET[:-2] + b"X: %b\r\n" % (b"y" * 995) * 60, 431, rule=rule
        ),
        refuse(
            "HEAD with 101 headers", request("/", *["X: y"] * 100, method="HEAD"), 431, rule=rule
        ),
    ]


def _unused() -> list[Case]:
    """Fields that must not change how the message is read."""
    lines = {
        "Upgrade without Connection": ["Upgrade: websocket"],
        "Upgrade to what nobody offers": ["Upgrade: nothing", "Connection: upgrade"],
        "Upgrade to HTTP/2": [
            "Upgrade: h2c",
            "Connection: Upgrade, HTTP2-Settings",
            "HTTP2-Settings: AAAA",
        ],
        "Keep-Alive": ["Keep-Alive: timeout=1, max=1"],
        "Proxy-Connection: close": ["Proxy-Connection: close"],
        "Content-Length with an underscore": ["Content_Length: 5"],
        "X-Content-Length": ["X-Content-Length: 5"],
        "TE: trailers": ["TE: trailers", "Connection: TE"],
        "X-HTTP-Method-Override": ["X-HTTP-Method-Override: DELETE"],
        "Trailer without trailers": ["Trailer: X"],
        "Range on a dynamic answer": ["Range: bytes=0-0"],
        "MIME-Version": ["MIME-Version: 1.0"],
    }
    rule = "RFC 9110 section 5.1: what is not understood is ignored"
    return [accept(name, _head(*each), rule=rule, level=SHOULD) for name, each in lines.items()]


CASES = [*_lines(), *_controls(), *_places(), *_bounds(), *_unused()]
