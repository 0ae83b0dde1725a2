"""HEAD, OPTIONS, 405, answers without a body, and conditions: RFC 9110 sections 8, 9, 13 and 15."""

from collections.abc import Mapping

from battery import ANY, Answer, Case, Read, request

ALLOWED = "GET, HEAD, OPTIONS"


def _one(
    name: str,
    uri: str,
    status: int,
    *lines: str,
    rule: str,
    method: str = "GET",
    body: bytes | str = ANY,
    headers: Mapping[str, str | None] | None = None,
    content: bytes = b"",
) -> Case:
    if content:
        lines = (*lines, f"Content-Length: {len(content)}")
    return Case(
        name=name,
        data=request(uri, *lines, method=method, body=content),
        reads=(Read(method=method, uri=uri, echoed=False, body=content),),
        answers=(Answer(status=status, method=method, headers=headers or {}, body=body),),
        rule=rule,
    )


def _head() -> list[Case]:
    rule = "RFC 9110 section 9.3.2"
    head = "HEAD"
    return [
        _one("HEAD", "/only", 200, rule=rule, method=head, headers={"Content-Length": "4"}),
        _one("HEAD of a stream", "/stream", 200, rule=rule, method=head),
        _one(
            "HEAD of a stream with a length",
            "/stream?7",
            200,
            rule=rule,
            method=head,
            headers={"Content-Length": "7"},
        ),
        _one("HEAD of nothing", "/missing", 404, rule=rule, method=head),
        _one("HEAD of a failure", "/failing", 500, rule=rule, method=head),
        _one(
            "HEAD of a 204",
            "/status/204",
            204,
            rule=rule,
            method=head,
            headers={"Content-Length": None},
        ),
        _one("HEAD of a 304", "/status/304", 304, rule=rule, method=head),
        _one(
            "HEAD where GET is unknown",
            "/post",
            405,
            rule=rule,
            method=head,
            headers={"Allow": "POST"},
        ),
        _one(
            "HEAD has the tag of GET",
            "/computed",
            200,
            rule=rule,
            method=head,
            headers={"Etag": ANY, "Content-Length": "5"},
        ),
        _one("HEAD with a body", "/only", 200, rule=rule, method=head, content=b"hello"),
    ]


def _methods() -> list[Case]:
    rule = "RFC 9110 section 15.5.6"
    cases = [
        _one(
            f"405 for {method}", "/only", 405, rule=rule, method=method, headers={"Allow": ALLOWED}
        )
        for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "MKCOL")
    ]
    cases += [
        _one(
            "405 for POST with a body",
            "/only",
            405,
            rule=rule,
            method="POST",
            headers={"Allow": ALLOWED},
            content=b"hello",
        ),
        _one("405 for GET", "/post", 405, rule=rule, headers={"Allow": "POST"}),
        _one(
            "405 for OPTIONS", "/post", 405, rule=rule, method="OPTIONS", headers={"Allow": "POST"}
        ),
        _one(
            "OPTIONS",
            "/only",
            204,
            rule="RFC 9110 section 9.3.7",
            method="OPTIONS",
            headers={"Allow": ALLOWED},
        ),
        _one(
            "OPTIONS of nothing", "/missing", 404, rule="RFC 9110 section 9.3.7", method="OPTIONS"
        ),
        _one(
            "TRACE",
            "/x",
            405,
            rule="RFC 9110 section 9.3.8: it shows what only the server should see",
            method="TRACE",
        ),
        _one(
            "an unknown method of nothing",
            "/missing",
            501,
            rule="RFC 9110 section 9.1",
            method="FROB",
        ),
        _one(
            "POST of nothing",
            "/missing",
            404,
            rule="RFC 9110 section 15.5.5",
            method="POST",
            content=b"hello",
        ),
    ]
    return cases


def _bodyless() -> list[Case]:
    rule = "RFC 9110 sections 6.4.1 and 8.6, RFC 9112 section 6.3"
    return [
        _one(
            "204",
            "/status/204",
            204,
            rule=rule,
            headers={"Content-Length": None, "Transfer-Encoding": None},
        ),
        _one("304", "/status/304", 304, rule=rule, headers={"Transfer-Encoding": None}),
        _one(
            "205",
            "/status/205",
            205,
            rule="RFC 9110 section 15.3.6",
            body=b"",
            headers={"Content-Length": "0"},
        ),
        *[
            _one(f"{status} with content is a mistake", f"/status/{status}?x", 500, rule=rule)
            for status in (204, 205, 304)
        ],
        _one(
            "200, empty", "/status/200", 200, rule=rule, body=b"", headers={"Content-Length": "0"}
        ),
        _one(
            "404, empty", "/status/404", 404, rule=rule, body=b"", headers={"Content-Length": "0"}
        ),
        _one("299", "/status/299", 299, rule="RFC 9110 section 15", body=b""),
        _one("599", "/status/599", 599, rule="RFC 9110 section 15", body=b""),
        _one("an interim status is a mistake", "/status/101", 500, rule="RFC 9110 section 15.2"),
        _one(
            "a status of four digits is a mistake", "/status/1000", 500, rule="RFC 9112 section 4"
        ),
    ]


# If-None-Match against the tag "one"; the comparison is weak.
_TAGS: dict[str, tuple[str, int]] = {
    "the tag": ('"one"', 304),
    "the weak tag": ('W/"one"', 304),
    "any": ("*", 304),
    "in a list": ('"zero", "one"', 304),
    "in a list without blanks": ('"zero","one","two"', 304),
    "weak in a list": ('"zero", W/"one"', 304),
    "behind empty members": (', ,"one"', 304),
    "between tabs": ('"zero",\t"one"\t', 304),
    "another": ('"two"', 200),
    "another, weak": ('W/"two"', 200),
    "a list of others": ('"zero", "two"', 200),
    "in another case": ('"ONE"', 200),
    "a part": ('"on"', 200),
    "not quoted": ("one", 200),
    "inside another": ('"x,one"', 200),
    "small w": ('w/"two"', 200),
    "empty": ("", 200),
    "an empty tag": ('""', 200),
    "half a tag": ('"one', 200),
}


def _conditions() -> list[Case]:
    rule = "RFC 9110 section 13.1.2"
    cases = []
    for name, (value, status) in _TAGS.items():
        for uri, tag in (("/tagged", '"one"'), ("/tagged?weak", 'W/"one"')):
            body = ANY if status == 304 else b"tagged"
            line = f"If-None-Match: {value}"
            headers = {"Etag": tag}
            cases.append(
                _one(f"{uri}: {name}", uri, status, line, rule=rule, body=body, headers=headers)
            )
    one = 'If-None-Match: "one"'
    hello = 'If-None-Match: "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"'
    cases += [
        _one("in two lines", "/tagged", 304, 'If-None-Match: "zero"', one, rule=rule),
        _one(
            "HEAD with the tag",
            "/tagged",
            304,
            one,
            rule=rule,
            method="HEAD",
            headers={"Etag": '"one"'},
        ),
        _one("HEAD with another", "/tagged", 200, 'If-None-Match: "two"', rule=rule, method="HEAD"),
        _one(
            "POST",
            "/tagged",
            200,
            one,
            rule="RFC 9110 section 13.2.1",
            method="POST",
            body=b"posted",
        ),
        _one("an error has no condition", "/missing", 404, one, rule="RFC 9110 section 13.2.1"),
        _one(
            "an error has no condition, any",
            "/missing",
            404,
            "If-None-Match: *",
            rule="RFC 9110 section 13.2.1",
        ),
        _one(
            "a redirection has none",
            "/status/302",
            302,
            "If-None-Match: *",
            rule="RFC 9110 section 13.2.1",
        ),
        _one("computed", "/computed", 304, hello, rule=rule),
        _one("computed, weak", "/computed", 304, hello.replace('"', 'W/"', 1), rule=rule),
        _one(
            "computed, any",
            "/computed",
            304,
            "If-None-Match: *",
            rule=rule,
            headers={"Etag": ANY, "Date": ANY},
        ),
        _one("computed, another", "/computed", 200, 'If-None-Match: "x"', rule=rule, body=b"hello"),
    ]
    return cases


CASES = [*_head(), *_methods(), *_bodyless(), *_conditions()]
