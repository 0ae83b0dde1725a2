"""URLs of databases, and the other arguments of `connect`; nothing is connected here."""

import ssl
from collections.abc import Iterator
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from cyclone_storage.errors import InvalidURL
from cyclone_storage.sql import connect

from .conftest import need

POSTGRESQL = "postgresql://me:secret@db.example:5433/shop"
MYSQL = "mysql://me:secret@db.example:3307/shop"


@pytest.fixture(autouse=True)
def _drivers() -> None:
    need("postgresql")
    need("mysql")


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    """Collect what is logged."""
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        lines.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    yield lines
    globalLogPublisher.removeObserver(observe)


def arguments(url: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 -- whatever it is
    """Return what the driver is given."""
    found: dict[str, Any] = connect(url, **options)._driver._arguments  # type: ignore[attr-defined]
    return found


def test_parts() -> None:
    """Host, port, user, password and database are those of the URL, percent-decoded."""
    found = arguments("postgres://m%40e:s%2Fecret@db.example:5433/shop?application_name=x")
    assert (found["host"], found["port"], found["dbname"]) == ("db.example", "5433", "shop")
    assert (found["user"], found["password"]) == ("m@e", "s/ecret")
    assert found["application_name"] == "x"
    assert arguments("postgresql://a:1,b:2/shop")["port"] == "1,2"
    found = arguments("mariadb://m%40e:s%2F%C3%BC@db.example:3307/sh%20op?charset=utf8mb4")
    assert (found["host"], found["port"], found["database"]) == ("db.example", 3307, "sh op")
    assert (found["user"], found["password"]) == ("m@e", "s/ü".encode())
    assert found["charset"] == "utf8mb4"
    found = arguments("mysql://")
    assert (found["host"], found["port"], found["database"]) == ("localhost", 3306, None)
    assert (found["user"], found["password"]) == (None, b"")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (POSTGRESQL, "postgresql://db.example:5433/shop"),
        ("postgresql://", "postgresql://localhost:5432/"),
        ("postgresql:///shop?host=/run/pg", "postgresql:///run/pg:5432/shop"),
        (MYSQL, "mysql://db.example:3307/shop"),
        ("mysql://me:secret@[::1]/shop", "mysql://[::1]:3306/shop"),
        ("mariadb:///shop?unix_socket=/run/my", "mariadb:///shop?unix_socket=/run/my"),
    ],
)
def test_shown(url: str, shown: str) -> None:
    """What is shown of it has no user and no password."""
    pool = connect(url)
    assert pool.shown == shown
    assert repr(pool) == f"<SQLPool {shown}: 0 of 10 open>"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("oracle://me:secret@host/shop", "begins with one of postgresql://, postgres://, mysql://"),
        ("secret", "begins with one of"),
        ("postgresql://me:secret@host:port/shop", "expected postgresql://user:password"),
        ("postgresql://me:secret@a:1,b:²/shop", "expected postgresql://user:password"),
        ("postgresql://me:secret@[::1/shop", "expected postgresql://user:password"),
        ("postgresql://me:secret@host/shop?secret=1", "expected postgresql://user:password"),
        ("mysql://me:secret@host:port/shop", "expected mysql://user:password"),
        ("mysql://me:secret@[::1/shop", "expected mysql://user:password"),
        (
            "postgresql://me:se@secret@host/shop",
            "'@' that does not stand between user:password and",
        ),
        (
            "postgresql://me:12/secret@host/shop",
            "'@' that does not stand between user:password and",
        ),
        (
            "postgresql://me:12?secret@host/shop",
            "'@' that does not stand between user:password and",
        ),
        ("mysql://me:se@secret@host/shop", "'@' that does not stand between user:password and"),
        ("mysql://me:12/secret@host/shop", "'@' that does not stand between user:password and"),
        ("mysql://me:12?secret@host/shop", "'@' that does not stand between user:password and"),
        ("mysql://me:secret@host/shop?name@secret=1", "'@' that does not stand between"),
        ("mysql://me:se#secret@host/shop", "has a '#'"),
        ("postgresql://me:secret@host/shop#part", "has a '#'"),
        ("mysql://me:se\tcret secret@host/shop", "a space or a control character"),
        ("postgresql://me:secret\x7f@host/shop", "a space or a control character"),
        ("mysql://me:secret@host:0/shop", "expected mysql://user:password"),
        ("mysql://me:secret@host/shop/other", "expected mysql://user:password"),
        ("postgresql://me:secret@host:0/shop", "expected postgresql://user:password"),
        ("postgresql://me:secret@host:65536/shop", "expected postgresql://user:password"),
        ("mysql://me:secret@host/shop?unix_socket=", "is empty, or there twice"),
        ("mysql://me:secret@host/shop?charset=a&charset=b", "is empty, or there twice"),
        ("mysql://me:secret@host/shop?local_infile=1", "unknown parameter 'local_infile'"),
        (
            "mysql://me:secret@host/shop?ssl_mode=perhaps",
            "unknown ssl_mode 'PERHAPS'; there are DIS",
        ),
    ],
)
def test_wrong_urls(url: str, message: str) -> None:
    """A wrong URL is refused with what a right one looks like, and its password is not shown."""
    with pytest.raises(InvalidURL, match=message) as caught:
        connect(url)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("url", [None, b"postgresql://me:secret@host/shop", 5])
def test_url_of_another_type(url: Any) -> None:  # noqa: ANN401 -- as above
    """What is no text is refused as such, and not shown."""
    with pytest.raises(TypeError, match=r"has to be a str, not \w+$"):
        connect(url)


def test_scheme_in_capitals() -> None:
    """A scheme may be written in any letters."""
    assert connect("POSTGRESQL://me@host/shop").shown == "postgresql://host:5432/shop"
    assert connect("MySQL://me@host/shop").shown == "mysql://host:3306/shop"


@given(st.sampled_from(["postgresql", "mysql"]), st.text(max_size=40))
def test_any_url(scheme: str, rest: str) -> None:
    """Any text behind the scheme is a database, or InvalidURL."""
    try:
        pool = connect(f"{scheme}://{rest}")
    except InvalidURL:
        return
    assert pool.shown.startswith(f"{scheme}://")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_size": 11}, "min_size=11"),
        ({"min_size": -1}, "min_size=-1"),
        ({"min_size": 0, "max_size": 0}, "max_size=0"),
        ({"max_waiting": -1}, "max_waiting=-1"),
        ({"wait_timeout": 0}, "wait_timeout is 0 s"),
        ({"connect_timeout": -1}, "connect_timeout is -1 s"),
        ({"statement_timeout": 0}, "statement_timeout is 0 s"),
        ({"max_idle": 0}, "max_idle is 0 s"),
        ({"ping_after": -1}, "ping_after is -1 s; it has to be 0 or more"),
        ({"wait_timeout": float("nan")}, "wait_timeout is nan s"),
        ({"max_idle": float("inf")}, "max_idle is inf s"),
        ({"tls": ""}, "tls is an empty path"),
    ],
)
def test_wrong_numbers(options: dict[str, Any], message: str) -> None:
    """A number that makes no sense is refused by its name."""
    with pytest.raises(ValueError, match=message):
        connect(POSTGRESQL, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_size": "10"}, "max_size is '10'; it has to be a whole number"),
        ({"min_size": True}, "min_size is True"),
        ({"max_waiting": 1.5}, "max_waiting is 1.5"),
        ({"wait_timeout": None}, "wait_timeout is None; it has to be a number of seconds"),
        ({"connect_timeout": "5"}, "connect_timeout is '5'"),
        ({"statement_timeout": "5"}, "statement_timeout is '5'"),
        ({"ping_after": "x"}, "ping_after is 'x'"),
        ({"max_idle": True}, "max_idle is True"),
        ({"tls": 1}, "tls is 1; it has to be True, False, None or the path"),
        ({"tls": b"ca.pem"}, "tls is b'ca.pem'"),
        ({"on_connect": 5}, "on_connect is 5; it has to be a function"),
        ({"driver_options": None}, "driver_options have to be a dictionary"),
        ({"driver_options": {1: 2}}, "driver_options have to be a dictionary"),
        ({"driver_options": {"bogus": "secret"}}, "bogus"),
    ],
)
@pytest.mark.parametrize("url", [POSTGRESQL, MYSQL])
def test_wrong_types(url: str, options: dict[str, Any], message: str) -> None:
    """What is of the wrong type is refused at once, by its name."""
    with pytest.raises(TypeError, match=message) as caught:
        connect(url, **options)
    assert "secret" not in str(caught.value)


def test_unknown_charset() -> None:
    """A value that PyMySQL does not know is refused at once."""
    with pytest.raises(TypeError, match=r"pymysql\.connect\(\) takes"):
        connect(f"{MYSQL}?charset=bogus")


def test_driver_options() -> None:
    """Further arguments reach the driver."""
    assert (
        arguments(POSTGRESQL, driver_options={"prepare_threshold": None, "keepalives": 0})[
            "prepare_threshold"
        ]
        is None
    )
    assert arguments(MYSQL, driver_options={"client_flag": 2})["client_flag"] == 2
    assert arguments(POSTGRESQL, connect_timeout=0.2)["connect_timeout"] == 1
    assert arguments(f"{POSTGRESQL}?connect_timeout=7")["connect_timeout"] == "7"


def test_tls_of_postgresql(warnings: list[str]) -> None:
    """TLS that is asked for verifies; what does not is said."""
    assert "sslmode" not in arguments(POSTGRESQL)
    found = arguments(POSTGRESQL, tls="ca.pem")
    assert (found["sslmode"], found["sslrootcert"]) == ("verify-full", "ca.pem")
    found = arguments(f"{POSTGRESQL}?sslmode=require", tls=True)
    assert found["sslmode"] == "verify-full"
    assert found["sslrootcert"] in {ssl.get_default_verify_paths().cafile, "system"}
    assert arguments(POSTGRESQL, tls=False)["sslmode"] == "disable"
    assert arguments(f"{POSTGRESQL}?sslmode=verify-full")["sslmode"] == "verify-full"
    assert warnings == []
    assert arguments(f"{POSTGRESQL}?sslmode=require")["sslmode"] == "require"
    assert len(warnings) == 1
    assert "takes any certificate" in warnings[0]
    assert "secret" not in warnings[0]


def context_of(url: str, **options: Any) -> tuple[ssl.VerifyMode, bool] | None:  # noqa: ANN401 -- as above
    """Return whether MySQL's certificate and host are verified, None without a context."""
    found = arguments(url, **options).get("ssl")
    return found and (found.verify_mode, found.check_hostname)


def test_tls_of_mysql(warnings: list[str], tmp_path: Any) -> None:  # noqa: ANN401 -- as above
    """TLS that is asked for verifies; what does not is said."""
    authority = trustme.CA()
    path = str(tmp_path / "ca.pem")
    authority.cert_pem.write_to_path(path)
    leaf = authority.issue_cert("db.example")
    leaf.private_key_and_cert_chain_pem.write_to_path(tmp_path / "me.pem")
    verified = (ssl.CERT_REQUIRED, True)
    assert arguments(MYSQL)["ssl_disabled"] is False
    assert arguments(f"{MYSQL}?ssl_mode=preferred")["ssl_disabled"] is False
    assert arguments(f"{MYSQL}?ssl_mode=DISABLED")["ssl_disabled"] is True
    assert arguments(f"{MYSQL}?ssl_mode=VERIFY_IDENTITY", tls=False)["ssl_disabled"] is True
    assert context_of(MYSQL) is None
    assert context_of(MYSQL, tls=True) == verified
    assert context_of(MYSQL, tls=path) == verified
    assert context_of(f"{MYSQL}?ssl_ca={path}") == verified
    assert context_of(f"{MYSQL}?ssl_mode=VERIFY_IDENTITY") == verified
    assert context_of(f"{MYSQL}?ssl_mode=REQUIRED", tls=True) == verified
    assert context_of(f"{MYSQL}?ssl_mode=DISABLED", tls=True) == verified
    assert context_of(f"{MYSQL}?ssl_ca={path}&ssl_cert={tmp_path / 'me.pem'}") == verified
    assert warnings == []
    assert context_of(f"{MYSQL}?ssl_mode=VERIFY_CA&ssl_ca={path}") == (ssl.CERT_REQUIRED, False)
    assert context_of(f"{MYSQL}?ssl_mode=REQUIRED") == (ssl.CERT_NONE, False)
    assert len(warnings) == 2
    assert "ssl_mode=VERIFY_CA takes the certificate of another host" in warnings[0]
    with pytest.raises(
        InvalidURL, match=r"of the files /nowhere.pem, one cannot be read: .*No such"
    ):
        connect(MYSQL, tls="/nowhere.pem")
