"""The Host header: RFC 9110 section 7.2, RFC 9112 section 3.2."""

from battery import OURS, Case, Read, accept, refuse, request

RULE = "RFC 9112 section 3.2"

GOOD = [
    "a",
    "A.Example",
    "a:80",
    "a:",
    "a:65535",
    "a:00080",
    "127.0.0.1",
    "127.0.0.1:8888",
    "[::1]",
]
GOOD += [
    "[::1]:8888",
    "[2001:db8::7]",
    "[::ffff:192.0.2.1]",
    "[FE80::1]",
    "a-b.c_d~e",
    "%41",
    "a,b",
]
GOOD += [
    "!$&'()*+;=",
    "a.",
    "localhost",
    "xn--bcher-kva.example",
    "a" * 255,
    "a" * 4000,
    "1.2.3.4.5",
]

# RFC 3986 section 3.2: the grammar of host and port.
BAD = [
    "a b",
    "a\tb",
    "a/b",
    "/",
    "a/",
    "a?b",
    "a#b",
    "a@b",
    "u:p@b",
    "http://a",
    "a\\b",
    "a<b",
    "a>b",
]
BAD += [
    'a"b',
    "a{b",
    "a|b",
    "a^b",
    "a`b",
    "a[b",
    "a]b",
    "a:b",
    "a:80b",
    "a:-1",
    "a:+1",
    "a: 80",
    "a:80:80",
]
BAD += [
    "a:0x50",
    "%",
    "%4",
    "%zz",
    "::1",
    "[::1",
    "::1]",
    "[]",
    "[:]",
    "[:::]",
    "[1.2.3.4]",
    "[::1]x",
]
BAD += [
    "[::1]:x",
    "[::1%25lo]",
    "[::1%lo]",
    "[g::]",
    "[[::1]]",
    "[1:2:3:4:5:6:7:8:9]",
    "[::1.2.3.256]",
]
BAD += [
    "a, b",
    "a b:80",
    "\xe9",
    "b\xc3\xbccher",
    "a\xa0",
    "a\x85b",
    "a\x00",
    "a\x7f",
    "a\x01b",
    "a\x0b",
]

_TWICE = {
    "twice the same": ["Host: a", "Host: a"],
    "two different": ["Host: a", "Host: b"],
    "twice in other case": ["Host: a", "hOsT: a"],
    "twice, one empty": ["Host: a", "Host:"],
    "twice, far apart": ["Host: a", "X: y", "Accept: z", "Host: a"],
    "three": ["Host: a", "Host: a", "Host: a"],
}


def _spelled(*lines: str, version: str = "HTTP/1.1") -> bytes:
    return request("/", *lines, version=version, host=None)


CASES: list[Case] = [
    *[
        accept(f"Host: {host[:40]} ({len(host)})", request(host=host), Read(host=host), rule=RULE)
        for host in GOOD
    ],
    *[refuse(f"Host: {host!r}", request(host=host), 400, rule=RULE) for host in BAD],
    *[refuse(f"Host {name}", _spelled(*lines), 400, rule=RULE) for name, lines in _TWICE.items()],
    refuse("no Host", _spelled(), 400, rule=RULE),
    refuse(
        "no Host, but others", _spelled("X-Host: a", "Hos: a", "Forwarded: host=a"), 400, rule=RULE
    ),
    refuse("no Host, HTTP/1.2", _spelled(version="HTTP/1.2"), 400, rule=RULE),
    refuse("HEAD without Host", request(method="HEAD", host=None), 400, rule=RULE),
    refuse("empty Host", request(host=""), 400, rule="no http URI is without a host", level=OURS),
    refuse("blank Host", request(host="  "), 400, rule="no http URI is without a host", level=OURS),
    refuse("Host with a port alone", request(host=":80"), 400, rule=RULE),
    refuse("port beyond five digits", request(host="a:123456"), 400, rule="16 bits", level=OURS),
    refuse(
        "address of a later version", request(host="[v1.a]"), 400, rule="nobody has it", level=OURS
    ),
    refuse("blank before the colon", _spelled("Host : a"), 400, rule="RFC 9112 section 5.1"),
    refuse("folded Host", _spelled("Host:", " a"), 400, rule="RFC 9112 section 5.2"),
    refuse(
        "Host and a blank in its name",
        _spelled("Host: a", "Host : b"),
        400,
        rule="RFC 9112 section 5.1",
    ),
    accept("Host without a blank", _spelled("Host:a"), rule="RFC 9112 section 5"),
    accept("Host with much whitespace", _spelled("Host: \t a \t "), rule="RFC 9112 section 5.1"),
    accept("Host in another case", _spelled("hOST: a"), rule="RFC 9110 section 5.1"),
    accept("Host comes last", _spelled("X: y", "Host: a"), rule="RFC 9110 section 5.3"),
    accept(
        "HTTP/1.0 without Host",
        _spelled(version="HTTP/1.0"),
        Read(version="HTTP/1.0", host=None),
        rule=RULE,
        kept=False,
    ),
    accept(
        "HTTP/1.0 with Host",
        _spelled("Host: b", version="HTTP/1.0"),
        Read(version="HTTP/1.0", host="b"),
        rule=RULE,
        kept=False,
    ),
    refuse("HTTP/1.0 with two", _spelled("Host: a", "Host: b", version="HTTP/1.0"), 400, rule=RULE),
    refuse("HTTP/1.0 with a bad one", _spelled("Host: a b", version="HTTP/1.0"), 400, rule=RULE),
]
