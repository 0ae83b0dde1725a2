"""Multipart forms, piece by piece."""

import itertools
import time
import tracemalloc
from collections.abc import Iterable
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil.multipart import (
    FormLimits,
    FormPart,
    MultipartParser,
    check_boundary,
)

FIELD = b'Content-Disposition: form-data; name="a"'
LIMITS = FormLimits(1000, 100, 10 * 1024, 1_000_000)


class Part(NamedTuple):
    """What a test puts into a form, and expects to find."""

    name: str
    filename: str | None
    content_type: str
    content: bytes


def compose(parts: Iterable[Part], boundary: bytes = b"B") -> bytes:
    """Write a form as a browser does."""
    pieces = []
    for part in parts:
        names = {"name": part.name, "filename": part.filename}
        quoted = [
            f'; {key}="{value}"'.replace("\r", "%0D")
            for key, value in names.items()
            if value is not None
        ]
        head = f"Content-Disposition: form-data{''.join(quoted)}\r\n".encode()
        if part.content_type != "application/unknown":
            head += f"Content-Type: {part.content_type}\r\n".encode()
        pieces.append(b"--%b\r\n%b\r\n%b\r\n" % (boundary, head, part.content))
    return b"".join(pieces) + b"--%b--\r\n" % boundary


def parse(*pieces: bytes, boundary: bytes = b"B", limits: FormLimits = LIMITS) -> list[FormPart]:
    """Parse a form that comes in pieces."""
    parser = MultipartParser(check_boundary(boundary), limits)
    for piece in pieces:
        parser.feed(piece)
    return parser.finish()


def read(body: bytes, parts: list[FormPart]) -> list[Part]:
    """Take the contents out of the body."""
    return [
        Part(part.name, part.filename, part.content_type, body[part.start :][: part.size])
        for part in parts
    ]


def each(body: bytes) -> list[bytes]:
    """Cut a body into single bytes."""
    return [body[i : i + 1] for i in range(len(body))]


def refusal(body: bytes, limits: FormLimits = LIMITS) -> HTTPInputError:
    """Return why a form is refused, whole, byte by byte and cut in two."""
    found = {}
    cuts = [[body], each(body), [body[: len(body) // 2], body[len(body) // 2 :]]]
    for pieces in cuts:
        with pytest.raises(HTTPInputError) as caught:
            parse(*pieces, limits=limits)
        found[str(caught.value), caught.value.status] = caught.value
    # The library may say it in other words when it sees less.
    assert len({status for _, status in found}) == 1
    return next(iter(found.values()))


def form(head: bytes, content: bytes = b"x") -> bytes:
    """Write a form of one part."""
    return b"--B\r\n" + head + b"\r\n\r\n" + content + b"\r\n--B--\r\n"


FORM = [
    Part("a", None, "application/unknown", b"1"),
    Part("f", "x.txt", "text/plain; charset=utf-8", b"\r\n--C\r\r\n--\r\n\r\n--A--\r\n--B"[:-1]),
    Part("\xe9 \u6d4b", "\u6d4b\\\u8bd5", "application/unknown", bytes(range(256))),
    Part("f", "empty", "application/unknown", b""),
    Part("a", None, "text/plain", b""),
]


class TestParts:
    """What is found in forms."""

    @pytest.mark.parametrize("end", [b"", b"\r", b"\r\n", b"\n\r\n\n"])
    @pytest.mark.parametrize("start", [b"", b"\r\n"])
    def test_whole_and_in_pieces(self, start: bytes, end: bytes) -> None:
        """Wherever the body is cut, the parts are the same; line ends around the form do not count."""
        body = start + compose(FORM).removesuffix(b"\r\n") + end
        assert read(body, parse(body)) == FORM
        assert read(body, parse(*each(body))) == FORM
        for cut in range(len(body) + 1):
            assert read(body, parse(body[:cut], body[cut:])) == FORM

    @pytest.mark.parametrize("body", [b"--B--", b"--B--\r\n", b"\r\n--B--"])
    def test_no_parts(self, body: bytes) -> None:
        """A form may be empty."""
        assert parse(body) == parse(*each(body)) == []

    def test_names(self) -> None:
        """An extended file name wins; the case of headers does not matter; others are ignored."""
        head = (
            b"content-disposition: FORM-DATA; NAME=a; filename*=utf-8''%C3%A1; filename=b\r\n"
            b"CONTENT-TYPE:\ttext/x \r\nX-Other: \xe9\xff\r\nContent-Transfer-Encoding: 8BIT"
        )
        body = form(head)
        assert read(body, parse(body)) == [Part("a", "\xe1", "text/x", b"x")]

    def test_no_file_chosen(self) -> None:
        """A part with an empty file name is a field, as in Tornado."""
        body = form(FIELD + b'; filename=""\r\nContent-Type: application/octet-stream', b"")
        assert read(body, parse(body)) == [Part("a", None, "application/octet-stream", b"")]

    def test_file_name_of_a_path(self) -> None:
        """The file name is what the client says, path and all."""
        body = form(FIELD + b'; filename="../..\\C:\\x/y\t"')
        assert parse(body)[0].filename == "../..\\C:\\x/y\t"

    @pytest.mark.parametrize("boundary", [b"x" * 70, b"a'()+_,-./:=? b", b"{a}", b"-", b"--"])
    def test_boundaries(self, boundary: bytes) -> None:
        """A boundary has up to 70 printable characters."""
        body = compose(FORM[2:], boundary)
        assert read(body, parse(body, boundary=boundary)) == FORM[2:]
        assert read(body, parse(*each(body), boundary=boundary)) == FORM[2:]

    @pytest.mark.parametrize(
        "boundary", [b"", b"x" * 71, b"a ", b"a\n", b"a\nb", b"a\tb", b"\xc3\xa9", b"\x7f"]
    )
    def test_no_boundary(self, boundary: bytes) -> None:
        """Anything else is none."""
        with pytest.raises(HTTPInputError, match="missing or invalid"):
            check_boundary(boundary)


PLAIN = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='"\\%'), min_size=1
)
CONTENT = st.binary() | st.lists(
    st.sampled_from([b"\r", b"\n", b"-", b"--", b"\r\n", b"\r\n--", b"B", b"--B", b"a", b"\r\n--b"])
).map(b"".join)
PARTS = st.lists(
    st.builds(
        Part,
        PLAIN,
        st.none() | PLAIN,
        st.sampled_from(["application/unknown", "text/plain", "image/png; a=b"]),
        CONTENT.filter(lambda content: b"\r\n--B" not in b"\r\n%b\r\n--" % content),
    ),
    max_size=5,
)


@given(PARTS, st.lists(st.integers(0, 400), max_size=6))
@example([FORM[1]], [30, 31, 32])
def test_round_trip(parts: list[Part], cuts: list[int]) -> None:
    """What was put into a form comes out of it, whole, byte by byte, and cut anywhere."""
    body = compose(parts)
    places = [0, *sorted(cuts), len(body)]
    pieces = [body[start:end] for start, end in itertools.pairwise(places)]
    for found in (parse(body), parse(*pieces), parse(*each(body))):
        assert read(body, found) == parts


@given(
    st.lists(
        st.sampled_from(
            [b"--B", b"\r\n", b"\r", b"\n", b"--", b"\r\n--B\r\n", b"\r\n--B--", FIELD, b"\r\n\r\n"]
        )
        | st.binary(max_size=3),
        max_size=12,
    )
)
def test_cuts_do_not_matter(pieces: list[bytes]) -> None:
    """The verdict on a body, whatever it is, does not depend on how it was cut."""
    body = b"".join(pieces)
    verdicts: list[object] = []
    for cut in ([body], pieces, each(body)):
        try:
            verdicts.append(read(body, parse(*cut)))
        except HTTPInputError as error:
            verdicts.append(error.status)
    assert verdicts[0] == verdicts[1] == verdicts[2]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "without its final boundary"),
        (b"--B", "without its final boundary"),
        (b"--B\r\n", "without its final boundary"),
        (b"--B\r\n" + FIELD, "without its final boundary"),
        (form(FIELD)[:-5], "without its final boundary"),
        (form(FIELD)[:-4], "without its final boundary"),
        (form(FIELD).replace(b"\r\n--B--", b"--B--"), "without its final boundary"),
        (form(FIELD, b"")[:-9] + b"--B--", "begins with the boundary"),
        (form(FIELD, form(FIELD)), "begins with the boundary"),
        (form(FIELD, b"--Bx"), "begins with the boundary"),
        (b"preamble\r\n" + form(FIELD), "does not begin with its boundary"),
        (b"\n" + form(FIELD), "does not begin with its boundary"),
        (b"\r\n\r\n" + form(FIELD), "does not begin with its boundary"),
        (b"-" + form(FIELD), "does not begin with its boundary"),
        (form(FIELD).replace(b"--B", b"--C"), "does not begin with its boundary"),
        (b"--B \r\n" + FIELD + b"\r\n\r\nx\r\n--B--", "no line end behind the first boundary"),
        (b"--B\n" + FIELD + b"\r\n\r\nx\r\n--B--", "no line end behind the first boundary"),
        (b"--B\r" + FIELD + b"\r\n\r\nx\r\n--B--", "no line end behind the first boundary"),
        (b"--B-\n", "no line end behind the first boundary"),
        (b"--BB--", "no line end behind the first boundary"),
        (form(FIELD)[:-4] + b"x\r\n", "malformed"),
        (form(FIELD)[:-4] + b"\n--B--", "malformed"),
        (form(FIELD)[:-4] + b" \r\n--B--", "malformed"),
        (form(FIELD) + b"x", "behind the final boundary"),
        (form(FIELD) + form(FIELD), "behind the final boundary"),
        (b"--B--x", "behind the final boundary"),
        (b"--B--\r\n--B--", "behind the final boundary"),
    ],
)
def test_frames_refused(body: bytes, why: str) -> None:
    """What stands around the parts has one form only, and the final boundary must be there."""
    error = refusal(body)
    assert why in str(error)
    assert error.status == 400


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (b"", "malformed"),
        (b"Content-Type: text/plain", "malformed"),
        (b"Content-Disposition: attachment; name=a", "malformed"),
        (b"Content-Disposition: form-data", "malformed"),
        (b"Content-Disposition: form-data; filename=a", "malformed"),
        (b'Content-Disposition: form-data; name=""', "has no name"),
        (b"Content-Disposition: form-data; name*=utf-8''", "malformed"),
        (FIELD + b'; name*=""', "malformed"),
        (FIELD + b"; name=b", "comes twice"),
        (FIELD + b"; filename*0=x", "is continued"),
        (FIELD + b"; filename*=utf-8''%00", "control character"),
        (FIELD + b"\r\n" + FIELD, "more than one Content-Disposition"),
        (FIELD + b"\r\nContent-Type: a/b\r\ncontent-type: a/b", "more than one Content-Type"),
        (FIELD + b'; filename="\xff"', "Content-Disposition of a part of a form is no UTF-8"),
        (FIELD + b"\r\nContent-Type: \xe9", "Content-Type of a part of a form is no UTF-8"),
        (FIELD + b"\r\n folded: x", "malformed"),
        (FIELD + b"\r\n\tfolded", "malformed"),
        (FIELD + b"\r\nno colon", "malformed"),
        (FIELD + b"\nX: y", "control character"),
        (FIELD + b"\r\nX y: z", "malformed"),
        (FIELD + b"\r\nX : z", "a header name must be a token"),
        (FIELD + b"\r\n\x0bX: z", "a header name must be a token"),
        (FIELD + b"\r\n: z", "malformed"),
        (FIELD + b"\r\nX: a\rb", "control character"),
        (FIELD + b"\r\nX: a\x00b", "control character"),
        (FIELD + b"\r\nX: a\x08b", "control character"),
        (FIELD + b"\r\nX: a\x7fb", "control character"),
        (FIELD + b'; filename="a\x00"', "control character"),
        (FIELD + b'; filename="a\xc2\x85"', "control character"),
        (FIELD + b"\r\nContent-Transfer-Encoding: base64", "is encoded as 'base64'"),
        (FIELD + b"\r\nContent-Transfer-Encoding: quoted-printable", "is encoded as"),
        (FIELD + b"\r\nTransfer-Encoding: chunked", "is encoded as 'chunked'"),
        (FIELD + b"\r\nContent-Length: 5", "malformed"),
        (FIELD + b"\r\nX: y" * 16, "malformed"),
    ],
)
def test_heads_refused(head: bytes, why: str) -> None:
    """A part has one form-data disposition with a name, plain headers and no encoding: else 400."""
    body = form(head) if head else form(head).replace(b"\r\n\r\n", b"\r\n", 1)
    error = refusal(body)
    assert why in str(error)
    assert error.status == 400
    good = compose(FORM)[:-7] + b"\r\n"
    assert refusal(good + body).status == 400


@pytest.mark.parametrize("name", ["Content-Transfer-Encoding", "Transfer-Encoding"])
@pytest.mark.parametrize("encoding", ["binary", "7bit", "8Bit", "IDENTITY", ""])
def test_plain_encodings(name: str, encoding: str) -> None:
    """Encodings that change nothing are no obstacle."""
    assert len(parse(form(FIELD + f"\r\n{name}: {encoding}".encode()))) == 1


def test_exact_length() -> None:
    """A part may say its length, if it is right, and have up to 16 headers."""
    assert parse(form(FIELD + b"\r\nContent-Length: 1"))[0].size == 1
    assert len(parse(form(FIELD + b"\r\nX: y" * 15))) == 1


def test_nothing_is_done_for_nothing() -> None:
    """An empty piece changes nothing, wherever it comes."""
    body = form(FIELD)
    pieces = [b"", *itertools.chain.from_iterable((piece, b"") for piece in each(body))]
    assert read(body, parse(*pieces)) == [Part("a", None, "application/unknown", b"x")]


class TestLimits:
    """Each limit, at it and one past it."""

    def test_parts(self) -> None:
        """100 parts pass, one more does not; more are not even looked at."""
        part = Part("f", "x", "application/unknown", b"")
        body = compose([part] * 100)
        assert len(parse(body)) == len(parse(*each(body))) == 100
        error = refusal(compose([part] * 101))
        assert (error.status, "count" in str(error)) == (400, True)

    def test_fields(self) -> None:
        """Fields are bounded apart; files do not count as such."""
        limits = FormLimits(3, 100, 10_000, 10_000)
        field, file = FORM[0], FORM[3]
        assert len(parse(compose([field, file] * 3 + [file]), limits=limits)) == 7
        error = refusal(compose([field] * 3 + [file, field]), limits)
        assert (error.status, str(error)) == (400, "a form has more than 3 fields")

    @pytest.mark.parametrize("size", [60, 10 * 1024])
    def test_head(self, size: int) -> None:
        """The header of a part is bounded as a whole, one line or several."""
        limits = FormLimits(1, 1, size, 10)
        for start in (FIELD + b"; x=", FIELD + b"\r\nX: 1\r\nY: "):
            head = start + b"z" * (size - len(start))
            assert len(head) == size
            body = form(head)
            assert len(parse(body, limits=limits)) == len(parse(*each(body), limits=limits)) == 1
            error = refusal(form(head + b"z"), limits)
            assert error.status == 400
            assert "header" in str(error)

    def test_head_without_end(self) -> None:
        """A header of many short lines is refused before it ends."""
        limits = FormLimits(1, 1, 50, 10)
        parser = MultipartParser(b"B", limits)
        parser.feed(b"--B\r\n")
        for _ in range(5):
            parser.feed(b"A: bcdef\r\n")
        with pytest.raises(HTTPInputError, match="more than 50 bytes"):
            parser.feed(b"A: bcdef\r\n")

    def test_size_of_fields(self) -> None:
        """All fields together are bounded, status 413; files are not."""
        limits = FormLimits(9, 9, 1000, 10)
        file = Part("f", "x", "application/unknown", b"x" * 100)
        fields = [Part("a", None, "text/plain", b"x" * size) for size in (4, 6, 7)]
        body = compose([*fields[:2], file])
        assert read(body, parse(body, limits=limits)) == [*fields[:2], file]
        error = refusal(compose([file, fields[0], fields[2]]), limits)
        assert (error.status, str(error)) == (413, "the fields of a form are too large")
        parser = MultipartParser(b"B", limits)
        with pytest.raises(HTTPInputError, match="too large"):
            parser.feed(form(FIELD, b"x" * 11)[:-9])

    @pytest.mark.parametrize("count", [20_000, 100_000])
    def test_many_parts(self, count: int) -> None:
        """A flood of parts is refused in no time and little memory (GHSA-8423-8fgw-73vq)."""
        body = b"--B\r\n" + b"\r\n--B\r\n".join([FIELD + b"\r\n\r\n"] * count) + b"\r\n--B--"
        tracemalloc.start()
        try:
            began = time.process_time()
            with pytest.raises(HTTPInputError, match="count exceeded"):
                parse(body)
            took = time.process_time() - began
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert took < 0.5
        assert peak < 0.5 * len(body)

    def test_many_tiny_parts(self) -> None:
        """100,000 parts in 600 kB cost less than five times the body."""
        body = b"--B\r\n" * 120_000 + b"--B--"
        tracemalloc.start()
        try:
            with pytest.raises(HTTPInputError):
                parse(body)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 5 * len(body)


@pytest.mark.parametrize("piece", [1, 7, 64 * 1024])
@pytest.mark.parametrize(
    "filling",
    [b"\r", b"\r\n", b"\r\n--", b"\r\n--B\r", b"\r\n--" + b"x" * 69, b"--B", b"-", b"\r\n-\r\n--"],
)
def test_look_alikes_are_linear(filling: bytes, piece: int) -> None:
    """Content that nearly is a boundary takes linear time, in pieces of any size (CVE-2023-46136)."""
    boundary = b"x" * 70
    size = {1: 50_000, 7: 300_000}.get(piece, 1_000_000)
    content = (filling * size)[:size]
    body = compose([Part("f", "x", "text/plain", content)], boundary)
    began = time.process_time()
    parts = parse(
        *[body[start : start + piece] for start in range(0, len(body), piece)], boundary=boundary
    )
    assert time.process_time() - began < 10
    assert parts[0].size == size


@pytest.mark.parametrize("where", ["preamble", "epilogue", "header", "line ends"])
@pytest.mark.parametrize("piece", [1, 1000, 1_000_000])
def test_long_surroundings_are_linear(where: str, piece: int) -> None:
    """1 MB before or behind the form, or as a header, is refused or skipped in linear time."""
    surplus = b"\r\n" * 500_000 if where == "line ends" else b"x" * 1_000_000
    body = {
        "preamble": surplus + b"\r\n" + form(FIELD),
        "epilogue": form(FIELD) + surplus,
        "header": form(FIELD + b"; x=" + surplus),
        "line ends": form(FIELD) + surplus,
    }[where]
    pieces = [body[start : start + piece] for start in range(0, len(body), piece)]
    began = time.process_time()
    if where == "line ends":
        assert len(parse(*pieces)) == 1
    else:
        with pytest.raises(HTTPInputError):
            parse(*pieces)
    assert time.process_time() - began < 5
