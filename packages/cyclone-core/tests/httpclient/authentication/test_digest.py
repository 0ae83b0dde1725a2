"""What Digest computes, against the examples of the RFCs."""

import hashlib
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httpclient.authentication.challenges import Challenge, parse_credentials
from cyclone_core.httpclient.authentication.digest import (
    ALGORITHMS,
    DigestChallenge,
    compute_response,
    has_sessions,
    hash_body,
    hash_secret,
    hash_session,
    hash_username,
    is_supported,
    read_digest_challenge,
)

SPELLINGS = [None, "MD5", "md5-SESS", "SHA-256", "sha-256-sess", "SHA-512-256", "Sha-512-256-Sess"]


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        (None, "8ca523f5e9506fed4657c9700eebdbec"),
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_rfc_7616_section_3_9_1(algorithm: str | None, response: str) -> None:
    """The example with MD5 and SHA-256."""
    secret = hash_secret(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life")
    computed = compute_response(
        algorithm,
        secret,
        "GET",
        "/dir/index.html",
        "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        qop="auth",
        count="00000001",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    assert computed == response


def _example_with_userhash() -> tuple[str, str]:
    algorithm, name, realm = "SHA-512-256", "J\u00e4s\u00f8n Doe", "api@example.org"
    response = compute_response(
        algorithm,
        hash_secret(algorithm, name, realm, "Secret, or not?"),
        "GET",
        "/doe.json",
        "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
        qop="auth",
        count="00000001",
        cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
    )
    return hash_username(algorithm, name, realm), response


def test_rfc_7616_section_3_9_2() -> None:
    """The example with SHA-512-256 and a hashed name, as erratum 4897 corrects it."""
    assert _example_with_userhash() == (
        "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b",
        "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5",
    )


def test_rfc_7616_section_3_9_2_as_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The printed values are those of a SHA-512 that is cut off: all else of the example agrees."""

    def truncated(_name: str, data: bytes) -> Any:  # noqa: ANN401 -- what hashlib gives has no name
        class Truncated:
            def hexdigest(self) -> str:
                return hashlib.sha512(data).hexdigest()[:64]

        return Truncated()

    monkeypatch.setattr(hashlib, "new", truncated)
    assert _example_with_userhash() == (
        "488869477bf257147b804c45308cd62ac4e25eb717b12b298c79e62dcea254ec",
        "ae66e67d6b427bd3f120414a82e4acff38e8ecd9101d6c861229025f607a79dd",
    )


def test_rfc_2617_section_3_5() -> None:
    """The example of the older standard."""
    secret = hash_secret(None, "Mufasa", "testrealm@host.com", "Circle Of Life")
    computed = compute_response(
        None,
        secret,
        "GET",
        "/dir/index.html",
        "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        qop="auth",
        count="00000001",
        cnonce="0a4f113b",
    )
    assert computed == "6629fae49393a05397450978507c4ef1"


def test_rfc_2069_section_2_4() -> None:
    """The example of the oldest one, without qop, as erratum 749 corrects it."""
    secret = hash_secret("MD5", "Mufasa", "testrealm@host.com", "CircleOfLife")
    computed = compute_response(
        "MD5", secret, "GET", "/dir/index.html", "dcd98b7102dd2f0e8b11d0f600bfb0c093"
    )
    assert computed == "1949323746fe6a43ef61f9606e7febea"


def _hasher(name: str) -> Callable[[str], str]:
    def compute(text: str) -> str:
        return hashlib.new(name, text.encode("latin-1")).hexdigest()

    return compute


@given(
    st.sampled_from(["MD5", "SHA-256", "SHA-512-256"]),
    st.sampled_from(["", "-sess"]),
    st.sampled_from([None, "auth", "auth-int"]),
    *[st.text(st.characters(max_codepoint=0x7E), max_size=10)] * 8,
    st.binary(max_size=10),
)
def test_all_formulas(
    algorithm: str,
    session: str,
    qop: str | None,
    username: str,
    realm: str,
    password: str,
    nonce: str,
    cnonce: str,
    count: str,
    method: str,
    target: str,
    body: bytes,
) -> None:
    """What RFC 7616 section 3.4 writes as `KD`, `A1` and `A2`, spelled out with hashlib."""
    name = ALGORITHMS[algorithm.lower()]
    h = _hasher(name)
    a1 = h(f"{username}:{realm}:{password}")
    if session:
        a1 = h(f"{a1}:{nonce}:{cnonce}")
    a2 = f"{method}:{target}"
    if qop == "auth-int":
        a2 = f"{a2}:{hashlib.new(name, body).hexdigest()}"
    data = f"{nonce}:{h(a2)}" if qop is None else f"{nonce}:{count}:{cnonce}:{qop}:{h(a2)}"
    full = algorithm + session
    secret = hash_session(full, hash_secret(full, username, realm, password), nonce, cnonce)
    computed = compute_response(
        full,
        secret,
        method,
        target,
        nonce,
        qop=qop,
        count=count,
        cnonce=cnonce,
        body_hash=hash_body(full, body),
    )
    assert computed == h(f"{a1}:{data}")
    assert hash_username(full, username, realm) == h(f"{username}:{realm}")


def test_names_are_utf_8_and_realms_what_the_header_has() -> None:
    """A name has one form in Unicode; the bytes of the realm are those that were sent."""
    composed, decomposed = "J\u00e4", unicodedata.normalize("NFD", "J\u00e4")
    realm = "caf\u00e9".encode().decode("latin-1")
    expected = hashlib.sha256("Jä:café:Jä".encode()).hexdigest()
    for name in (composed, decomposed):
        assert hash_secret("SHA-256", name, realm, name) == expected
    with pytest.raises(ValueError, match="latin-1"):
        hash_secret("SHA-256", "a", "\u20ac", "b")


@pytest.mark.parametrize("algorithm", SPELLINGS)
def test_algorithms_in_any_case(algorithm: str | None) -> None:
    """Letters may be large or small, `-sess` may be there."""
    assert is_supported(algorithm)
    assert has_sessions(algorithm) is ("sess" in str(algorithm).lower())


@pytest.mark.parametrize(
    "algorithm", ["", "SHA", "SHA-512", "sha256", "-sess", "MD5-sess-sess", "x" * 99]
)
def test_unknown_algorithms(algorithm: str) -> None:
    """They are not supported, and to compute with them is an error that says what there is."""
    assert not is_supported(algorithm)
    with pytest.raises(ValueError, match=r"no algorithm .* md5, sha-256, sha-512-256") as caught:
        hash_body(algorithm, b"")
    assert len(str(caught.value)) < 150


def test_what_hashlib_refuses_is_not_supported(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL may have no SHA-512/256, and in FIPS mode it has no MD5."""

    def refuse(name: str, _data: bytes) -> None:
        raise ValueError(f"unsupported hash type {name}")

    monkeypatch.setattr(hashlib, "new", refuse)
    assert not any(is_supported(algorithm) for algorithm in SPELLINGS)


@pytest.mark.parametrize(
    ("value", "challenge"),
    [
        (
            'Digest realm="r", nonce="n"',
            DigestChallenge("r", "n", None, None, None, stale=False, userhash=False, utf8=False),
        ),
        (
            (
                'digest REALM="r", Nonce=n, opaque="", algorithm="sha-256-sess", qop="auth-int , auth,x", '
                "stale=TRUE, userhash=True, charset=utf-8, domain=x, new=thing"
            ),
            DigestChallenge(
                "r", "n", "", "sha-256-sess", "auth", stale=True, userhash=True, utf8=True
            ),
        ),
        (
            'Digest realm="", nonce="", qop=auth-int, stale="true", userhash=false, charset=x',
            DigestChallenge("", "", None, None, "auth-int", stale=True, userhash=False, utf8=False),
        ),
    ],
)
def test_challenges_are_read(value: str, challenge: DigestChallenge) -> None:
    """`auth` is preferred, unknown parameters and options are skipped (RFC 7616 section 3.3)."""
    assert read_digest_challenge(parse_credentials(value)) == challenge


@pytest.mark.parametrize(
    "value",
    [
        'Basic realm="r", nonce="n"',
        'Digest nonce="n"',
        'Digest realm="r"',
        "Digest",
        "Digest abc",
        'Digest realm="r", nonce="n", algorithm=SHA-1',
        'Digest realm="r", nonce="n", algorithm=""',
        'Digest realm="r", nonce="n", qop=""',
        'Digest realm="r", nonce="n", qop="token"',
    ],
)
def test_challenges_that_cannot_be_answered(value: str) -> None:
    """What is incomplete, or asks for what is unknown, is none."""
    assert read_digest_challenge(parse_credentials(value)) is None


def test_strengths() -> None:
    """`-sess` makes no difference, MD5 is the weakest."""
    strengths = []
    for algorithm in SPELLINGS:
        parameters = {"realm": "r", "nonce": "n"} | ({"algorithm": algorithm} if algorithm else {})
        challenge = read_digest_challenge(Challenge("digest", None, parameters))
        assert challenge is not None
        strengths.append(challenge.strength)
    assert strengths == [0, 0, 0, 1, 1, 2, 2]
