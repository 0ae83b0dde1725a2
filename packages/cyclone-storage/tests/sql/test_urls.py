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
    ],
)
def test_wrong_numbers(options: dict[str, Any], message: str) -> None:
    """A number that makes no sense is refused by its name."""
    with pytest.raises(ValueError, match=message):
        connect(POSTGRESQL, **options)


def test_driver_options() -> None:
    """Further arguments reach the driver."""
    assert (
        arguments(POSTGRESQL, driver_options={"prepare_threshold": None})["prepare_threshold"]
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
