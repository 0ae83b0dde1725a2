"""The authority of a URL: hosts, ports and credentials."""

import ipaddress
import sys
import time
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httpclient.hosts import (
    DEFAULT_PORTS,
    Authority,
    format_host,
    normalize_host,
    split_authority,
)

LABELS = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True)
NAMES = st.lists(LABELS, min_size=1, max_size=5).map(".".join)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("example.com", ("example.com", 80, None, None)),
        ("Example.COM:8080", ("example.com", 8080, None, None)),
        ("example.com:", ("example.com", 80, None, None)),
        ("example.com:00080", ("example.com", 80, None, None)),
        ("example.com:65535", ("example.com", 65535, None, None)),
        ("example.com.:1", ("example.com.", 1, None, None)),
        ("a_b", ("a_b", 80, None, None)),
        ("@a", ("a", 80, None, None)),
        ("u@a", ("a", 80, "u", None)),
        ("u:@a", ("a", 80, "u", "")),
        (":p@a", ("a", 80, "", "p")),
        ("u:p:q@a:1", ("a", 1, "u", "p:q")),
        ("u%3A%40:%C3%A9%25@a", ("a", 80, "u:@", "é%")),
        ("ü:é@a", ("a", 80, "ü", "é")),
        ("[::1]", ("::1", 80, None, None)),
        ("u@[::1]:", ("::1", 80, "u", None)),
        ("[::1]:8080", ("::1", 8080, None, None)),
    ],
)
def test_an_authority_has_credentials_a_host_and_a_port(
    text: str, parts: tuple[str, int, str | None, str | None]
) -> None:
    """All but the host may be missing; credentials are decoded, names are in lower case."""
    assert split_authority(text, "http") == Authority(*parts)


def test_the_scheme_says_which_port_is_meant_if_none_is_given() -> None:
    """Without a port it is that of the scheme."""
    ports = {scheme: split_authority("a", scheme).port for scheme in DEFAULT_PORTS}
    assert ports == {"http": 80, "https": 443}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no host: after //"),
        (":80", "no host: after //"),
        ("u:p@", "no host: after //"),
        ("a\\b", "backslash between // and the path"),
        ("u\\v@a", "backslash between // and the path"),
        ("a@b@c", "more than one @"),
        ("@a@b", "more than one @"),
        ("u%4:p@a", "% at index 1 that no two hexadecimal"),
        ("u:%zz@a", "% at index 2 that no two hexadecimal"),
        ("u:%E9@a", "no UTF-8 when they are decoded"),
        ("a:0", "no number from 1 to 65535: 'a:0'"),
        ("a:65536", "no number from 1 to 65535: 'a:65536'"),
        ("a:123456", "no number from 1 to 65535"),
        ("a:+80", "no number from 1 to 65535"),
        ("a:8_0", "no number from 1 to 65535"),
        ("a:\uff18\uff10", "no number from 1 to 65535"),
        ("a:80:80", "no number from 1 to 65535"),
        ("::1", "no host: after //"),
        ("a..b", "no name: it has parts of 1 to 63 .*: 'a..b'"),
        (".a", "no name"),
        ("a..", "no name"),
        (".", "no name"),
        ("%41", "no name"),
        ("a,b", "no name"),
        ("a'b", "no name"),
        ("a]", "no name"),
        ("a" * 64, "no name"),
        (f"{'a' * 63}." * 3 + "a" * 62, "no name"),
        ("a" * 300, "more than 253 characters"),
        ("[::1", "not closed with ]"),
        ("[::1]a", "not closed with ]"),
        ("[::1]80", "not closed with ]"),
        ("[::1]:x", "no number from 1 to 65535"),
        ("[]", "brackets with no IPv6 address"),
        ("[1.2.3.4]", "brackets with no IPv6 address in them .*: '.1.2.3.4.'"),
        ("[v1.a]", "brackets with no IPv6 address"),
        ("[::1::]", "brackets with no IPv6 address"),
        ("[:::::::::::::::::::::::::::::::::::::::::::::::::::::::]", "brackets with no IPv6"),
        ("[fe80::1%25eth0]", "a zone, which has a meaning on one machine only"),
        ("[fe80::1%eth0]", "a zone, which has a meaning on one machine only"),
        ("\u2100.com", "cannot be encoded as an international name .*: '\u2100.com'"),
        ("\ud800", "cannot be encoded as an international name"),
        ("ü" * 64, "cannot be encoded as an international name"),
    ],
)
def test_what_is_no_authority_is_refused_with_a_reason(text: str, message: str) -> None:
    """What is missing, malformed or has two readings is an error that says what it is."""
    with pytest.raises(InvalidRequest, match=message):
        split_authority(text, "http")


@given(st.text(st.characters(codec="utf-8"), max_size=12), st.text("%@:[]\\/ü.a1 ", max_size=20))
def test_no_message_shows_credentials(password: str, rest: str) -> None:
    """Whatever is wrong around a password, the error does not show it."""
    secret = f"s3cr3t{quote(password, safe='')}s3cr3t"
    for text in (f"u:{secret}@{rest}", f"{rest}{secret}@[{rest}", f"{secret}@{secret}@{rest}"):
        error = _error_of(text)
        assert "s3cr3t" not in str(error)
        assert error is None or error.__suppress_context__ or error.__context__ is None


def _error_of(text: str) -> InvalidRequest | None:
    try:
        split_authority(text, "http")
    except InvalidRequest as error:
        return error
    return None


def test_a_password_is_not_in_what_led_to_the_error() -> None:
    """A traceback shows the errors behind an error; that of the decoder has the bytes, so it is cut off."""
    with pytest.raises(InvalidRequest) as caught:
        split_authority("u:s3cr3t%FF@a", "http")
    assert caught.value.__suppress_context__
    assert "s3cr3t" not in str(caught.value)


@given(NAMES, st.integers(1, 65535))
def test_names_and_ports_are_read_as_pythons_parser_reads_them(name: str, port: int) -> None:
    """`urllib.parse` finds the same host and port."""
    text = f"{name}:{port}"
    witness = urlsplit(f"http://{text}/")
    authority = split_authority(text, "http")
    assert (authority.host, authority.port) == (witness.hostname, witness.port)


@given(st.text(max_size=8), st.none() | st.text(max_size=8))
def test_credentials_come_back_as_they_were(username: str, password: str | None) -> None:
    """Whatever is escaped is what is found again."""
    try:
        userinfo = quote(username, safe="")
        userinfo += "" if password is None else f":{quote(password, safe='')}"
    except UnicodeEncodeError:
        return
    authority = split_authority(f"{userinfo}@h", "http")
    found = authority.username, authority.password
    assert found == ((username, password) if userinfo else (None, None))


@given(st.text(st.characters(exclude_characters="/?#"), max_size=30))
def test_any_authority_gives_a_host_that_can_be_looked_up_or_an_error(text: str) -> None:
    """What comes out is an address or a name of ASCII, in a form that stays as it is."""
    try:
        authority = split_authority(text, "http")
    except InvalidRequest:
        return
    assert authority.host.isascii()
    assert authority.host == authority.host.lower()
    assert not set(authority.host) & set(" \t\r\n/\\@%#?[]<>")
    assert normalize_host(format_host(authority.host)) == authority.host


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "1.2.3.256"]
)
def test_what_looks_like_a_number_stays_as_it_is(host: str) -> None:
    """What such a host means is for the resolver to say."""
    assert normalize_host(host) == host


@pytest.mark.parametrize(
    ("address", "result"),
    [
        ("[0:0:0:0:0:0:0:1]", "::1"),
        ("[2001:DB8::A]", "2001:db8::a"),
        ("[2001:db8:0:0:1:0:0:1]", "2001:db8::1:0:0:1"),
        ("[::ffff:1.2.3.4]", "::ffff:1.2.3.4"),
        ("[::FFFF:102:304]", "::ffff:1.2.3.4"),
        ("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]", ":".join(["ffff"] * 8)),
    ],
)
def test_addresses_of_ipv6_have_one_form(address: str, result: str) -> None:
    """RFC 5952: an address that is written in two ways is one host."""
    assert normalize_host(address) == result


@given(st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address), st.booleans())
def test_every_address_of_ipv6_is_understood(
    address: ipaddress.IPv6Address, exploded: bool
) -> None:
    """Written short or long it is the same address."""
    host = normalize_host(f"[{address.exploded if exploded else address}]")
    assert ipaddress.IPv6Address(host) == address
    assert normalize_host(format_host(host)) == host


@pytest.mark.parametrize(
    ("host", "result"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.Example.", "xn--bcher-kva.example."),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("\uff11\uff12\uff17.0.0.1", "127.0.0.1"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("faß.de", "xn--fa-hia.de"),
    ],
)
def test_international_names_are_encoded_as_browsers_do(host: str, result: str) -> None:
    """A name beyond ASCII is mapped, and encoded by IDNA 2008."""
    pytest.importorskip("idna")
    assert normalize_host(host) == result


@pytest.mark.parametrize("host", ["bücher.example", "例え。テスト", "BÜCHER.Example."])
def test_without_idna_pythons_codec_encodes_them(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the package `idna` is not installed most names have the same encoding."""
    expected = normalize_host(host)
    monkeypatch.setitem(sys.modules, "idna", None)
    assert normalize_host(host) == expected
    assert normalize_host("faß.de") == "fass.de"
    with pytest.raises(InvalidRequest, match="cannot be encoded as an international name"):
        normalize_host("ü" * 64)


@pytest.mark.parametrize(
    "name",
    [
        "a\uff0fb",
        "a\uff20b",
        "a\uff1a1",
        "a\uff03b",
        "a\uff1fb",
        "a\uff3cb",
        "a\uff0541",
        "\u2100.com",
    ],
)
@pytest.mark.parametrize("module", [None, "idna"])
def test_no_letter_turns_into_the_end_of_a_host(
    name: str, module: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Normalization makes ASCII of wide letters: none of them may divide a URL anew (CVE-2019-9636)."""
    if module is None:
        monkeypatch.setitem(sys.modules, "idna", None)
    with pytest.raises(InvalidRequest):
        normalize_host(name)


@pytest.mark.parametrize(
    "text",
    [
        "@" * 1_000_000,
        "a." * 500_000,
        "a:" + "0" * 1_000_000,
        "a:" + "9" * 1_000_000,
        "[" + ":" * 1_000_000 + "]",
        "[" * 1_000_000,
        "ü" * 1_000_000,
        "%41" * 300_000 + "@a",
        "%" * 1_000_000 + "@a",
    ],
)
def test_long_authorities_take_linear_time(text: str) -> None:
    """A megabyte of anything is dealt with at once, and messages stay short."""
    start = time.thread_time()
    assert len(str(_error_of(text))) < 500
    assert time.thread_time() - start < 5


def test_hosts_are_written_with_brackets_where_they_have_colons() -> None:
    """An IPv6 address needs them in front of a port."""
    assert [format_host(host) for host in ("a", "1.2.3.4", "::1")] == ["a", "1.2.3.4", "[::1]"]
