"""Parameters of header values."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil.parameters import parse_parameters

TOKENS = st.text("abcXYZ019!#$%&'+-.^_`|~", min_size=1, max_size=8)
VALUES = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], include_characters='\\";\t='), max_size=12
)


@pytest.mark.parametrize(
    ("text", "main", "parameters"),
    [
        ("", "", {}),
        ("Text/HTML", "text/html", {}),
        (" text/html\t; Charset=UTF-8", "text/html", {"charset": "UTF-8"}),
        ('a; b="c;d=e"; f=g', "a", {"b": "c;d=e", "f": "g"}),
        ("a;;; ;b=c; ;", "a", {"b": "c"}),
        ('a; b = c\t; d =\t"e" ;', "a", {"b": "c", "d": "e"}),
        ('a; b=; c=""', "a", {"b": "", "c": ""}),
        ("a; b=----=_x/y:z?", "a", {"b": "----=_x/y:z?"}),
        ("a; b=my file.txt", "a", {"b": "my file.txt"}),
        ("a; b=a\\b", "a", {"b": "a\\b"}),
        ('a; b="tab\there"', "a", {"b": "tab\there"}),
        ('a; b="\u6d4b\u8bd5"', "a", {"b": "\u6d4b\u8bd5"}),
        (";b=c", "", {"b": "c"}),
    ],
)
def test_values(text: str, main: str, parameters: dict[str, str]) -> None:
    """Names are in lower case, blanks around all do not count, empty parameters are skipped."""
    assert parse_parameters(text) == parse_parameters(text, form=True) == (main, parameters)


@pytest.mark.parametrize(
    ("quoted", "value"),
    [
        (r"a\"b", 'a"b'),
        (r"a\\b", "a\\b"),
        (r"a\\\"b", 'a\\"b'),
        (r"a\\\\", "a\\\\"),
        (r"C:\x\new.txt", r"C:\x\new.txt"),
        (r"\\server\x", r"\server\x"),
    ],
)
def test_backslashes(quoted: str, value: str) -> None:
    """A backslash escapes a quote and itself; before anything else it is one, as in old browsers."""
    text = f'a; b="{quoted}"; c=d'
    expected = ("a", {"b": value, "c": "d"})
    assert parse_parameters(text) == parse_parameters(text, form=True) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a%22b"', 'a"b'),
        ("a%22b", "a%22b"),
        ('"a%0D%0Ab%25"', "a%0D%0Ab%25"),
        (r'"a\"b%22"', 'a"b%22'),
        ('"x\\"', "x\\"),
        ('"x\\\\"', "x\\"),
    ],
)
def test_names_as_browsers_write_them(text: str, value: str) -> None:
    """In a form `%22` in quotes is a quote unless backslashes are, and a last backslash is one."""
    assert parse_parameters(f"form-data; name={text}", form=True)[1] == {"name": value}


def test_percent_is_nothing_special_elsewhere() -> None:
    """Outside of forms there are no extended values, no `%22`, and quotes end."""
    text = "a; b=\"%22\"; c*=utf-8''%41; d*0=e"
    assert parse_parameters(text) == ("a", {"b": "%22", "c*": "utf-8''%41", "d*0": "e"})
    with pytest.raises(HTTPInputError, match="'b' does not end"):
        parse_parameters('a; b="x\\"')


@pytest.mark.parametrize(
    ("extended", "value"),
    [
        ("UTF-8''%C3%A1b.txt", "\xe1b.txt"),
        ("utf-8'en'%e2%82%ac%20rates", "\u20ac rates"),
        ("iso-8859-1'en-GB'%A3%20rates", "\xa3 rates"),
        ("\"utf-8''quoted\"", "quoted"),
        ("utf-8''", ""),
        ("utf-8''a%2Fb", "a/b"),
    ],
)
def test_extended_values(extended: str, value: str) -> None:
    """An extended value is decoded and wins over the plain one, in either order (RFC 6266)."""
    for text in (f"x; f=plain; f*={extended}", f"x; F*={extended} ; f=plain"):
        assert parse_parameters(text, form=True) == ("x", {"f": value})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a; b", "has no value"),
        ("a; b;c=d", "has no value"),
        ('a; "b"=c', "the name ''"),
        ("a; =b", "the name ''"),
        ("a; b c=d", "the name 'b c'"),
        ("a; b\xe9=d", "the name"),
        ("a; b=c; B=d", "comes twice"),
        ('a; b="c', "does not end"),
        ('a; b="', "does not end"),
        ('a; b="c\\', "goes on behind its value"),
        ('a; b="c"d', "goes on behind its value"),
        ('a; b="c" d=e', "goes on behind its value"),
        ('a; b=c"d"', "goes on behind its value"),
        ('a; name="x\\"; filename="y"', "goes on behind its value"),
        *((f'a; b="{chr(code)}"', "control character") for code in (0, 8, 10, 13, 31, 127, 0x85)),
        ("a\x00", "control character"),
    ],
)
def test_refused(text: str, why: str) -> None:
    """What is no parameter, what comes twice, and control characters are refused: status 400."""
    for form in (False, True):
        with pytest.raises(HTTPInputError, match=why) as caught:
            parse_parameters(text, form=form)
        assert caught.value.status == 400


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("f*0=a", "is continued"),
        ("f*0*=utf-8''a", "is continued"),
        ("*f=a", "is continued"),
        ("f*=a", "malformed"),
        ("f*='en'a", "malformed"),
        ("f*=utf-7''a", "malformed"),
        ("f*=utf-8''%4", "malformed"),
        ("f*=utf-8''%zz", "malformed"),
        ("f*=utf-8''a b", "malformed"),
        ("f*=utf-8''\xe9", "malformed"),
        ("f*=utf-8''%ff", "is no utf-8"),
        ("f*=utf-8''%00", "control character"),
        ("f*=utf-8''a%0d%0ab", "control character"),
        ("f*=utf-8''%c2%85", "control character"),
        ("f*=iso-8859-1''%85", "control character"),
        ("f*=utf-8''a; f*=utf-8''b", "comes twice"),
    ],
)
def test_extended_values_refused(text: str, why: str) -> None:
    """An extended value that is continued or malformed is refused; nothing takes its place."""
    with pytest.raises(HTTPInputError, match=why):
        parse_parameters(f"x; f=plain; {text}", form=True)


@given(st.lists(st.tuples(TOKENS, VALUES), max_size=5, unique_by=lambda pair: pair[0].lower()))
def test_round_trip(pairs: list[tuple[str, str]]) -> None:
    """What is quoted by the rules of RFC 9110 comes back, whatever is in it."""
    quoted = [(name, value.replace("\\", "\\\\").replace('"', '\\"')) for name, value in pairs]
    text = "main" + "".join([f'; {name}="{value}"' for name, value in quoted])
    expected = {name.lower(): value for name, value in pairs}
    assert parse_parameters(text) == ("main", expected)


@given(st.lists(VALUES.map(lambda value: value.replace("\\", "").replace("%", "")), max_size=4))
def test_round_trip_of_browsers(values: list[str]) -> None:
    """What browsers quote, by `%22`, comes back."""
    quoted = [value.replace('"', "%22") for value in values]
    text = "form-data" + "".join([f'; n{i}="{value}"' for i, value in enumerate(quoted)])
    expected = {f"n{i}": value for i, value in enumerate(values)}
    assert parse_parameters(text, form=True) == ("form-data", expected)


@given(st.text("ab=;\"\\*' \t%\n1", max_size=40), st.booleans())
def test_anything(text: str, form: bool) -> None:
    """Whatever comes is parsed or refused; nothing else happens, and no control character remains."""
    try:
        main, parameters = parse_parameters(text, form=form)
    except HTTPInputError:
        return
    assert not any("\n" in each for each in (main, *parameters, *parameters.values()))


@pytest.mark.parametrize(
    "piece",
    [
        ";", "; ", " ", '"', '\\"', "\\", ';a="', ';a="";', ";=", "=", "a", ';"', "%22", "%41", "%",
        ';a="\\"', "*",
    ],
)  # fmt: skip
@pytest.mark.parametrize("start", ["x;", 'x;a="', "x;a=", "x;a*=utf-8''", ""])
def test_linear(piece: str, start: str) -> None:
    """1 MB of whatever parsers stumble over is parsed or refused at once."""
    text = start + piece * (1_000_000 // len(piece))
    began = time.process_time()
    for form in (False, True):
        for end in ("", '"'):
            try:
                parse_parameters(text + end, form=form)
            except HTTPInputError:
                continue
    assert time.process_time() - began < 10
