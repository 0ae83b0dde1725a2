"""Forms with files, as the client writes them and as servers read them."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cyclone_core.httpclient import multipart
from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httpclient.multipart import MultipartForm
from cyclone_core.httputil import HTTPFile, HTTPHeaders, parse_body_arguments
from cyclone_core.httputil.stores import MemoryStore

Whatever = Any
Found = tuple[dict[str, list[bytes]], dict[str, list[tuple[str, bytes, str]]]]

# What may stand in a name: anything that UTF-8 can express, but for control characters that are not escaped.
names = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_categories=["Cc"]), st.sampled_from('\r\n\t"\\%;=')
    ),
    min_size=1,
)


def written(form: MultipartForm) -> bytes:
    """Write a form, and compare its length."""
    body = b"".join(form.pieces())
    assert form.size in (None, len(body))
    return body


def read(fields: Whatever, files: Whatever) -> Found:
    """Write a form, and read it with the server's own parser."""
    form = MultipartForm(fields, files)
    arguments: dict[str, list[bytes]] = {}
    uploads: dict[str, list[HTTPFile]] = {}
    parse_body_arguments(form.content_type, written(form), arguments, uploads)
    found = {
        name: [(each.filename, each.body, each.content_type) for each in several]
        for name, several in uploads.items()
    }
    return arguments, found


def understood(name: str) -> str:
    """Give what the server's parser makes of a name: the HTML standard cannot express all of them."""
    quoted = name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
    if (len(quoted) - len(quoted.rstrip("\\"))) % 2:
        quoted += "\\"
    plain = re.sub(r"\\\\", r"\\", quoted)
    return plain.replace("%22", '"') if plain == quoted else plain


@given(
    st.lists(st.tuples(names, st.binary() | st.text(st.characters(codec="utf-8")))),
    st.lists(st.tuples(names, names, st.binary())),
)
@example([("a\\", "b")], [("a\\", "b\\", b"c"), ('\\"', '";\\', b"")])
@example([("a", "--"), ("b", b"\r\n--")], [])
def test_round_trip(
    fields: list[tuple[str, str | bytes]], files: list[tuple[str, str, bytes]]
) -> None:
    """The server reads every field and every file, whatever stands in their names and contents."""
    arguments, uploads = read(fields, [(name, (file, body)) for name, file, body in files])
    expected: dict[str, list[bytes]] = {}
    for name, value in fields:
        content = value if isinstance(value, bytes) else value.encode()
        expected.setdefault(understood(name), []).append(content)
    assert arguments == expected
    wanted: dict[str, list[tuple[str, bytes]]] = {}
    for name, filename, body in files:
        wanted.setdefault(understood(name), []).append((understood(filename), body))
    assert {
        name: [(filename, body) for filename, body, _ in several]
        for name, several in uploads.items()
    } == wanted


@given(st.lists(st.tuples(names, names, st.binary()), min_size=1))
def test_head_of_a_part(files: list[tuple[str, str, bytes]]) -> None:
    """No name ends its line or its quotes: the head of each part has two lines and two quoted strings."""
    form = MultipartForm({}, [(name, (file, body, "a/b")) for name, file, body in files])
    quoted = rb'"[^"\r\n]*"'
    pattern = b"Content-Disposition: form-data; name=%b; filename=%b\r\nContent-Type: a/b"
    pattern %= (quoted, quoted)
    body = written(form)
    heads = []
    for _, _, content in files:
        prefix = b"--%b\r\n" % form.boundary.encode()
        assert body.startswith(prefix)
        head, _, rest = body.removeprefix(prefix).partition(b"\r\n\r\n")
        heads.append(re.fullmatch(pattern, head))
        assert rest.startswith(content + b"\r\n")
        body = rest[len(content) + 2 :]
    assert all(heads)
    assert body == b"--%b--\r\n" % form.boundary.encode()


@given(st.lists(st.tuples(st.text("ab\u00e4 .-", min_size=1), st.binary())))
def test_witness(files: list[tuple[str, bytes]]) -> None:
    """Tornado reads the same names and contents."""
    from tornado import httputil

    form = MultipartForm({"field": "value"}, [("f", (name, body)) for name, body in files])
    arguments: dict[str, list[bytes]] = {}
    uploads: dict[str, list[Any]] = {}
    httputil.parse_multipart_form_data(form.boundary.encode(), written(form), arguments, uploads)
    assert arguments == {"field": [b"value"]}
    assert [(each["filename"], each["body"]) for each in uploads.get("f", [])] == files


def test_names() -> None:
    """Names are written as browsers do it, and a backslash never escapes the closing quote."""
    form = MultipartForm({'\u00fc"\r\n\t': ""}, {"a\\": ("C:\\x\\\\", b"")}, boundary="x")
    text = written(form).decode()
    assert 'name="\u00fc%22%0D%0A\t"\r\n' in text
    assert 'name="a\\\\"; filename="C:\\x\\\\"\r\n' in text


@pytest.mark.parametrize(
    "character", ["\0", "\x0b", "\x0c", "\x1c", "\x1f", "\x7f", "\x85", "\x9f"]
)
def test_control_characters(character: str) -> None:
    """What some server takes for the end of a line is refused in names."""
    with pytest.raises(
        InvalidRequest, match="the name of a field in a form holds the control char"
    ):
        MultipartForm({f"a{character}": "b"}, {})
    with pytest.raises(InvalidRequest, match="the name of a file in a form holds the control char"):
        MultipartForm({}, {"a": (f"b{character}", b"")})


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """A file whose name the system could not decode needs another one."""
    path = tmp_path / "a\udcff"
    path.write_bytes(b"content")
    with pytest.raises(InvalidRequest, match=r"gets another name in a tuple, \(filename, file\)"):
        MultipartForm({}, {"a": path})
    assert read({}, {"a": ("b", path)})[1] == {"a": [("b", b"content", "application/octet-stream")]}


@pytest.mark.parametrize("given", [{"": "a"}, [("", "a")]])
def test_no_name(given: Whatever) -> None:
    """A part has a name."""
    with pytest.raises(InvalidRequest, match="a part of a form has no name"):
        MultipartForm(given, {})
    with pytest.raises(InvalidRequest, match="a part of a form has no name"):
        MultipartForm({}, {"": b""})


@pytest.mark.parametrize(
    "content_type", ["a/b\r\nX-Evil: 1", "a/b\nX: 1", "a/b\r", "a/b\0", "a/\u20ac"]
)
def test_injected_content_type(content_type: str) -> None:
    """A content type cannot bring another line along."""
    for upload in (
        ("a", b"", content_type),
        {"filename": "a", "body": b"", "content_type": content_type},
        HTTPFile("a", b"", content_type),
        ("a", b"", None, {"Content-Type": content_type}),
    ):
        with pytest.raises(ValueError, match="the value of header Content-Type holds"):
            MultipartForm({}, {"f": upload})


def test_type_of_a_data_url() -> None:
    """A file name that looks like a URL does not say what its type is."""
    name = "data:text/html\r\nX-Evil: 1,x.png"
    ((filename, _, content_type),) = read({}, {"f": (name, b"")})[1]["f"]
    assert (filename, content_type) == ("data:text/html%0D%0AX-Evil: 1,x.png", "image/png")


@pytest.mark.parametrize(
    ("filename", "content_type"),
    [
        ("a.txt", "text/plain"),
        ("A.PNG", "image/png"),
        ("a.tar.gz", "application/gzip"),
        ("a.txt.bz2", "application/x-bzip2"),
        ("a.xz", "application/x-xz"),
        ("a.tar.Z", "application/octet-stream"),
        ("a", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_guessed_type(filename: str, content_type: str) -> None:
    """The type is guessed from the name; what is compressed has the type of the compression."""
    form = MultipartForm({}, {"f": (filename, b"")})
    assert f"Content-Type: {content_type}\r\n".encode() in written(form)


def test_every_form(tmp_path: Path) -> None:
    """An upload may be given in every form that there is."""
    path = tmp_path / "page.html"
    path.write_bytes(b"<p>")
    anonymous = io.BytesIO(b"skipped, kept")
    anonymous.seek(9)
    stored = HTTPFile.from_store("stored", "x/stored", MemoryStore(b"__on disk__"), 2, 7)
    stored.file.read(3)  # whoever reads it meanwhile is not disturbed
    with path.open("rb") as opened, path.open("rb") as number:
        opened.read(1)
        fields, files = read(
            {"field": ["1", b"\xff", 2]},
            [
                ("tuple", ("a.txt", b"\x00\r\n--")),
                ("typed", ("b", "text", "x/y")),
                ("headers", ("b", bytearray(b"array"), None, {"X-Part": "1"})),
                ("httpfile", HTTPFile("c.png", b"c", "image/png")),
                ("stored", stored),
                ("dict", {"filename": "d", "body": memoryview(b"d")}),
                ("path", path),
                ("named path", ("other.txt", path)),
                ("opened", opened),
                ("number", ("n", open(number.fileno(), "rb", closefd=False))),  # noqa: SIM115 -- it closes nothing
                ("unnamed", open(number.fileno(), "rb", closefd=False)),  # noqa: SIM115 -- it closes nothing
                ("anonymous", anonymous),
                ("pieces", ("p", [b"1", b"2"])),
                ("bytes", b"bare"),
                ("text", "\u00e4"),
                ("several", [("1", b"one"), ("2", b"two")]),
                ("no file", (None, '{"a": 1}', "application/json")),
                ("no type", (None, b"x")),
            ],
        )
        assert opened.tell() == 3
        assert stored.file.read() == b"disk"
    unknown = "application/octet-stream"
    assert fields == {
        "field": [b"1", b"\xff", b"2"],
        "no file": [b'{"a": 1}'],
        "no type": [b"x"],
    }
    assert files == {
        "tuple": [("a.txt", b"\x00\r\n--", "text/plain")],
        "typed": [("b", b"text", "x/y")],
        "headers": [("b", b"array", unknown)],
        "httpfile": [("c.png", b"c", "image/png")],
        "stored": [("stored", b"on disk", "x/stored")],
        "dict": [("d", b"d", unknown)],
        "path": [("page.html", b"<p>", "text/html")],
        "named path": [("other.txt", b"<p>", "text/plain")],
        "opened": [("page.html", b"p>", "text/html")],
        "number": [("n", b"<p>", unknown)],
        "unnamed": [("file", b"<p>", unknown)],
        "anonymous": [("file", b"kept", unknown)],
        "pieces": [("p", b"12", unknown)],
        "bytes": [("file", b"bare", unknown)],
        "text": [("file", b"\xc3\xa4", unknown)],
        "several": [("1", b"one", unknown), ("2", b"two", unknown)],
    }


def test_headers_of_a_part() -> None:
    """A part may have header fields of its own, and its type may stand among them."""
    headers = HTTPHeaders([("X-Part", "1"), ("X-Part", "2"), ("Content-Type", "x/y")])
    form = MultipartForm({}, {"f": ("a", b"", None, headers)}, boundary="x")
    assert b"X-Part: 1\r\nX-Part: 2\r\nContent-Type: x/y\r\n\r\n" in written(form)
    form = MultipartForm({}, {"f": ("a", b"", "z/z", headers)}, boundary="x")
    assert b"X-Part: 1\r\nX-Part: 2\r\nContent-Type: z/z\r\n\r\n" in written(form)
    assert headers["Content-Type"] == "x/y"
    with pytest.raises(ValueError, match="control character"):
        MultipartForm({}, {"f": ("a", b"", None, {"X": "1\r\nY: 2"})})
    with pytest.raises(InvalidRequest, match="have a Content-Disposition, which is made of"):
        MultipartForm({}, {"f": ("a", b"", None, {"content-disposition": "form-data"})})


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (5, "the files of a form are a dict or a list of pairs, not int"),
        ([b"a"], "the files of a form are pairs"),
        ({"a": 5}, r"an upload is an HTTPFile, a dict .*, not int"),
        ({"a": None}, "not NoneType"),
        ({"a": ("b",)}, "this tuple has 1 items"),
        ({"a": ("b", b"", "c/d", {}, 1)}, "this tuple has 5 items"),
        ({"a": ("b", 5)}, "the body of an upload is str, bytes, .*, not int"),
        ({"a": {"body": b""}}, "this dict has no 'filename'"),
        ({"a": {"filename": "b"}}, "this dict has no 'body'"),
        ({"a": (5, b"")}, "the file name of an upload is str, not int"),
        ({"a": (b"b", b"")}, "the file name of an upload is str, not bytes"),
        ({"a": ("b", b"", 5)}, "the value of header Content-Type is str or bytes, not int"),
        ({"a": io.StringIO()}, "the body of an upload is a file of text: open it with 'rb'"),
        ({1: b""}, "the names of the files of a form are str, not int"),
    ],
)
def test_wrong_types(files: Whatever, said: str) -> None:
    """What is no upload is refused, and the error names what is one."""
    with pytest.raises(TypeError, match=said):
        MultipartForm({}, files)


def test_async_upload() -> None:
    """What has to be awaited cannot be part of a form."""

    async def make() -> Any:  # noqa: ANN401 -- an asynchronous generator
        yield b"a"

    with pytest.raises(TypeError, match="not async_generator"):
        MultipartForm({}, {"a": ("b", make())})


def test_boundary() -> None:
    """The boundary is another one each time, or the one that the program wants."""
    made = {MultipartForm({}, {}).boundary for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in made)
    form = MultipartForm({}, {}, boundary="-My_Boundary1")
    assert form.content_type == "multipart/form-data; boundary=-My_Boundary1"
    assert written(form) == b"---My_Boundary1--\r\n"


@pytest.mark.parametrize("boundary", ["", "a b", 'a"', "a\r\n", "a" * 71, "\u00e4"])
def test_no_boundary(boundary: str) -> None:
    """A boundary that would need quotes, or ends its line, is refused."""
    with pytest.raises(InvalidRequest, match="a boundary has 1 to 70 letters"):
        MultipartForm({}, {}, boundary=boundary)


def test_empty_form() -> None:
    """A form without anything is one that servers read."""
    assert read({}, {}) == ({}, {})


def unknown_size() -> Any:  # noqa: ANN401 -- a file
    """Make a file that cannot seek."""

    class Stream:
        content = io.BytesIO(b"streamed")

        def read(self, size: int) -> bytes:
            return self.content.read(size)

    return Stream()


@pytest.mark.parametrize(
    ("make", "size", "repeatable"),
    [
        (lambda: b"x" * 9, 9, True),
        (lambda: b"x" * 200_000, 200_000, True),
        (lambda: io.BytesIO(b"x" * 9), 9, True),
        (lambda: ("a", [b"x"]), None, True),
        (lambda: ("a", iter([b"x"])), None, False),
        (unknown_size, None, False),
    ],
)
def test_size(make: Callable[[], Whatever], size: int | None, repeatable: bool) -> None:
    """The length is known if that of each file is, and the form can be sent again if each file can."""
    form = MultipartForm({"a": "b"}, [("f", make()), ("g", b"")], boundary="x")
    around = MultipartForm({"a": "b"}, [("f", ("file", b"")), ("g", b"")], boundary="x")
    assert around.size is not None
    assert form.size == (None if size is None else size + around.size)
    assert form.repeatable is repeatable
    first = written(form)
    if repeatable:
        assert written(form) == first


def test_whole() -> None:
    """A short form of bytes is one piece; one with a file, or a long one, is not put together."""
    form = MultipartForm({"a": "b"}, {"f": b"c"})
    assert form.whole == written(form)
    assert MultipartForm({}, {"f": io.BytesIO(b"c")}).whole is None
    large = bytes(100_000)
    form = MultipartForm({}, {"f": large})
    assert form.whole is None
    assert any(piece is large for piece in form.pieces())  # it is not copied


def test_many_fields() -> None:
    """Many small fields go together in pieces of a sensible size."""
    fields = [("name", "v" * 1000)] * 1000
    form = MultipartForm(fields, {})
    pieces = list(form.pieces())
    assert form.whole is None
    assert 1 < len(pieces) < 20
    assert max(map(len, pieces)) <= 128 * 1024
    assert sum(map(len, pieces)) == form.size


def test_files_are_opened_one_by_one(tmp_path: Path) -> None:
    """Nothing is opened before its turn, and never two at once."""
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_bytes(b"content")
    form = MultipartForm({}, [("f", path) for path in paths])
    paths[2].unlink()
    seen: list[bytes] = []
    with pytest.raises(FileNotFoundError):
        seen.extend(form.pieces())
    assert b"".join(seen).count(b"content") == 2


def test_example() -> None:
    """The example in the documentation is right."""
    import doctest

    assert doctest.testmod(multipart) == (0, 3)
