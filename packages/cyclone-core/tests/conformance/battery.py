"""What a conformance case is, and how an answer is judged.

The cases are data, in the tables `cases_*.py`. Each says what bytes a client sends, what the parser
must make of them, what must be answered, and by which rule. The tests of this directory run them
through the parser and through connections in memory, `integration/test_conformance.py` through real
sockets; all of them whole and byte by byte.

Behind every case comes a `PROBE`, a request that must be answered if the connection lives on, and that
nobody may see if it does not. So a server that reads a message too long or too short fails the case.
"""

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

__all__ = [
    "ANY",
    "MUST",
    "OURS",
    "PROBE",
    "SHOULD",
    "Answer",
    "Case",
    "Read",
    "accept",
    "expected_answers",
    "expected_seen",
    "judge",
    "refuse",
    "request",
]

MUST: Final = "MUST"
SHOULD: Final = "SHOULD"
OURS: Final = "ours"
"""The RFC leaves it open; the reason is that two servers could disagree, or a bound of ours."""

ANY: Final = "*"
"""Stands for any value of a header, or any body."""

PROBE: Final = b"GET /probe HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """A request as the server must understand it.

    Attributes:
        headers: Some of its headers: value, list of values, or None for one that must be absent.
        trailers: The trailer fields; the parser alone shows them.
        complete: Whether its body comes to its end; if not, no handler may see it.
        echoed: Whether the handler that answers is the one that tells what it has seen.
    """

    method: str = "GET"
    uri: str = "/"
    version: str = "HTTP/1.1"
    host: str | None = "a"
    headers: Mapping[str, str | list[str] | None] = dataclasses.field(default_factory=dict)
    body: bytes = b""
    trailers: Mapping[str, str | list[str]] = dataclasses.field(default_factory=dict)
    complete: bool = True
    echoed: bool = True


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An answer as the client must get it.

    Attributes:
        method: Of the request, which says whether a body follows.
        version: Of the request, likewise for the framing.
        status: The status code.
        headers: Value, `ANY`, or None for one that must be absent.
        body: The body, `ANY`, or the request that it must tell of.
        interim: Whether `100 Continue` must come before it; None if it may.
        cut: Whether the connection must end before the answer is complete.
    """

    status: int = 200
    method: str = "GET"
    version: str = "HTTP/1.1"
    headers: Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    body: bytes | str | Read = ANY
    interim: bool | None = False
    cut: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One conversation.

    Attributes:
        name: What is special about it; unique in its table.
        data: What the client sends.
        then: What it sends when it has got an interim answer, if that is not empty.
        reads: The requests that the parser finds.
        refused: The status of the mistake that it finds behind them.
        answers: What is answered; by default each request of `reads` and the mistake.
        kept: Whether the connection lives on.
        waits: Whether the client then is silent until the server acts; there is no probe behind it.
        rule: The section of an RFC, or the reason.
        level: `MUST`, `SHOULD` or `OURS`.
    """

    name: str
    data: bytes
    rule: str
    level: str = MUST
    then: bytes = b""
    reads: tuple[Read, ...] = ()
    refused: int | None = None
    answers: tuple[Answer, ...] | None = None
    kept: bool = True
    waits: bool = False


def request(
    target: str = "/",
    *lines: str,
    method: str = "GET",
    version: str = "HTTP/1.1",
    host: str | None = "a",
    body: bytes = b"",
) -> bytes:
    """Spell a request; nothing is added but the `Host` line."""
    first = [f"{method} {target} {version}"]
    hosts = [] if host is None else [f"Host: {host}"]
    return "\r\n".join([*first, *hosts, *lines, "", ""]).encode("latin-1") + body


def accept(name: str, data: bytes, *reads: Read, rule: str, **more: Any) -> Case:  # noqa: ANN401
    """Make a case of requests that are right; the connection lives on."""
    return Case(name=name, data=data, reads=reads or (Read(),), rule=rule, **more)


def refuse(name: str, data: bytes, status: int, *reads: Read, rule: str, level: str = MUST) -> Case:
    """Make a case of a mistake that ends the connection; `reads` come before it."""
    return Case(
        name=name, data=data, reads=reads, refused=status, kept=False, rule=rule, level=level
    )


_PROBE_READ: Final = Read(uri="/probe", host="probe")


def expected_answers(case: Case) -> list[Answer]:
    """List what must be answered, the probe included."""
    if case.answers is not None:
        answers = list(case.answers)
    else:
        answers = [
            Answer(method=read.method, version=read.version, body=read)
            for read in case.reads
            if read.complete
        ]
        if case.refused is not None:
            method = "HEAD" if case.data.lstrip(b"\r\n").startswith(b"HEAD ") else "GET"
            answers.append(Answer(status=case.refused, method=method))
    if case.kept:
        answers.append(Answer(body=_PROBE_READ))
    return answers


def expected_seen(case: Case) -> list[Read]:
    """List what the handler must have been asked, the probe included."""
    seen = [read for read in case.reads if read.complete and read.echoed]
    return [*seen, _PROBE_READ] if case.kept else seen


def differs(read: Read, seen: Mapping[str, Any]) -> list[str]:
    """List the differences between a request and what the server has understood.

    Args:
        read: The request.
        seen: `method`, `uri`, `version`, `host`, `body` (latin-1), and `headers`, a mapping of names
            to lists of values.
    """
    wanted = {name: getattr(read, name) for name in ("method", "uri", "version", "host")}
    wanted["body"] = read.body.decode("latin-1")
    wrong = [
        f"{name} {seen[name]!r}, not {wanted[name]!r}"
        for name in wanted
        if seen[name] != wanted[name]
    ]
    for name, value in read.headers.items():
        values = [] if value is None else [value] if isinstance(value, str) else value
        got = seen["headers"].get(name, [])
        if got != values:
            wrong.append(f"header {name} {got!r}, not {values!r}")
    return wrong


def judge(case: Case, data: bytes, seen: list[dict[str, Any]] | None) -> list[str]:
    """List what is wrong with the answers to a case.

    Args:
        case: The case.
        data: All bytes that the server has sent until it closed.
        seen: What its handlers were asked, in order; None if that is not known.
    """
    wrong = []
    answers = expected_answers(case)
    for number, answer in enumerate(answers, 1):
        # An answer that is cut short cannot say so, and who is silent behind one was kept alive.
        silent = case.waits and answer.status < _FIRST_ERROR
        last = number == len(answers) and not answer.cut and not silent
        try:
            data = _judge_one(answer, data, last=last)
        except ValueError as error:
            return [f"answer {number}: {error}"]
    if data:
        wrong.append(f"{len(data)} bytes too many: {data[:200]!r}")
    if seen is None:
        return wrong
    reads = expected_seen(case)
    if len(seen) != len(reads):
        wrong.append(f"{len(seen)} requests were handled, not {len(reads)}")
    for read, one in zip(reads, seen, strict=False):
        wrong += differs(read, one)
    return wrong


_STATUS_LINE: Final = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) ([\t -~\x80-\xff]*)")
_FIELD: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\t -~\x80-\xff]*)")
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_NO_CONTENT: Final = 204
_BODYLESS: Final = frozenset({_NO_CONTENT, 304})
_METHOD_NOT_ALLOWED: Final = 405
_FIRST_ERROR: Final = 400

Fields = dict[str, list[str]]


def _judge_one(answer: Answer, data: bytes, *, last: bool) -> bytes:
    """Take one answer off the data and return the rest; raise ValueError if it is wrong."""
    interim = data.startswith(_CONTINUE)
    data = data.removeprefix(_CONTINUE)
    if answer.cut and not data:
        return data  # what was written is lost with the connection
    if answer.interim is not None and interim is not answer.interim:
        raise ValueError("100 Continue" + (" was not wanted" if interim else " did not come"))
    head, end, rest = data.partition(b"\r\n\r\n")
    if not end:
        raise ValueError(f"no answer, but {data[:200]!r}")
    status, fields = _parse_head(head)
    if status != answer.status:
        raise ValueError(f"status {status}, not {answer.status}: {data[:200]!r}")
    _judge_fields(answer, fields)
    _judge_connection(answer, _options(fields), last=last)
    body, rest = _take_body(answer, fields, rest)
    if answer.method != "HEAD":
        _judge_body(answer, body)
    return rest


def _judge_body(answer: Answer, body: bytes) -> None:
    if isinstance(answer.body, Read):
        wrong = differs(answer.body, json.loads(body))
        if wrong:
            raise ValueError(f"the answer tells of another request: {wrong}")
    elif answer.body not in (ANY, body):
        raise ValueError(f"body {body[:200]!r}, not {answer.body!r}")


def _parse_head(head: bytes) -> tuple[int, Fields]:
    first, *lines = head.split(b"\r\n")
    matched = _STATUS_LINE.fullmatch(first)
    if matched is None:
        raise ValueError(f"status line {first!r}")
    fields: Fields = {}
    for line in lines:
        field = _FIELD.fullmatch(line)
        if field is None:
            raise ValueError(f"header line {line!r}")
        value = field[2].decode("latin-1").strip(" \t")
        fields.setdefault(field[1].decode("ascii").lower(), []).append(value)
    return int(matched[1]), fields


def _options(fields: Fields) -> set[str]:
    values = ",".join(fields.get("connection", []))
    return {option.strip().lower() for option in values.split(",")}


def _judge_connection(answer: Answer, options: set[str], *, last: bool) -> None:
    """Check that the answer says whether the connection lives on."""
    if last and "close" not in options:
        raise ValueError("the last answer does not say Connection: close (RFC 9112 section 9.6)")
    if not last and "close" in options and not answer.cut:
        raise ValueError("an answer says Connection: close, but more follow")
    if answer.version == "HTTP/1.0" and not last and "keep-alive" not in options:
        raise ValueError("HTTP/1.0 is kept alive without saying so (RFC 9112 section 9.3)")


def _judge_fields(answer: Answer, fields: Fields) -> None:
    """Apply what the case wants, and the rules that hold for every answer."""
    for name, value in answer.headers.items():
        values = fields.get(name.lower())
        got = None if values is None else ", ".join(values)
        if got != value and not (value == ANY and got is not None):
            raise ValueError(f"header {name} is {got!r}, not {value!r}")
    if len(fields.get("date", [])) != 1:
        raise ValueError("an answer without one Date (RFC 9110 section 6.6.1)")
    if answer.status == _METHOD_NOT_ALLOWED and "allow" not in fields:
        raise ValueError("405 without Allow (RFC 9110 section 15.5.6)")
    _judge_framing(answer, fields.get("content-length", []), fields.get("transfer-encoding", []))


def _judge_framing(answer: Answer, lengths: list[str], codings: list[str]) -> None:
    if len(lengths) + len(codings) > 1:
        raise ValueError("two framings (RFC 9112 section 6.2)")
    if codings and (answer.version == "HTTP/1.0" or answer.status in _BODYLESS):
        raise ValueError("Transfer-Encoding where it may not be (RFC 9112 section 6.1)")
    if codings not in ([], ["chunked"]):
        raise ValueError(f"Transfer-Encoding {codings}")
    if lengths and not re.fullmatch("[0-9]+", lengths[0]):
        raise ValueError(f"Content-Length {lengths}")
    if lengths and answer.status == _NO_CONTENT:
        raise ValueError("Content-Length in a 204 (RFC 9110 section 8.6)")


def _take_body(answer: Answer, fields: Fields, rest: bytes) -> tuple[bytes, bytes]:
    if answer.method == "HEAD" or answer.status in _BODYLESS:
        return b"", rest
    if "transfer-encoding" in fields:
        return _take_chunks(rest, cut=answer.cut)
    if "content-length" not in fields:
        if "close" not in _options(fields):
            raise ValueError("a body without framing on a connection that is kept")
        return rest, b""
    size = int(fields["content-length"][0])
    if (len(rest) < size) is not answer.cut:
        raise ValueError(f"{len(rest)} bytes of a body of {size}")
    return rest[:size], rest[size:]


def _take_chunks(rest: bytes, *, cut: bool) -> tuple[bytes, bytes]:
    body = b""
    while True:
        line, end, data = rest.partition(b"\r\n")
        if cut and not rest:
            return body, b""
        if not end or not re.fullmatch(b"[0-9a-fA-F]+", line):
            raise ValueError(f"chunk {rest[:50]!r}")
        size = int(line, 16)
        if data[size : size + 2] != b"\r\n":
            raise ValueError(f"the end of a chunk is {data[size : size + 2]!r}")
        body += data[:size]
        rest = data[size + 2 :]
        if not size:
            if cut:
                raise ValueError("the answer has an end")
            return body, rest


def unique(cases: Iterable[Case]) -> list[Case]:
    """Check that a table's names are unique.

    Raises:
        ValueError: Two cases have one name.
    """
    listed = list(cases)
    names = [case.name for case in listed]
    for name in set(names):
        if names.count(name) > 1:
            raise ValueError(f"two cases are called {name!r}")
    return listed
