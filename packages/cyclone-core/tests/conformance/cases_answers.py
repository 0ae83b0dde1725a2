"""The sending side: framing (RFC 9112 sections 6 and 7), and heads that cannot be split."""

from battery import Answer, Case, Read, request

CHUNKED = {"Transfer-Encoding": "chunked", "Content-Length": None}
COUNTED = {"Transfer-Encoding": None, "Content-Length": "7"}

# Text that must not get into a head, as `POST /put/PLACE` tries.
SPLITTING = {
    "CRLF": b"a\r\nX-Evil: 1",
    "CRLF CRLF": b"a\r\n\r\n<script>",
    "LF": b"a\nX-Evil: 1",
    "CR": b"a\rX-Evil: 1",
    "NUL": b"a\x00b",
    "control": b"a\x01b",
    "vertical tab": b"a\x0bb",
    "DEL": b"a\x7fb",
    "fold": b"a\r\n b",
    "CRLF first": b"\r\nX-Evil: 1",
    "CRLF last": b"a\r\n",
    "LF last": b"a\n",
}

_PLACES = ("value", "added", "bytes", "name", "reason")


def _get(
    name: str,
    uri: str,
    *answers: Answer,
    rule: str,
    version: str = "HTTP/1.1",
    method: str = "GET",
    kept: bool = True,
    lines: tuple[str, ...] = (),
) -> Case:
    return Case(
        name=name,
        data=request(uri, *lines, version=version, method=method),
        reads=(Read(uri=uri, version=version, method=method, echoed=False),),
        answers=answers,
        kept=kept,
        rule=rule,
    )


def _framing() -> list[Case]:
    rule = "RFC 9112 section 6.1"
    old = "HTTP/1.0"
    keep = ("Connection: keep-alive",)
    close = ("Connection: close",)
    body = b"one two"
    uncounted = {"Transfer-Encoding": None, "Content-Length": None, "Connection": "close"}
    return [
        _get("stream to HTTP/1.1", "/stream", Answer(headers=CHUNKED, body=body), rule=rule),
        _get(
            "stream and close",
            "/stream",
            Answer(headers=CHUNKED, body=body),
            rule=rule,
            lines=close,
            kept=False,
        ),
        _get("stream with a length", "/stream?7", Answer(headers=COUNTED, body=body), rule=rule),
        _get(
            "stream to HTTP/1.0",
            "/stream",
            Answer(version=old, headers=uncounted, body=body),
            rule=rule,
            version=old,
            kept=False,
        ),
        _get(
            "stream to HTTP/1.0 with keep-alive",
            "/stream",
            Answer(version=old, headers=uncounted, body=body),
            rule=rule,
            version=old,
            kept=False,
            lines=keep,
        ),
        _get(
            "stream with a length to HTTP/1.0 with keep-alive",
            "/stream?7",
            Answer(version=old, headers=COUNTED, body=body),
            rule=rule,
            version=old,
            lines=keep,
        ),
        _get(
            "HEAD of a stream by HTTP/1.0",
            "/stream",
            Answer(version=old, method="HEAD"),
            rule=rule,
            version=old,
            kept=False,
            method="HEAD",
        ),
        _get(
            "HEAD of a stream by HTTP/1.0 with keep-alive",
            "/stream",
            Answer(version=old, method="HEAD"),
            rule=rule,
            version=old,
            method="HEAD",
            lines=keep,
        ),
        _get(
            "204 to HTTP/1.0 with keep-alive",
            "/status/204",
            Answer(version=old, status=204),
            rule=rule,
            version=old,
            lines=keep,
        ),
        _get(
            "404 to HTTP/1.0 with keep-alive",
            "/missing",
            Answer(version=old, status=404),
            rule=rule,
            version=old,
            lines=keep,
        ),
        _get(
            "late failure",
            "/failing?late",
            Answer(headers=CHUNKED, cut=True),
            rule="RFC 9112 section 8",
            kept=False,
        ),
    ]


def _lengths() -> list[Case]:
    rule = "RFC 9110 section 8.6: a false Content-Length MUST NOT be sent"
    cases = [
        _get(
            "true length",
            "/whole?5",
            Answer(headers={"Content-Length": "5"}, body=b"hello"),
            rule=rule,
        ),
        _get(
            "true length, HEAD",
            "/whole?5",
            Answer(method="HEAD", headers={"Content-Length": "5"}),
            rule=rule,
            method="HEAD",
        ),
        _get(
            "stream, too long",
            "/stream?6",
            Answer(headers={"Content-Length": "6"}, cut=True),
            rule=rule,
            kept=False,
        ),
        _get(
            "stream, too short",
            "/stream?8",
            Answer(headers={"Content-Length": "8"}, cut=True),
            rule=rule,
            kept=False,
        ),
    ]
    cases += [
        _get(f"length {value}", f"/whole?{value}", Answer(status=500), rule=rule)
        for value in ("4", "6", "0", "-5", "+5", "5,5", "x", "0x5", "5.0")
    ]
    cases += [
        _get(f"stream, length {value}", f"/stream?{value}", Answer(status=500), rule=rule)
        for value in ("x", "-7", "+7", "7,7", "3")
    ]
    return cases


def _put(place: str, name: str, text: bytes, *, refused: bool = True) -> Case:
    return Case(
        name=f"{name} in {place}",
        data=request(f"/put/{place}", f"Content-Length: {len(text)}", method="POST", body=text),
        reads=(Read(method="POST", uri=f"/put/{place}", body=text, echoed=False),),
        answers=(Answer(body=b"refused" if refused else b"sent", headers={"X-Evil": None}),),
        rule="RFC 9110 section 5.5, RFC 9112 section 11.1",
    )


def _injections() -> list[Case]:
    cases = [_put(place, name, text) for place in _PLACES for name, text in SPLITTING.items()]
    names = {
        "a blank": b"a b",
        "a colon": b"a:b",
        "nothing": b"",
        "obs-text": b"a\xe9",
        "a tab": b"a\tb",
    }
    cases += [_put("name", name, text) for name, text in names.items()]
    cases += [_put("coding", name, name.encode()) for name in ("chunked", "identity", "gzip")]
    cases += [
        _put("value", "obs-text", b"caf\xe9", refused=False),
        _put("value", "a tab", b"a\tb", refused=False),
        _put("value", "nothing", b"", refused=False),
        _put("reason", "words", b"All Is Well", refused=False),
        _put("reason", "a tag", b"<script>"),
    ]
    return cases


CASES = [*_framing(), *_lengths(), *_injections()]
