"""Databases over TLS and over Unix sockets."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import trustme

from cyclone_storage.sql import connect

from ..running import Loop
from ..servers.processes import unprivileged, writable_directory
from .conftest import need
from .databases import DRIVERS, Database


@dataclass
class Encrypted:
    """A database whose server has a certificate for the name `localhost`.

    Attributes:
        database: The database.
        authorities: The path of its CA's certificate.
    """

    database: Database
    authorities: str


@pytest.fixture(scope="module", params=list(DRIVERS))
def encrypted(request: pytest.FixtureRequest) -> Iterator[Encrypted]:
    """Give each of the databases over TLS."""
    need(request.param)
    directory = writable_directory("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "ca.pem")
    leaf = authority.issue_cert("localhost")
    leaf.cert_chain_pems[0].write_to_path(directory / "server.crt")
    leaf.private_key_pem.write_to_path(directory / "server.key")
    if (user := unprivileged()) is not None:
        shutil.chown(directory / "server.key", user)
    (directory / "server.key").chmod(0o600)
    certificate, key = str(directory / "server.crt"), str(directory / "server.key")
    if request.param == "postgresql":
        options = {"ssl": "on", "ssl_cert_file": certificate, "ssl_key_file": key}
    else:
        options = {"ssl_cert": certificate, "ssl_key": key}
    database = Database.start(request.param, **options)
    yield Encrypted(database, str(directory / "ca.pem"))
    database.server.close()
    shutil.rmtree(directory)


def encryption(database: Database) -> str:
    """Return a statement whose last column is empty, or false, if there is none."""
    if database.scheme == "postgresql":
        return "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    return "SHOW STATUS LIKE 'Ssl_cipher'"


def test_verified(encrypted: Encrypted, loop: Loop) -> None:
    """With the right CA and name the connection is encrypted."""

    async def main() -> None:
        database = encrypted.database
        pool = connect(database.url(host="localhost"), tls=encrypted.authorities)
        assert (await pool.runQuery(encryption(database)))[0][-1]
        await pool.close()
        pool = connect(database.url(host="localhost"), tls=False)
        assert not (await pool.runQuery(encryption(database)))[0][-1]
        await pool.close()

    loop.run(main)


def test_refused(encrypted: Encrypted, loop: Loop) -> None:
    """Another name, or another CA, is refused by the driver."""

    async def main() -> None:
        database = encrypted.database
        for host, tls in [("127.0.0.1", encrypted.authorities), ("localhost", True)]:
            pool = connect(database.url(host=host), tls=tls)
            with pytest.raises(pool.dbapi.OperationalError, match=r"(?i)certificate|match"):
                await pool.ready()
            await pool.close()

    loop.run(main)


def test_server_without_tls(loop: Loop, postgresql: Database, mysql: Database) -> None:
    """A server that has no TLS is not spoken with in the clear when TLS was asked for."""

    async def main() -> None:
        for database in (postgresql, mysql):
            pool = connect(database.url(host="localhost"), tls=True)
            with pytest.raises(pool.dbapi.OperationalError, match=r"(?i)ssl"):
                await pool.ready()
            await pool.close()

    loop.run(main)


def test_unix_sockets(loop: Loop, postgresql: Database, mysql: Database) -> None:
    """Both are reached over their Unix sockets, and say so where they are not."""
    folder = postgresql.server.directory
    path = mysql.server.directory / "socket"

    async def main() -> None:
        for url in [
            postgresql.url(host="", host_="").replace("host_=", f"host={folder}"),
            mysql.url(host="", unix_socket=str(path)),
        ]:
            pool = connect(url)
            assert await pool.runQuery("SELECT 1") == [(1,)]
            assert str(folder if "postgresql" in url else path) in pool.shown
            await pool.close()
        pool = connect(mysql.url(unix_socket=str(path) + "x"))
        with pytest.raises(pool.dbapi.OperationalError, match="Can't connect to mysql:///cyclone"):
            await pool.ready()
        await pool.close()

    loop.run(main)
