"""The grammar of challenges and credentials."""

import contextlib
import doctest
import time
from urllib.request import parse_http_list, parse_keqv_list

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.errors import HTTPInputError
from cyclone_core.httpclient.authentication import challenges as module
from cyclone_core.httpclient.authentication.challenges import (
    Challenge,
    format_challenge,
    is_token68,
    parse_auth_parameters,
    parse_challenges,
    parse_credentials,
)

TOKENS = st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1, max_size=8)
VALUES = st.text(
    st.characters(max_codepoint=0xFF, exclude_categories=["Cc"], include_characters='\\",\t='),
    max_size=12,
)


@pytest.mark.parametrize(
    ("value", "challenges"),
    [
        ("", []),
        (" , ,\t,", []),
        ("Negotiate", [("negotiate", None, {})]),
        ("Negotiate ", [("negotiate", None, {})]),
        ("Negotiate , NTLM", [("negotiate", None, {}), ("ntlm", None, {})]),
        ("Negotiate dG9rZW4=", [("negotiate", "dG9rZW4=", {})]),
        ("Negotiate  a-._~+/==\t, NTLM", [("negotiate", "a-._~+/==", {}), ("ntlm", None, {})]),
        ("Basic abc=", [("basic", "abc=", {})]),
        ("Basic abc=,", [("basic", "abc=", {})]),
        ("Basic abc=d", [("basic", None, {"abc": "d"})]),
        ('BASIC Realm="x"', [("basic", None, {"realm": "x"})]),
        ("Basic realm=x", [("basic", None, {"realm": "x"})]),
        (
            'Basic realm = \t"x" ,charset\t=UTF-8',
            [("basic", None, {"realm": "x", "charset": "UTF-8"})],
        ),
        ('Basic ,realm="x"', [("basic", None, {"realm": "x"})]),
        ('Basic,, realm="x",,a=b,', [("basic", None, {"realm": "x", "a": "b"})]),
        ('a x="", b', [("a", None, {"x": ""}), ("b", None, {})]),
        (
            'Basic realm="x", Digest realm="y", nonce=z, Negotiate aa==',
            [
                ("basic", None, {"realm": "x"}),
                ("digest", None, {"realm": "y", "nonce": "z"}),
                ("negotiate", "aa==", {}),
            ],
        ),
        # RFC 9110 section 11.6.1
        (
            'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
            [
                ("basic", None, {"realm": "simple"}),
                ("newauth", None, {"realm": "apps", "type": "1", "title": 'Login to "apps"'}),
            ],
        ),
        (r'a x="Basic realm=\"b\", c=d\\"', [("a", None, {"x": 'Basic realm="b", c=d\\'})]),
        (r'a x="D\o\main"', [("a", None, {"x": "Domain"})]),
        ('a x="tab\there, caf\xe9"', [("a", None, {"x": "tab\there, caf\xe9"})]),
    ],
)
def test_challenges(value: str, challenges: list[tuple[str, str | None, dict[str, str]]]) -> None:
    """A comma separates parameters and challenges; what begins with a name and `=` is a parameter."""
    assert parse_challenges(value) == challenges


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('realm="x"', "'realm' belongs to no challenge"),
        (' ,realm="x", Basic', "'realm' belongs to no challenge"),
        ('Negotiate abc, realm="x"', "'realm' belongs to no challenge"),
        ("=x", "index 0 begins neither a challenge nor a parameter"),
        ('Basic realm="x", "y"', "index 17 begins neither a challenge nor a parameter"),
        ("Basic(", "index 5 does not go on with a blank or a comma"),
        ("Basic\trealm=x", "index 5 does not go on"),
        ("Basic=", "index 5 does not go on"),
        ("Basic: realm=x", "index 5 does not go on"),
        ('Basic realm="x', "index 6 begins neither a parameter name=value nor a token"),
        ('Basic realm="x\\"', "index 6 begins neither a parameter name=value nor a token"),
        ('Basic realm="x" y=z', "index 6 begins neither a parameter name=value nor a token"),
        ('Basic realm="x"y', "index 6 begins neither"),
        ("Basic realm=x y", "index 6 begins neither"),
        ("Basic realm='x y'", "index 6 begins neither"),
        ("Basic abc def", "index 6 begins neither"),
        ("Basic a===b", "index 6 begins neither"),
        ("Basic a, realm=x, Realm=y", "'realm' belongs to no challenge"),
        ("Basic realm=x, Realm=y", "'realm' comes twice"),
        ("Basic realm=x\x00", "the control character '.x00'"),
        ('Basic realm="x\r\ny"', "the control character '.r'"),
    ],
)
def test_what_is_no_challenge_is_refused(value: str, message: str) -> None:
    """There is one way to read a header, and an error that says where it ends."""
    with pytest.raises(HTTPInputError, match=message):
        parse_challenges(value)


def test_credentials_are_one_challenge() -> None:
    """A request has one scheme, as a server reads it from `Authorization`."""
    assert parse_credentials("Basic QWxhZGRpbg==") == Challenge("basic", "QWxhZGRpbg==", {})
    for value, count in (("", 0), ("Basic a, Basic b", 2)):
        with pytest.raises(HTTPInputError, match=f"for one scheme, not for {count}"):
            parse_credentials(value)


def test_parameters_alone() -> None:
    """`Authentication-Info` has no scheme."""
    value = ',Nextnonce="a,b" , qop=auth,, rspauth="",'
    assert parse_auth_parameters(value) == {"nextnonce": "a,b", "qop": "auth", "rspauth": ""}
    assert parse_auth_parameters("") == {}
    for wrong, message in (
        ("a=b, c", "index 5 begins no parameter"),
        ("a=b, A=c", "'a' comes twice"),
        ("a=b\n", "control character"),
    ):
        with pytest.raises(HTTPInputError, match=message):
            parse_auth_parameters(wrong)


@given(st.lists(st.tuples(TOKENS, st.dictionaries(TOKENS.map(str.lower), VALUES, max_size=4))))
def test_what_is_written_is_what_is_read(challenges: list[tuple[str, dict[str, str]]]) -> None:
    """Any number of challenges in one header come back with the values that they had."""
    lines = [format_challenge(scheme, values.items()) for scheme, values in challenges]
    expected = [(scheme.lower(), None, values) for scheme, values in challenges]
    assert parse_challenges(", ".join(lines)) == expected
    assert [parse_credentials(line) for line in lines] == expected


@given(
    st.dictionaries(
        TOKENS.map(str.lower), VALUES.filter(lambda value: not set(value) & {'"', "\\"}), max_size=4
    )
)
def test_others_read_what_is_written(values: dict[str, str]) -> None:
    """Python's own client comes to the same parameters, where it need not unescape."""
    written = format_challenge("a", values.items()).removeprefix("a ")
    assert parse_keqv_list(parse_http_list(written)) == values


@given(st.text("aB=\", \t\\;'1/\x00é", max_size=40))
def test_any_text_is_challenges_or_an_error(value: str) -> None:
    """Nothing else happens, and what is read can be written and read again."""
    try:
        challenges = parse_challenges(value)
    except HTTPInputError:
        return
    for challenge in challenges:
        if challenge.token is None:
            written = format_challenge(challenge.scheme, challenge.parameters.items())
        else:
            assert is_token68(challenge.token)
            written = f"{challenge.scheme} {challenge.token}"
        assert parse_credentials(written) == challenge


@pytest.mark.parametrize(
    "piece",
    ["a ", "a,", "a=", "a=b,", 'a="', '\\"', "a\t", ",", "=", '"', "a b,", "a b=c,", " ", 'a="\\'],
)
def test_long_headers_take_linear_time(piece: str) -> None:
    """Far more than a header may have is dealt with at once."""
    start = time.thread_time()
    for value in (piece * (200_000 // len(piece)), "Basic " + piece * (200_000 // len(piece))):
        for parse in (parse_challenges, parse_auth_parameters):
            with contextlib.suppress(HTTPInputError):
                parse(value)
    assert time.thread_time() - start < 5


def test_plain_parameters_have_no_quotes() -> None:
    """Some must not have them (RFC 7616 section 3.4)."""
    parameters = [("realm", "a"), ("stale", "true")]
    assert format_challenge("Digest", parameters, {"stale"}) == 'Digest realm="a", stale=true'
    assert doctest.testmod(module) == (0, 1)


@pytest.mark.parametrize("value", ["s3cr3t\r\nX: y", "s3cr3t\x00", "\x7fs3cr3t"])
def test_nothing_that_is_written_splits_a_message(value: str) -> None:
    """A control character is an error that does not show the value."""
    with pytest.raises(ValueError, match="a parameter of Digest holds the control char") as caught:
        format_challenge("Digest", [("realm", value)])
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("a", True),
        ("a1-._~+/==", True),
        ("", False),
        ("=", False),
        ("a=b", False),
        ("a b", False),
        ("a ", False),
        ("a,", False),
        ("a\n", False),
        ("é", False),
        ("\u0661", False),
    ],
)
def test_token68(text: str, is_one: bool) -> None:
    """What base64 and its kin consist of."""
    assert is_token68(text) is is_one
