"""URLs of requests: what is refused, what is written how, and what a reference leads to."""

import time
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes, urljoin, urlsplit

import hyperlink
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httpclient.urls import (
    URL,
    UnsupportedScheme,
    join_query,
    parse_location,
    parse_url,
    show_url,
)

BASE = parse_url("http://a/b/c/d;p?q")

# What stands for itself, and what might not.
CLEAN = st.text("abcXYZ019-._~!$&'()*+,;=:@/", max_size=20)
UNCLEAN = st.text(st.sampled_from("ab/.%?2Fé\"<>\\^`{|}[]\u00a0\u2028\U0001f600'"), max_size=30)
REFERENCES = st.lists(
    st.sampled_from(["a", "..", ".", "...", "..a", ".b", "b;x=1", "%2e%2e", "é", ""]), max_size=6
).map("/".join)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("http://a", ("http", "a", 80, "a", "/", None, None)),
        ("http://a/", ("http", "a", 80, "a", "/", None, None)),
        ("HTTP://A/B", ("http", "a", 80, "a", "/B", None, None)),
        ("https://a/b?c=d", ("https", "a", 443, "a", "/b?c=d", None, None)),
        ("http://a?b", ("http", "a", 80, "a", "/?b", None, None)),
        ("http://a?", ("http", "a", 80, "a", "/?", None, None)),
        ("http://a:80/", ("http", "a", 80, "a", "/", None, None)),
        ("http://a:/", ("http", "a", 80, "a", "/", None, None)),
        ("https://a:443/", ("https", "a", 443, "a", "/", None, None)),
        ("http://a:443/", ("http", "a", 443, "a:443", "/", None, None)),
        ("https://a:080/", ("https", "a", 80, "a:80", "/", None, None)),
        ("http://a./", ("http", "a.", 80, "a.", "/", None, None)),
        ("http://[::1]/", ("http", "::1", 80, "[::1]", "/", None, None)),
        ("http://[::1]:8080/x", ("http", "::1", 8080, "[::1]:8080", "/x", None, None)),
        ("http://u:p%40@a/b", ("http", "a", 80, "a", "/b", "u", "p@")),
        ("http://ü.de/", ("http", "xn--tda.de", 80, "xn--tda.de", "/", None, None)),
        (" \thttp://a/b \t", ("http", "a", 80, "a", "/b", None, None)),
        ("http://a//b", ("http", "a", 80, "a", "//b", None, None)),
        ("http://a/@b:1", ("http", "a", 80, "a", "/@b:1", None, None)),
        ("http://a?@b:1/c", ("http", "a", 80, "a", "/?@b:1/c", None, None)),
    ],
)
def test_the_parts_of_a_url(text: str, parts: tuple[object, ...]) -> None:
    """Host and scheme are in lower case, the port is not repeated in the header `Host`."""
    assert tuple(parse_url(text)) == parts


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("http://a/b#c", "/b"),
        ("http://a#b?c", "/"),
        ("http://a/b?c#d?e#f", "/b?c"),
        ("http://a/é", "/%C3%A9"),
        ("http://a/b?é", "/b?%C3%A9"),
        ("http://a/\U0001f600", "/%F0%9F%98%80"),
        ("http://a/%c3%A9%2f", "/%c3%A9%2f"),
        ("http://a/100%", "/100%25"),
        ("http://a/%4%zz%%41", "/%254%25zz%25%41"),
        ("http://a/b?%&%4", "/b?%25&%254"),
        ('http://a/"<>\\^`{|}[]', "/%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D"),
        ("http://a/?b[c]={d}", "/?b%5Bc%5D=%7Bd%7D"),
        ("http://a/?b?c/:@", "/?b?c/:@"),
        ("http://a/!$&'()*+,;=:@-._~", "/!$&'()*+,;=:@-._~"),
        ("http://a/b/../c/./d", "/c/d"),
        ("http://a/../../b/.", "/b/"),
        ("http://a/b/..", "/"),
        ("http://a/b?/../c", "/b?/../c"),
        ("http://a/%2e%2E/b", "/%2e%2E/b"),
        ("http://a/.b/..c/d.", "/.b/..c/d."),
    ],
)
def test_targets_are_written_as_servers_want_them(text: str, target: str) -> None:
    """Escaped where it has to be and nowhere else, without dot segments and without fragment."""
    assert parse_url(text).target == target


def test_url_and_origin() -> None:
    """`url` is the whole without credentials, `origin` is who is trusted."""
    url = parse_url("HTTPS://user:s3cr3t@A:8443/b?c#d")
    assert url.url == str(url) == f"{url}" == "https://a:8443/b?c"
    assert url.origin == ("https", "a", 8443)
    assert repr(url) == "URL('https://a:8443/b?...')"
    assert (url.username, url.password) == ("user", "s3cr3t")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:s3cr3t@A:8443/b?token=s3cr3t#s3cr3t", "https://a:8443/b?..."),
        ("http://a", "http://a/"),
        ("http://a/b?", "http://a/b?..."),
        ("http://[::1]/b?c?s3cr3t", "http://[::1]/b?..."),
    ],
)
def test_shown(text: str, shown: str) -> None:
    """What is logged has no credentials and nothing of the query, where tokens stand."""
    assert parse_url(text).shown == show_url(text) == shown


@pytest.mark.parametrize(
    "text", ["s3cr3t", "/s3cr3t", "http://u:s3cr3t?x@h", "ftp://a/", b"a", None]
)
def test_nothing_shown(text: Any) -> None:  # noqa: ANN401 -- whatever stands in a request
    """Of what is no URL nothing is shown: it is not known where the secret stands."""
    assert show_url(text) == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no scheme: it begins with http:// or https://"),
        ("example.com/x", "no scheme: .*: 'example.com/x'"),
        ("/x", "no scheme"),
        ("//a/x", "no scheme"),
        ("http:", "no host: after http: comes //"),
        ("http:/a", "no host: after http: comes //"),
        ("https:a", "no host: after https: comes //"),
        ("http://", "no host: after // comes"),
        ("http:///a", "no host: after // comes"),
        ("http://?a", "no host: after // comes"),
        ("http:\\\\a\\b", "no host: after http: comes //"),
        ("http://a\\@b/", "backslash between // and the path"),
        ("http://a b/", "the blank ' ' at index 8: escape it as %20"),
        ("http://a/b\tc", "the blank '\\\\t' at index 10: escape it as %09"),
        ("  http://a/b c", "the blank ' ' at index 10"),
        ("http://a/b\r\nX: y", "the control character '\\\\r' at index 10: escape it as %0D"),
        ("http://a/\n", "the control character '\\\\n' at index 9"),
        ("\nhttp://a/", "the control character '\\\\n' at index 0"),
        ("http://a/#\x00", "the control character '\\\\x00' at index 10"),
        ("http://a/\x7f", "the control character '\\\\x7f' at index 9: escape it as %7F"),
        ("http://a:65536/", "no number from 1 to 65535"),
        ("http://a:99999/", "no number from 1 to 65535"),
        ("http://a:0/", "no number from 1 to 65535"),
        ("http://" + "a." * 130 + "b/", "more than 253 characters"),
        ("http://" + "a." * 126 + "bc/", "no name"),
        ("http://a/\ud800", r"lone surrogate \(U\+D800\) behind its host"),
        ("http://a/?\udcff", r"lone surrogate \(U\+DCFF\) behind its host"),
    ],
)
def test_what_is_no_url_is_refused_with_a_reason(text: str, message: str) -> None:
    """What cannot be asked for is an error that says what is wrong, and where."""
    with pytest.raises(InvalidRequest, match=message) as caught:
        parse_url(text)
    assert isinstance(caught.value, ValueError)
    assert not isinstance(caught.value, UnsupportedScheme)


@pytest.mark.parametrize(
    "text",
    ["ftp://a/", "file:///etc/passwd", "javascript:x", "localhost:8080/x", "httpx://a", "ws://a/"],
)
@pytest.mark.parametrize("base", [None, BASE])
def test_other_schemes_have_an_error_of_their_own(text: str, base: URL | None) -> None:
    """Where a redirect leads to another scheme, that is what the client has to say."""
    with pytest.raises(UnsupportedScheme, match=f"another scheme than http.*'{text}'"):
        parse_url(text, base)


@pytest.mark.parametrize("url", [b"http://a/", None, 1, parse_url("http://a/")])
def test_a_url_is_text(url: object) -> None:
    """Anything else is a mistake of the program."""
    with pytest.raises(TypeError, match=f"a URL is a str, not {type(url).__name__}"):
        parse_url(url)  # type: ignore[arg-type]  # that is the mistake


@pytest.mark.parametrize(
    "rest", ["h:x/", "h/?t=s3cr3t \n", "h", "\\h/", "[::1", "", "a@h/", "ü..b/"]
)
@pytest.mark.parametrize(
    "start", ["http://u:s3cr3t", "u:s3cr3t", "ftp://s3cr3t", "http://s3/s3cr3t"]
)
def test_no_message_shows_credentials(start: str, rest: str) -> None:
    """A URL that is wrong may have a password anywhere before an `@`."""
    for text in (f"{start}@{rest}", f"{start}#@{rest}", f"{start}/@{rest}", f"{start}?@{rest}"):
        assert "s3cr3t" not in str(_error_of(text))


def _error_of(text: str, base: URL | None = None) -> InvalidRequest | None:
    try:
        parse_url(text, base)
    except InvalidRequest as error:
        return error
    return None


def test_no_message_shows_a_query() -> None:
    """Tokens stand there, too."""
    for text in ("/x?token=s3cr3t", "ftp://a/?token=s3cr3t"):
        with pytest.raises(InvalidRequest) as caught:
            parse_url(text)
        assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("reference", "result"),
    [
        # RFC 3986 section 5.4.1
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g/"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y", "http://a/b/c/g?y"),
        ("#s", "http://a/b/c/d;p?q"),
        ("g#s", "http://a/b/c/g"),
        ("g?y#s", "http://a/b/c/g?y"),
        (";x", "http://a/b/c/;x"),
        ("g;x", "http://a/b/c/g;x"),
        ("g;x?y#s", "http://a/b/c/g;x?y"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("./", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../..", "http://a/"),
        ("../../", "http://a/"),
        ("../../g", "http://a/g"),
        # section 5.4.2
        ("../../../g", "http://a/g"),
        ("../../../../g", "http://a/g"),
        ("/./g", "http://a/g"),
        ("/../g", "http://a/g"),
        ("g.", "http://a/b/c/g."),
        (".g", "http://a/b/c/.g"),
        ("g..", "http://a/b/c/g.."),
        ("..g", "http://a/b/c/..g"),
        ("./../g", "http://a/b/g"),
        ("./g/.", "http://a/b/c/g/"),
        ("g/./h", "http://a/b/c/g/h"),
        ("g/../h", "http://a/b/c/h"),
        ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
        ("g;x=1/../y", "http://a/b/c/y"),
        ("g?y/./x", "http://a/b/c/g?y/./x"),
        ("g?y/../x", "http://a/b/c/g?y/../x"),
        ("g#s/./x", "http://a/b/c/g"),
        ("http:g", "http://a/b/c/g"),
        # beyond the RFC
        ("http:", "http://a/b/c/d;p?q"),
        ("HTTP:/g", "http://a/g"),
        ("?", "http://a/b/c/d;p?"),
        ("//g:8080/x?y", "http://g:8080/x?y"),
        ("https://g/x/../y", "https://g/y"),
        (" g\t", "http://a/b/c/g"),
        ("g?http://x/", "http://a/b/c/g?http://x/"),
        ("./c:d", "http://a/b/c/c:d"),
        ("é", "http://a/b/c/%C3%A9"),
    ],
)
def test_references_are_resolved(reference: str, result: str) -> None:
    """As RFC 3986 section 5.4 has it, and for the scheme of the base alone as browsers have it."""
    assert parse_url(reference, BASE).url == result


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("https:g", "no host: after https: comes // and the host"),
        ("///g", "no host: after // comes"),
        ("//", "no host: after // comes"),
        ("\\\\evil\\g", "begins with a backslash where browsers read another host"),
        ("/\\evil/g", "begins with a backslash where browsers read another host"),
        ("\\/evil/g", "begins with a backslash where browsers read another host"),
        ("http:\\\\evil/g", "begins with a backslash where browsers read another host"),
    ],
)
def test_references_that_may_lead_elsewhere_are_refused(reference: str, message: str) -> None:
    """What others read as another host is not followed."""
    with pytest.raises(InvalidRequest, match=message):
        parse_url(reference, BASE)


def test_a_reference_keeps_the_credentials_of_the_same_server_alone() -> None:
    """They belong to the authority: a reference that names one has its own, or none."""
    base = parse_url("https://u:p@a:1/x")
    assert parse_url("y", base)[2:] == (1, "a:1", "/y", "u", "p")
    for reference in ("//a:1/y", "https://a:1/y", "//b/y"):
        url = parse_url(reference, base)
        assert (url.username, url.password) == (None, None)


def test_a_base_without_query_gives_none() -> None:
    """An empty reference is the base, with the query that it has."""
    for text in ("http://a/", "http://a/?", "http://a/?b"):
        assert parse_url("", parse_url(text)).url == text


@given(st.sampled_from(["http", "https"]), CLEAN, CLEAN, st.integers(1, 65535))
def test_clean_urls_are_read_as_others_read_them(
    scheme: str, path: str, query: str, port: int
) -> None:
    """`urllib.parse` and `hyperlink` find the same parts."""
    text = f"{scheme}://host.example:{port}/{path}?{query}"
    url = parse_url(text)
    split = urlsplit(text)
    link = hyperlink.URL.from_text(text)
    assert url.scheme == split.scheme == link.scheme
    assert url.host == split.hostname == link.host
    assert url.port == split.port == link.port
    expected = urlsplit(link.click("").to_text())  # without dot segments
    path = link.replace(query=(), path=expected.path[1:].split("/")).to_text()
    assert url.target == urlsplit(path).path + f"?{query}"


@given(CLEAN)
def test_both_ways_of_parsing_agree(path: str) -> None:
    """The fast way takes no URL that the thorough one reads differently: a blank leads to the latter."""
    text = f"http://host.example:8080/{path}?{path}#{path}"
    assert parse_url(text) == parse_url(f"{text} ")


@given(REFERENCES, st.sampled_from(["", "?x", "?/../y"]), st.sampled_from(["", "#f/.."]))
def test_references_are_resolved_as_others_do(path: str, query: str, fragment: str) -> None:
    """`hyperlink` comes to the same place, and `urljoin` where no segment is empty (it drops those)."""
    reference = path + query + fragment
    if reference.startswith("//"):
        return
    target = parse_url(reference, BASE).target
    link = hyperlink.URL.from_text(BASE.url).click(reference).replace(fragment="")
    assert target == urlsplit(link.to_uri().to_text()).path + (query or _query_of(reference))
    if "//" not in reference:
        joined = urlsplit(urljoin(BASE.url, reference))
        assert target == parse_url(joined._replace(fragment="").geturl()).target


def _query_of(reference: str) -> str:
    return "" if reference.partition("#")[0] else "?q"


@given(UNCLEAN, UNCLEAN)
def test_escaping_changes_the_spelling_alone(path: str, query: str) -> None:
    """What a server decodes is what stood there, but for dot segments; again it changes nothing."""
    path = path.replace("?", "").replace("/", "").replace(".", "")
    url = parse_url(f"http://a/{path}?{query}")
    assert url.target.isascii()
    sent_path, _, sent_query = url.target.partition("?")
    assert unquote_to_bytes(sent_path) == b"/" + unquote_to_bytes(path)
    assert unquote_to_bytes(sent_query) == unquote_to_bytes(query)
    assert parse_url(url.url) == url


@given(
    st.text(max_size=40) | UNCLEAN, st.sampled_from(["", "http://", "https://a", "http://[", "//"])
)
def test_any_text_is_a_url_that_can_be_sent_or_an_error(text: str, start: str) -> None:
    """Nothing that comes out can split a message, and it stays what it is when it is parsed again."""
    for base in (None, BASE):
        try:
            url = parse_url(start + text, base)
        except InvalidRequest:
            continue
        assert url.target.startswith("/")
        assert url.url.isascii()
        assert url.url.isprintable()
        assert not set(url.url) & set(' "<>\\^`{|}#')
        assert parse_url(url.url) == url._replace(username=None, password=None)


@pytest.mark.parametrize(
    "text",
    [
        "http://a/" + "%" * 1_000_000,
        "http://a/" + "%2" * 500_000,
        "http://a/" + "/../" * 250_000,
        "http://a" + "/b" * 250_000 + "/.." * 250_000,
        "http://a/" + "../" * 300_000,
        "http://a/" + "é" * 500_000,
        "http://a/" + "é%41" * 100_000,
        "http://a/" + "\\" * 1_000_000,
        "http://a/" + "?" * 1_000_000,
        "http://a/" + "a" * 1_000_000 + " ",
        "http://" + "a." * 500_000,
        "http://" + "@" * 1_000_000,
        "a" * 1_000_000,
        "a" * 1_000_000 + ":",
        " " * 1_000_000,
        "http://a/" + " " * 1_000_000 + "b",
        "#" * 1_000_000,
    ],
)
def test_long_urls_take_linear_time(text: str) -> None:
    """A megabyte of anything is dealt with at once, and messages stay short."""
    start = time.thread_time()
    for base in (None, BASE):
        assert len(str(_error_of(text, base))) < 500
    assert time.thread_time() - start < 5


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("/x", "http://a/x"),
        ("/a b", "http://a/a%20b"),
        (" /x ", "http://a/x"),
        ("/caf\xc3\xa9", "http://a/caf%C3%A9"),
        ("/caf\xe9 x\t", "http://a/caf%E9%20x"),
        ("/caf\xe9%41?%", "http://a/caf%E9%41?%25"),
        ("http://b\xc3\xbccher.example/", "http://xn--bcher-kva.example/"),
        ("//b/\xff?\xff#\xff", "http://b/%FF?%FF"),
    ],
)
def test_locations_of_careless_servers(value: str, result: str) -> None:
    """Blanks are escaped; bytes beyond ASCII are UTF-8, or else escaped one by one."""
    assert parse_location(value, BASE).url == result


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("http://a b/", InvalidRequest),
        ("http://b\xfccher.example/", InvalidRequest),
        ("/a\tb", InvalidRequest),
        ("ftp://a/", UnsupportedScheme),
    ],
)
def test_locations_have_their_limits(value: str, error: type[Exception]) -> None:
    """A host has no blanks, and no bytes whose encoding nobody knows."""
    with pytest.raises(error):
        parse_location(value, BASE)


@given(st.text(st.characters(max_codepoint=0xFF), max_size=30))
def test_any_location_is_a_url_that_can_be_sent_or_an_error(value: str) -> None:
    """Whatever a server sends is an `InvalidRequest` at worst."""
    try:
        url = parse_location(value, BASE)
    except InvalidRequest:
        return
    assert url.url.isascii()
    assert url.url.isprintable()
    assert " " not in url.url


@pytest.mark.parametrize(
    ("url", "params", "result"),
    [
        ("http://a/", None, "http://a/"),
        ("http://a/?b#c", {}, "http://a/?b#c"),
        ("http://a/", {"b": "c d", "e": "é&="}, "http://a/?b=c+d&e=%C3%A9%26%3D"),
        ("http://a", {"b": 1}, "http://a?b=1"),
        ("/x?y", {"b": 1.5}, "/x?y&b=1.5"),
        ("/x?", {"b": ""}, "/x?b="),
        ("/x?y&", [("b", "1"), ("b", "2")], "/x?y&b=1&b=2"),
        ("/x#y?z", {"b": ["1", 2], "c": ("3",)}, "/x?b=1&b=2&c=3#y?z"),
        ("?flag&a=%2F+%20#", {"b": "c"}, "?flag&a=%2F+%20&b=c#"),
        ("/x#y", {"b": []}, "/x#y"),
        ("", (("b", "c"),), "?b=c"),
    ],
)
def test_parameters_are_added_to_a_query(url: str, params: object, result: str) -> None:
    """What stands there stays as it is, what is added is escaped and stands before the fragment."""
    assert join_query(url, params) == result  # type: ignore[arg-type]  # object is all of them


@pytest.mark.parametrize("value", [None, True, b"x", {"c": "d"}, [None], [["x"]]])
def test_parameters_with_two_readings_are_refused(value: object) -> None:
    """Some leave out None, others write it: the program has to say what it wants."""
    with pytest.raises(TypeError, match="the query parameter 'b' is a str, a number or a list"):
        join_query("/", {"b": value})  # type: ignore[dict-item]  # that is the mistake


@pytest.mark.parametrize("params", ["a=b", {("a", "b")}, 1])
def test_parameters_are_a_mapping_or_pairs(params: object) -> None:
    """A query that is written already belongs into the URL."""
    with pytest.raises(TypeError, match="the parameters of a query are a dict or a list of pairs"):
        join_query("/", params)  # type: ignore[arg-type]  # that is the mistake


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), min_size=1))
def test_parameters_come_back_as_they_were(pairs: list[tuple[str, str]]) -> None:
    """A server that decodes the query finds what was put in."""
    try:
        url = parse_url(join_query("http://a/x?y=z#f", pairs))
    except UnicodeEncodeError:
        return  # a lone surrogate
    query = url.target.partition("?")[2]
    assert parse_qsl(query, keep_blank_values=True) == [("y", "z"), *pairs]
