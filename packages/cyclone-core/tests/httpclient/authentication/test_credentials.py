"""The schemes of authentication, against servers that know the RFCs and nothing of this client."""

import base64
import doctest
import hashlib
import hmac
import unicodedata
from typing import Any, cast
from urllib.parse import unquote
from urllib.request import parse_http_list, parse_keqv_list

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.cred.credentials import DigestCredentialFactory
from twisted.cred.error import LoginFailed

from cyclone_core.httpclient.authentication import DigestAuth, basic, bearer, credentials
from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httputil import HTTPHeaders

HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
NAME, PASSWORD = "J\u00e4s\u00f8n Doe", "Secret, or not?"
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=8)


class Server:
    """One side of RFC 7616, from its text, with hashlib alone."""

    def __init__(
        self, username: str, password: str, realm: str = 'the "realm"', **fields: str
    ) -> None:
        """Know one user; `fields` are those of the challenge."""
        self.user = [unicodedata.normalize("NFC", text).encode() for text in (username, password)]
        self.realm = realm
        self.fields = fields
        self.counts: dict[str, int] = {}
        self.issued = 0
        self.parameters: dict[str, str] = {}

    def challenge(self, **fields: str) -> str:
        """Make a challenge with a new nonce."""
        self.issued += 1
        nonce = f"nonce/{self.issued}=="
        self.counts[nonce] = 0
        escaped = self.realm.replace("\\", "\\\\").replace('"', '\\"')
        pairs = {"realm": f'"{escaped}"', "nonce": f'"{nonce}"'} | self.fields | fields
        return "Digest " + ", ".join(f"{name}={value}" for name, value in pairs.items())

    def headers(self, **fields: str) -> HTTPHeaders:
        """Make the headers of a 401."""
        return HTTPHeaders({"WWW-Authenticate": self.challenge(**fields)})

    def accepts(self, value: str | None, method: str, target: str, body: bytes = b"") -> bool:
        """Check credentials, and that each count comes once and in order."""
        if value is None or not value.startswith("Digest "):
            return False
        given = parse_keqv_list(parse_http_list(value.removeprefix("Digest ")))
        given = {
            name: item.replace('\\"', '"').replace("\\\\", "\\") for name, item in given.items()
        }
        self.parameters = given
        name, session = given.get("algorithm", "MD5").removesuffix("-sess"), "-sess" in value

        def h(data: bytes) -> bytes:
            return hashlib.new(HASHES[name], data).hexdigest().encode()

        username, password = self.user
        realm, nonce = self.realm.encode("latin-1"), given["nonce"].encode("latin-1")
        a1 = h(b":".join([username, realm, password]))
        cnonce = given.get("cnonce", "").encode()
        if session:
            a1 = h(b":".join([a1, nonce, cnonce]))
        a2 = f"{method}:{target}".encode()
        qop = given.get("qop")
        if qop == "auth-int":
            a2 += b":" + h(body)
        if qop is None:
            expected = h(b":".join([a1, nonce, h(a2)]))
        else:
            count = given["nc"].encode()
            self.counts[given["nonce"]] += 1
            assert count == b"%08x" % self.counts[given["nonce"]]
            expected = h(b":".join([a1, nonce, count, cnonce, qop.encode(), h(a2)]))
        assert given["uri"] == target
        assert given["realm"] == self.realm
        assert given.get("opaque") == (
            self.fields["opaque"].strip('"') if "opaque" in self.fields else None
        )
        return self._is_user(given, h(username + b":" + realm).decode()) and hmac.compare_digest(
            given["response"], expected.decode()
        )

    def _is_user(self, given: dict[str, str], hashed: str) -> bool:
        if "username*" in given:
            charset, language, text = given["username*"].split("'")
            return (charset, language, unquote(text).encode()) == ("UTF-8", "", self.user[0])
        if given.get("userhash") == "true":
            return given["username"] == hashed
        return given["username"].encode("latin-1") == self.user[0]


def _challenged(**fields: str) -> tuple[DigestAuth, Server]:
    server = Server(NAME, PASSWORD, **fields)
    auth = DigestAuth(NAME, PASSWORD)
    assert auth.authorization("GET", "/") is None
    assert auth.challenged(server.headers(), attempts=0)
    return auth, server


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", "SHA-512-256"])
@pytest.mark.parametrize("session", ["", "-sess"])
@pytest.mark.parametrize("qop", [None, "auth", "auth-int", "auth-int,auth"])
@pytest.mark.parametrize(
    "fields", [{}, {"charset": "UTF-8"}, {"userhash": "true", "opaque": '"o"'}]
)
def test_a_server_accepts_answers(
    algorithm: str, session: str, qop: str | None, fields: dict[str, str]
) -> None:
    """All algorithms, protections and forms of the name; one after the other with one nonce."""
    protection = {} if qop is None else {"qop": f'"{qop}"'}
    auth, server = _challenged(algorithm=algorithm + session, **protection, **fields)
    for method, target, body in [("GET", "/", b""), ("POST", '/a?b="c"&d=%22', b"body")] * 2:
        value = auth.authorization(method, target, body)
        assert server.accepts(value, method, target, body)
        assert server.accepts(auth.authorization(method, target, b"x"), method, target, b"y") is (
            qop != "auth-int"
        )
        assert not server.accepts(auth.authorization(method, target), "PUT", target)
    wrong = DigestAuth(NAME, "wrong")
    assert wrong.challenged(server.headers(), attempts=0)
    assert not server.accepts(wrong.authorization("GET", "/"), "GET", "/")


@given(
    TEXTS, TEXTS, st.text(st.characters(max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=8)
)
def test_any_name_password_and_realm(username: str, password: str, realm: str) -> None:
    """Quotes, commas, backslashes and letters of any script arrive."""
    for fields in ({}, {"charset": "UTF-8"}, {"userhash": "true"}):
        server = Server(username, password, realm, algorithm="SHA-256", qop="auth", **fields)
        auth = DigestAuth(username, password)
        assert auth.challenged(server.headers(), attempts=0)
        assert server.accepts(auth.authorization("GET", "/"), "GET", "/")


def test_the_form_of_credentials() -> None:
    """RFC 7616 section 3.9.1: these have quotes, those have none."""
    auth = DigestAuth(
        "Mufasa",
        "Circle of Life",
        make_cnonce=lambda: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    headers = HTTPHeaders()
    for algorithm in ("SHA-256", "MD5"):
        headers.add(
            "WWW-Authenticate",
            'Digest realm="http-auth@example.org", qop="auth, auth-int",'
            f' algorithm={algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",'
            ' opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
        )
    assert auth.challenged(headers, attempts=0)
    assert auth.authorization("GET", "/dir/index.html") == (
        'Digest username="Mufasa", realm="http-auth@example.org",'
        ' nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", uri="/dir/index.html",'
        ' response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",'
        ' opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", algorithm=SHA-256, qop=auth,'
        ' nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"'
    )


def test_the_form_of_credentials_with_a_hashed_name() -> None:
    """RFC 7616 section 3.9.2 with the values of erratum 4897."""
    auth = DigestAuth(
        NAME, PASSWORD, make_cnonce=lambda: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"
    )
    headers = HTTPHeaders(
        {
            "WWW-Authenticate": 'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256,'
            ' nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",'
            ' opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true'
        }
    )
    assert auth.challenged(headers, attempts=0)
    assert auth.authorization("GET", "/doe.json") == (
        'Digest username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b",'
        ' realm="api@example.org", nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",'
        ' uri="/doe.json",'
        ' response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5",'
        ' opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", algorithm=SHA-512-256, qop=auth,'
        ' nc=00000001, cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", userhash=true'
    )


def test_twisteds_server_accepts_answers() -> None:
    """`twisted.cred` is a server of RFC 2617 that others have written."""
    factory = DigestCredentialFactory("md5", b"the realm")
    given = factory.getChallenge(b"127.0.0.1")
    texts = {name: item if isinstance(item, str) else item.decode() for name, item in given.items()}
    value = "Digest " + ", ".join(f'{name}="{text}"' for name, text in texts.items())
    auth = DigestAuth("user", "s3cr3t, or not")
    assert auth.challenged(HTTPHeaders({"WWW-Authenticate": value}), attempts=0)
    for method in ("GET", "POST"):
        answer = auth.authorization(method, "/x?y")
        assert answer is not None
        sent = answer.removeprefix("Digest ").encode()
        credentials = factory.decode(sent, method.encode(), b"127.0.0.1")
        assert credentials.username == b"user"
        assert credentials.checkPassword(b"s3cr3t, or not")
        assert not credentials.checkPassword(b"other")
    with pytest.raises(LoginFailed):
        factory.decode(sent.replace(given["opaque"], b"x"), b"GET", b"127.0.0.1")


@pytest.mark.parametrize(
    ("algorithms", "chosen"),
    [
        (["MD5", "SHA-256"], "SHA-256"),
        (["SHA-512-256-sess", "SHA-256", "MD5"], "SHA-512-256-sess"),
        (["SHA-1", "MD5", "SHA-3"], "MD5"),
        (["MD5-sess", "MD5"], "MD5-sess"),
    ],
)
@pytest.mark.parametrize("lines", [True, False])
def test_the_strongest_algorithm_wins(algorithms: list[str], chosen: str, lines: bool) -> None:
    """Of several challenges, in one line or in several, among others; of equals the first."""
    server = Server(NAME, PASSWORD, qop='"auth"')
    values = [
        'Basic realm="x"',
        *[server.challenge(algorithm=one) for one in algorithms],
        "Negotiate",
    ]
    headers = HTTPHeaders()
    for value in values if lines else [", ".join(values)]:
        headers.add("WWW-Authenticate", value)
    auth = DigestAuth(NAME, PASSWORD)
    assert auth.challenged(headers, attempts=0)
    assert server.accepts(auth.authorization("GET", "/"), "GET", "/")
    assert server.parameters["algorithm"] == chosen


@pytest.mark.parametrize(
    "values",
    [
        [],
        ['Basic realm="x"'],
        ["Digest"],
        ['Digest realm="x", nonce="y", algorithm=SHA-1'],
        ['Digest realm="x", nonce="y'],
        ['Digest realm="x", nonce="y", nonce="z"'],
    ],
)
def test_without_a_challenge_that_can_be_answered_there_is_no_answer(values: list[str]) -> None:
    """Another scheme, an unknown algorithm or a header that is malformed: asking again is no use."""
    auth = DigestAuth(NAME, PASSWORD)
    headers = HTTPHeaders([("WWW-Authenticate", value) for value in values])
    assert not auth.challenged(headers, attempts=0)
    assert auth.authorization("GET", "/") is None


def test_a_malformed_line_leaves_the_others() -> None:
    """One challenge that can be read is enough."""
    server = Server(NAME, PASSWORD)
    headers = HTTPHeaders(
        [("WWW-Authenticate", 'Basic realm="'), ("WWW-Authenticate", server.challenge())]
    )
    auth = DigestAuth(NAME, PASSWORD)
    assert auth.challenged(headers, attempts=0)
    assert server.accepts(auth.authorization("GET", "/"), "GET", "/")


def test_the_second_refusal_is_the_last() -> None:
    """The password is wrong; and the next request carries no answer that would be refused again."""
    auth, server = _challenged(qop="auth")
    assert auth.authorization("GET", "/") is not None
    assert not auth.challenged(server.headers(), attempts=1)
    assert auth.authorization("GET", "/") is None


def test_a_stale_nonce_is_replaced_once() -> None:
    """The password was right, so asking again helps; a server that says so for ever is not believed."""
    auth, server = _challenged(qop="auth")
    assert server.accepts(auth.authorization("GET", "/"), "GET", "/")
    assert auth.challenged(server.headers(stale="true"), attempts=1)
    assert server.accepts(auth.authorization("GET", "/"), "GET", "/")
    assert server.parameters["nonce"] == "nonce/2=="
    assert not auth.challenged(server.headers(stale="true"), attempts=2)


def test_an_answer_in_advance_may_be_refused_without_a_word() -> None:
    """A server that was started anew knows no old nonces, and many do not say `stale`."""
    auth, server = _challenged(qop="auth")
    assert server.accepts(auth.authorization("GET", "/"), "GET", "/")
    assert auth.challenged(server.headers(), attempts=0)
    assert server.accepts(auth.authorization("GET", "/"), "GET", "/")


def test_requests_at_a_time_do_not_disturb_each_other() -> None:
    """Each is challenged, each has its answer, and the last challenge is that of the next request."""
    server = Server(NAME, PASSWORD, qop="auth")
    auth = DigestAuth(NAME, PASSWORD)
    refused = [server.headers() for _ in range(5)]
    for headers in refused:
        assert auth.challenged(headers, attempts=0)
        assert server.accepts(auth.authorization("GET", "/"), "GET", "/")
    assert server.accepts(auth.authorization("GET", "/"), "GET", "/")
    assert (server.parameters["nonce"], server.parameters["nc"]) == ("nonce/5==", "00000002")


def test_nonces_of_the_client_are_random() -> None:
    """Each answer has its own, but for `-sess`, whose secret contains it."""
    for algorithm, count in (("SHA-256", 10), ("SHA-256-sess", 1)):
        auth, server = _challenged(algorithm=algorithm, qop="auth")
        cnonces = set()
        for _ in range(10):
            assert server.accepts(auth.authorization("GET", "/"), "GET", "/")
            cnonces.add(server.parameters["cnonce"])
        assert len(cnonces) == count
        assert min(map(len, cnonces)) >= 16


def test_the_oldest_scheme_has_neither_count_nor_nonce_of_the_client() -> None:
    """Servers of RFC 2069 know none; `-sess` needs one all the same."""
    auth, server = _challenged()
    assert server.accepts(auth.authorization("GET", "/"), "GET", "/")
    assert sorted(server.parameters) == ["nonce", "realm", "response", "uri", "username"]
    auth, server = _challenged(algorithm="MD5-sess")
    assert server.accepts(auth.authorization("GET", "/"), "GET", "/")
    assert not server.parameters.keys() & {"nc", "qop"}


def test_a_body_that_is_not_known_cannot_be_protected() -> None:
    """A server that wants nothing else gets no answer for a stream; where it takes `auth`, it gets one."""
    auth, server = _challenged(qop="auth-int")
    assert auth.authorization("POST", "/", None) is None
    assert server.accepts(auth.authorization("POST", "/", b"x"), "POST", "/", b"x")
    auth, server = _challenged(qop='"auth-int, auth"')
    assert server.accepts(auth.authorization("POST", "/", None), "POST", "/")


def test_proxies_have_headers_of_their_own() -> None:
    """A 407 is answered in the same way."""
    server = Server(NAME, PASSWORD, qop="auth")
    auth = DigestAuth(NAME, PASSWORD)
    value = server.challenge()
    assert not auth.challenged(
        HTTPHeaders({"WWW-Authenticate": value}), "Proxy-Authenticate", attempts=0
    )
    assert auth.challenged(
        HTTPHeaders({"Proxy-Authenticate": value}), "Proxy-Authenticate", attempts=0
    )
    target = "example.com:443"
    assert server.accepts(auth.authorization("CONNECT", target), "CONNECT", target)
    headers = HTTPHeaders({"Proxy-Authentication-Info": 'nextnonce="next"'})
    auth.accepted(headers, "Proxy-Authentication-Info")
    server.counts["next"] = 0
    assert server.accepts(auth.authorization("CONNECT", target), "CONNECT", target)
    assert server.parameters["nonce"] == "next"


def test_the_next_nonce_is_used_and_counted_anew() -> None:
    """A server that gives one with each answer never sees a count beyond the first."""
    auth, server = _challenged(qop="auth", algorithm="SHA-256")
    for nonce in ("a", "b", "c"):
        server.counts[nonce] = 0
        assert server.accepts(auth.authorization("GET", "/"), "GET", "/")
        assert server.parameters["nc"] == "00000001"
        auth.accepted(HTTPHeaders({"Authentication-Info": f'qop=auth, nextnonce="{nonce}"'}))
        assert server.accepts(auth.authorization("GET", "/"), "GET", "/")
        assert server.parameters["nonce"] == nonce
        server.counts[f"{nonce}2"] = 0
        auth.accepted(HTTPHeaders({"Authentication-Info": f"nextnonce={nonce}2"}))


@pytest.mark.parametrize(
    "info",
    [None, "", 'rspauth="x"', 'nextnonce=""', 'nextnonce="x', "nextnonce", 'nextnonce="nonce/1=="'],
)
def test_without_another_nonce_the_old_one_counts_on(info: str | None) -> None:
    """The header may be missing, malformed, or say nothing new."""
    auth, server = _challenged(qop="auth")
    assert server.accepts(auth.authorization("GET", "/"), "GET", "/")
    auth.accepted(HTTPHeaders() if info is None else HTTPHeaders({"Authentication-Info": info}))
    assert server.accepts(auth.authorization("GET", "/"), "GET", "/")
    assert server.parameters["nc"] == "00000002"


def test_the_next_nonce_means_nothing_without_a_challenge() -> None:
    """A server that has asked for nothing gets nothing."""
    auth = DigestAuth(NAME, PASSWORD)
    auth.accepted(HTTPHeaders({"Authentication-Info": 'nextnonce="x"'}))
    assert auth.authorization("GET", "/") is None


def test_a_session_lasts_until_the_next_challenge() -> None:
    """With `-sess` the secret has the nonce of the challenge, whichever is used next (section 3.6)."""
    auth = DigestAuth("u", "p", make_cnonce=lambda: "c")
    challenge = 'Digest realm="r", nonce="n", qop=auth, algorithm=MD5-sess'
    assert auth.challenged(HTTPHeaders({"WWW-Authenticate": challenge}), attempts=0)
    auth.accepted(HTTPHeaders({"Authentication-Info": "nextnonce=m"}))

    def h(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    secret = h(f"{h('u:r:p')}:n:c")
    response = h(f"{secret}:m:00000001:c:auth:{h('GET:/')}")
    assert f'response="{response}"' in str(auth.authorization("GET", "/"))


def test_a_name_beyond_ascii_has_the_form_that_the_server_knows() -> None:
    """`username*` for who says UTF-8, its bytes for who does not, and the plain form for plain names."""
    auth, server = _challenged(charset="UTF-8", qop="auth")
    assert "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe," in str(auth.authorization("GET", "/"))
    auth, server = _challenged(qop="auth")
    assert 'username="J\xc3\xa4s\xc3\xb8n Doe"' in str(auth.authorization("GET", "/"))
    server = Server("Jason", PASSWORD, charset="UTF-8")
    auth = DigestAuth("Jason", PASSWORD)
    assert auth.challenged(server.headers(), attempts=0)
    assert 'username="Jason"' in str(auth.authorization("GET", "/"))


def test_credentials_are_not_shown() -> None:
    """Representations are logged, and so are errors."""
    auth, server = _challenged()
    assert repr(auth) == "<DigestAuth challenged>"
    assert not auth.challenged(server.headers(), attempts=1)
    assert repr(auth) == "<DigestAuth not challenged>"


@pytest.mark.parametrize(
    ("username", "password"),
    [("s3cr3t\n", "p"), ("s3cr3t\x00", "p"), ("\ud800s3cr3t", "p"), ("u", "s3cr3t\ud800")],
)
@pytest.mark.parametrize("scheme", [basic, DigestAuth])
def test_names_and_passwords_that_cannot_be_sent(username: str, password: str, scheme: Any) -> None:  # noqa: ANN401 -- both are called in one way
    """A name that would split the message, and what no encoding has, are refused and not shown."""
    with pytest.raises(InvalidRequest) as caught:
        scheme(username, password)
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("username", "password"), [(b"u", "p"), ("u", b"p"), (None, "p"), ("u", None)]
)
def test_digest_wants_text(username: object, password: object) -> None:
    """What is hashed has one encoding: the program decodes what it has."""
    with pytest.raises(TypeError, match="name and password are str, not"):
        DigestAuth(cast("str", username), cast("str", password))


def test_basic() -> None:
    """The examples of RFC 7617: section 2, and section 2.1 with UTF-8."""
    assert basic("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert basic("test", "123\u00a3") == "Basic dGVzdDoxMjPCow=="
    assert basic(b"\xff", b"") == "Basic /zo="
    assert doctest.testmod(credentials) == (0, 1)


@given(TEXTS.filter(lambda name: ":" not in name), TEXTS)
def test_basic_can_be_decoded(username: str, password: str) -> None:
    """A server finds name and password in normal form C."""
    pair = base64.b64decode(basic(username, password).removeprefix("Basic "), validate=True)
    name, _, secret = pair.decode().partition(":")
    assert (name, secret) == tuple(
        unicodedata.normalize("NFC", text) for text in (username, password)
    )


@pytest.mark.parametrize(
    ("username", "password", "message"),
    [
        ("a:b", "p", "colon"),
        ("a", "p\r\nX: y", "control"),
        ("a", b"\x7f", "control"),
        (b"\x00", "", "control"),
    ],
)
def test_basic_refuses_what_would_be_read_otherwise(
    username: str | bytes, password: str | bytes, message: str
) -> None:
    """A colon ends the name; control characters are forbidden (RFC 7617 section 2)."""
    with pytest.raises(InvalidRequest, match=message):
        basic(username, password)


def test_bearer() -> None:
    """A token as RFC 6750 section 2.1 has it stands behind the scheme."""
    assert bearer("mF_9.B5f-4.1JqM~+/==") == "Bearer mF_9.B5f-4.1JqM~+/=="
    for token in (
        "",
        " s3cr3t",
        "s3cr3t\n",
        "s3cr3t\r\nX: y",
        "s3 cr3t",
        "s3cr3té",
        's3cr3t"',
        "=s3cr3t",
    ):
        with pytest.raises(InvalidRequest, match="a bearer token has letters") as caught:
            bearer(token)
        assert "s3cr3t" not in str(caught.value)
