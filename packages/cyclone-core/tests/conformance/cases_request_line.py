"""Request lines: RFC 9112 sections 2.2, 2.3 and 3."""

from battery import MUST, OURS, SHOULD, Answer, Case, Read, accept, refuse, request

GET = request()


def line(text: str) -> bytes:
    """Spell a request by its first line."""
    return f"{text}\r\nHost: a\r\n\r\n".encode("latin-1")


# RFC 9112 section 3: lenient whitespace is where parsers disagree; 400 is what SHOULD be answered.
MALFORMED = {
    "blank before the method": " GET / HTTP/1.1",
    "tab before the method": "\tGET / HTTP/1.1",
    "two blanks behind the method": "GET  / HTTP/1.1",
    "two blanks behind the target": "GET /  HTTP/1.1",
    "blank behind the version": "GET / HTTP/1.1 ",
    "tab behind the version": "GET / HTTP/1.1\t",
    "tabs for blanks": "GET\t/\tHTTP/1.1",
    "vertical tabs for blanks": "GET\x0b/\x0bHTTP/1.1",
    "form feeds for blanks": "GET\x0c/\x0cHTTP/1.1",
    "CRs for blanks": "GET\r/\rHTTP/1.1",
    "NBSPs for blanks": "GET\xa0/\xa0HTTP/1.1",
    "blank in the target": "GET /a b HTTP/1.1",
    "tab in the target": "GET /a\tb HTTP/1.1",
    "method alone": "GET",
    "method and blank": "GET ",
    "no version": "GET /",
    "no version, but a blank": "GET / ",
    "no target": "GET HTTP/1.1",
    "empty target": "GET  HTTP/1.1",
    "no method": "/ HTTP/1.1",
    "empty method": " / HTTP/1.1",
    "something behind the version": "GET / HTTP/1.1 x",
    "a second request line": "GET / HTTP/1.1 GET /x HTTP/1.1",
    "a header in its place": "Host: a",
    "a status line": "HTTP/1.1 200 OK",
}

BAD_METHODS = ["G@T", "GET:", "G(T", "G)T", "G<T", "G=T", "G[T", "G{T", "G\\T", 'G"T', "G,T", "G/T"]
BAD_METHODS += ["G;T", "G?T", "\xe9", "GE\xa0T", "G\x00T", "G\x7fT"]

# A token all the same, but of no method that is known.
UNKNOWN_METHODS = ["get", "Get", "GETX", "G", "!#$%&'*+-.^_`|~09aZ", "0", "X" * 100]

VERSIONS = {
    # The major version is another one (RFC 9110 section 15.6.6).
    "HTTP/0.9": 505,
    "HTTP/2.0": 505,
    "HTTP/3.0": 505,
    "HTTP/9.9": 505,
    # HTTP-name is case-sensitive, and there is one digit on each side (RFC 9112 section 2.3).
    "http/1.1": 400,
    "Http/1.1": 400,
    "HTTP/11": 400,
    "HTTP/1": 400,
    "HTTP/1.": 400,
    "HTTP/.1": 400,
    "HTTP/": 400,
    "HTTP": 400,
    "HTTP/1.10": 400,
    "HTTP/1.01": 400,
    "HTTP/01.1": 400,
    "HTTP/10.1": 400,
    "HTTP/1.1.1": 400,
    "HTTP/1,1": 400,
    "HTTP/+1.1": 400,
    "HTTP/-1.1": 400,
    "HTTP/1.x": 400,
    "HTTP/1.\xb9": 400,
    "HTTP/1.\xef\xbc\x91": 400,
    "HTTP /1.1": 400,
    "HTTP/ 1.1": 400,
    "XHTTP/1.1": 400,
    "HTTPS/1.1": 400,
    "ICY/1.1": 400,
    "HTTP/1.1\x00": 400,
    "HTTP\\1.1": 400,
}

TARGETS = {
    "/": "/",
    "//": "//",
    "//b/x": "//b/x",
    "/a?b=c": "/a?b=c",
    "/?": "/?",
    "/a?b?c": "/a?b?c",
    "/%20%e2%82%ac": "/%20%e2%82%ac",
    "/%00": "/%00",
    "/a/../b": "/a/../b",
    "/.": "/.",
    "/a;b=c,d:e@f": "/a;b=c,d:e@f",
    "/http://b/": "/http://b/",
    "/*": "/*",
    "/" + "x" * 8000: "/" + "x" * 8000,
}

# What no URI may hold, but browsers send; refusing it would protect nobody.
LENIENT_TARGETS = ["/%", "/%zz", "/a|b", '/"', "/<b>", "/a\\b", "/{}", "/^`", "/[1]"]

BAD_TARGETS = ["a", "*", "?a", "%2f", "a:80", "[::1]:80", "a/b", "./a", "a.b/", "#", "/#a", "/a#"]
BAD_TARGETS += ["/\xe9", "/\xc3\xa9", "/\x00", "/\x01", "/\x1f", "/\x7f", "/\x80", "/\xff", "\\"]
BAD_TARGETS += ["/a\x0bb", "/a\x0cb", "/a\x85b", "/a\xa0b"]

# RFC 9112 section 3.2.2: a server MUST accept the absolute form, and its authority wins.
ABSOLUTE = {
    "http://b": ("/", "b"),
    "http://b/": ("/", "b"),
    "http://b/x?y": ("/x?y", "b"),
    "http://b?y": ("/?y", "b"),
    "http://b/?": ("/?", "b"),
    "http://b:8080/x": ("/x", "b:8080"),
    "http://b:/x": ("/x", "b:"),
    "http://b:80": ("/", "b:80"),
    "HTTP://B.example/X": ("/X", "B.example"),
    "hTtP://b/": ("/", "b"),
    "http://127.0.0.1/": ("/", "127.0.0.1"),
    "http://[::1]/x": ("/x", "[::1]"),
    "http://[::1]:8080?y": ("/?y", "[::1]:8080"),
    "http://b//c": ("//c", "b"),
    "http://b/http://c/": ("/http://c/", "b"),
    "http://b/@c": ("/@c", "b"),
    "http://b?@c/d": ("/?@c/d", "b"),
    "http://xn--bcher-kva.example/": ("/", "xn--bcher-kva.example"),
}

BAD_ABSOLUTE = {
    "http://": "an empty host is to be rejected (RFC 9110 section 4.2.1)",
    "http:///x": "an empty host is to be rejected (RFC 9110 section 4.2.1)",
    "http://:80/": "an empty host is to be rejected (RFC 9110 section 4.2.1)",
    "http://?x": "an empty host is to be rejected (RFC 9110 section 4.2.1)",
    "http:/b/": "RFC 9112 section 3.2.2",
    "http:b": "RFC 9112 section 3.2.2",
    "http//b/": "RFC 9112 section 3.2",
    "://b/": "RFC 3986 section 3.1",
    "ftp://b/": "not ours to serve (RFC 9110 section 7.4)",
    "file:///x": "not ours to serve (RFC 9110 section 7.4)",
    "ws://b/": "not ours to serve (RFC 9110 section 7.4)",
    "http://u@b/": "userinfo is an error (RFC 9110 section 4.2.4)",
    "http://u:p@b/": "userinfo is an error (RFC 9110 section 4.2.4)",
    "http://@b/": "userinfo is an error (RFC 9110 section 4.2.4)",
    "http://b:x/": "RFC 3986 section 3.2.3",
    "http://b:-1/": "RFC 3986 section 3.2.3",
    "http://b:80:80/": "RFC 3986 section 3.2.3",
    "http://b:123456/": "RFC 3986 section 3.2.3, and a port has 16 bits",
    "http://[::1/": "RFC 3986 section 3.2.2",
    "http://[x]/": "RFC 3986 section 3.2.2",
    "http://[::1]x/": "RFC 3986 section 3.2.2",
    "http://::1/": "RFC 3986 section 3.2.2",
    "http://b\\c/": "RFC 3986 section 3.2.2",
    "http://b%zz/": "RFC 3986 section 2.1",
    "http://b#c": "a fragment is never sent (RFC 9110 section 7.1)",
    "http://\xe9/": "RFC 3986 section 3.2.2",
}


def _malformed() -> list[Case]:
    rule = "RFC 9112 section 3"
    cases = [
        refuse(name, line(text), 400, rule=rule, level=SHOULD) for name, text in MALFORMED.items()
    ]
    cases += [
        refuse(
            f"method {name!r}",
            line(f"{name} / HTTP/1.1"),
            400,
            rule="RFC 9110 section 9.1",
            level=SHOULD,
        )
        for name in BAD_METHODS
    ]
    rule = "RFC 9112 section 2.3"
    cases += [
        refuse(f"version {name!r}", line(f"GET / {name}"), status, rule=rule, level=SHOULD)
        for name, status in VERSIONS.items()
    ]
    return cases


def _versions() -> list[Case]:
    rule = "RFC 9110 section 6.2: a higher minor version is read as the highest that is known"
    later = [
        accept(f"version {version}", line(f"GET / {version}"), rule=rule, level=SHOULD)
        for version in ("HTTP/1.2", "HTTP/1.9")
    ]
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"
    return [
        *later,
        accept("version HTTP/1.1", GET, rule="RFC 9112 section 2.3"),
        accept(
            "version HTTP/1.0",
            request(version="HTTP/1.0"),
            Read(version="HTTP/1.0"),
            rule="RFC 9112 section 9.3",
            kept=False,
        ),
        refuse("preface of HTTP/2", preface, 505, rule="RFC 9110 section 15.6.6", level=SHOULD),
        refuse("hello of TLS", hello, 400, rule="RFC 9112 section 3", level=SHOULD),
    ]


def _empty_lines() -> list[Case]:
    rule = "RFC 9112 section 2.2: at least one empty line SHOULD be ignored"
    posted = request("/", "Content-Length: 1", method="POST", body=b"x")
    post = Read(method="POST", body=b"x")
    cases = [
        accept("an empty line before", b"\r\n" + GET, rule=rule, level=SHOULD),
        accept("an empty line behind a body", posted + b"\r\n", post, rule=rule, level=SHOULD),
        accept(
            "an empty line before each request",
            b"\r\n" + GET + b"\r\n" + posted + b"\r\n",
            Read(),
            post,
            rule=rule,
            level=SHOULD,
        ),
    ]
    for name, before in {
        "two empty lines": b"\r\n\r\n",
        "an empty line that ends with LF": b"\n",
        "an empty line that ends with CR": b"\r",
        "a line with a blank": b" \r\n",
        "a line with a tab": b"\t\r\n",
        "CR CRLF": b"\r\r\n",
        "NUL": b"\x00",
        "a byte order mark": b"\xef\xbb\xbf",
    }.items():
        cases.append(refuse(f"{name} before", before + GET, 400, rule="ours", level=OURS))
    return cases


def _targets() -> list[Case]:
    cases = [
        accept(f"target {name[:40]}", request(name), Read(uri=uri), rule="RFC 9112 section 3.2.1")
        for name, uri in TARGETS.items()
    ]
    cases += [
        accept(f"target {name}", request(name), Read(uri=name), rule="browsers send it", level=OURS)
        for name in LENIENT_TARGETS
    ]
    cases += [
        refuse(
            f"target {name!r}",
            line(f"GET {name} HTTP/1.1"),
            400,
            rule="RFC 9112 section 3.2",
            level=SHOULD,
        )
        for name in BAD_TARGETS
    ]
    return cases


def _absolute() -> list[Case]:
    rule = "RFC 9112 section 3.2.2"
    cases = [
        accept(
            f"target {name}",
            request(name),
            Read(uri=uri, host=host, headers={"Host": host}),
            rule=rule,
        )
        for name, (uri, host) in ABSOLUTE.items()
    ]
    cases += [
        refuse(
            f"target {name!r}",
            request(name),
            400,
            rule=rule,
            level=MUST if "empty host" in rule else SHOULD,
        )
        for name, rule in BAD_ABSOLUTE.items()
    ]
    reads = Read(version="HTTP/1.0", uri="/x", host="b")
    cases += [
        refuse("absolute target without Host", request("http://b/", host=None), 400, rule=rule),
        refuse("absolute target, bad Host", request("http://b/", host="a b"), 400, rule=rule),
        refuse(
            "absolute target, empty Host", request("http://b/", host=""), 400, rule=rule, level=OURS
        ),
        accept(
            "absolute target, Host with port",
            request("http://b/x", host="b:80"),
            Read(uri="/x", host="b"),
            rule=rule,
        ),
        accept(
            "absolute target in HTTP/1.0",
            request("http://b/x", version="HTTP/1.0", host=None),
            reads,
            rule=rule,
            kept=False,
        ),
        accept(
            "absolute target with https on a plain connection",
            request("https://b/x"),
            Read(uri="/x", host="b"),
            rule="a proxy in front may speak TLS; the scheme is not believed",
            level=OURS,
        ),
    ]
    return cases


def _asterisk() -> list[Case]:
    rule = "RFC 9112 section 3.2.4"
    server = Answer(method="OPTIONS", status=204, headers={"Allow": "*"})

    def options(name: str, target: str, host: str) -> Case:
        read = Read(method="OPTIONS", uri="*", host=host, echoed=False)
        data = request(target, method="OPTIONS")
        return Case(name=name, data=data, reads=(read,), answers=(server,), rule=rule)

    cases = [
        options("OPTIONS *", "*", "a"),
        options("OPTIONS of an authority alone", "http://b", "b"),
        options("OPTIONS of an authority with port", "http://b:80", "b:80"),
        accept(
            "OPTIONS of an absolute target",
            request("http://b/", method="OPTIONS"),
            Read(method="OPTIONS", host="b"),
            rule=rule,
        ),
        accept(
            "OPTIONS of a path",
            request("/x", method="OPTIONS"),
            Read(method="OPTIONS", uri="/x"),
            rule=rule,
        ),
        Case(
            name="OPTIONS * with a body",
            data=request("*", "Content-Length: 1", method="OPTIONS", body=b"x"),
            reads=(Read(method="OPTIONS", uri="*", body=b"x", echoed=False),),
            answers=(server,),
            rule="RFC 9110 section 9.3.7",
        ),
    ]
    cases += [
        refuse(f"{method} *", request("*", method=method), 400, rule=rule, level=SHOULD)
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "options")
    ]
    cases += [
        refuse(f"OPTIONS {target}", request(target, method="OPTIONS"), 400, rule=rule, level=SHOULD)
        for target in ("**", "*?x", "*/", "a")
    ]
    return cases


def _connect() -> list[Case]:
    rule = "RFC 9110 section 9.3.6: an origin server need not implement it"
    return [
        refuse(f"CONNECT {target}", request(target, method="CONNECT"), 501, rule=rule, level=OURS)
        for target in ("a:80", "[::1]:443", "/", "http://a/", "*")
    ]


def _methods() -> list[Case]:
    rule = "RFC 9110 section 9.1: the method is case-sensitive; an unknown one is answered with 501"
    cases = [
        Case(
            name=f"unknown method {method[:20]}",
            data=request(method=method),
            reads=(Read(method=method, echoed=False),),
            answers=(Answer(status=501),),
            rule=rule,
            level=SHOULD,
        )
        for method in UNKNOWN_METHODS
    ]
    cases += [
        accept(
            f"method {method}",
            request(method=method),
            Read(method=method),
            rule="RFC 9110 section 9.3",
        )
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
    ]
    cases.append(
        Case(
            name="unknown method with a body",
            data=request("/", "Content-Length: 5", method="FROB", body=b"hello"),
            reads=(Read(method="FROB", body=b"hello", echoed=False),),
            answers=(Answer(status=501),),
            rule=rule,
            level=SHOULD,
        )
    )
    return cases


def _long() -> list[Case]:
    full = "/" + "x" * (8192 - len("GET / HTTP/1.1"))
    rule = "RFC 9112 section 3: a target longer than the server wishes to parse: 414"
    method = "RFC 9112 section 3: a method longer than any that is implemented: 501"
    return [
        accept("request line of 8192 bytes", request(full), Read(uri=full), rule=rule),
        accept(
            "request line of 8192 bytes behind an empty line",
            b"\r\n" + request(full),
            Read(uri=full),
            rule=rule,
            level=SHOULD,
        ),
        refuse("request line of 8193 bytes", request(full + "x"), 414, rule=rule),
        refuse("query of 8193 bytes", request("/?" + "x" * 8193), 414, rule=rule),
        refuse(
            "absolute target of 20000 bytes", request("http://b/" + "x" * 20000), 414, rule=rule
        ),
        refuse("target of 60000 bytes", request("/" + "x" * 60000), 414, rule=rule),
        refuse("target without end", b"GET /" + b"x" * 9000, 414, rule=rule),
        refuse(
            "method of 9000 letters",
            line("X" * 9000 + " / HTTP/1.1"),
            501,
            rule=method,
            level=SHOULD,
        ),
        refuse("method without end", b"X" * 9000, 501, rule=method, level=SHOULD),
        refuse("rubbish of 9000 bytes", b"\x80" * 9000, 400, rule="RFC 9112 section 3"),
        refuse(
            "long rubbish for a method",
            line("{" * 9000 + " / HTTP/1.1"),
            400,
            rule="RFC 9110 section 9.1",
        ),
    ]


CASES = [
    *_malformed(),
    *_versions(),
    *_empty_lines(),
    *_targets(),
    *_absolute(),
    *_asterisk(),
    *_connect(),
    *_methods(),
    *_long(),
]
