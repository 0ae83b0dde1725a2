"""Which applications listen where."""

from collections.abc import Callable
from pathlib import Path

import pytest
from twisted.logger import capturedLogs

from cyclone_core.cli.binding_tcp import TCPBinding, TLSBinding
from cyclone_core.cli.binding_unix import UnixBinding
from cyclone_core.cli.bindings import Binding
from cyclone_core.cli.options import Settings
from cyclone_core.cli.plan import make_bindings
from cyclone_core.cli.problems import UsageProblem

Write = Callable[..., Path]

FILE = """
from twisted.internet.protocol import ServerFactory

class Application(ServerFactory):
    def __init__(self, argument=None):
        self.argument = argument

class Other(Application):
    pass
"""


def plan(file: str | None = None, **typed: str) -> list[Binding]:
    """Make the bindings of a command line typed in the current directory."""
    options: dict[str, str | None] = {name.replace("_", "-"): typed[name] for name in typed}
    return make_bindings(Settings.read(options, file), Path.cwd())


def argument(binding: Binding) -> object:
    """Return what the application of a binding was made with."""
    assert isinstance(binding, (TCPBinding, TLSBinding, UnixBinding))
    return vars(binding.factory)["argument"]


def test_http_listens_on_the_tcp_port(write: Write) -> None:
    """-r alone is one TCP port."""
    write("plain.py", FILE)
    (binding,) = plan(app="plain.Application", port="81", listen="127.0.0.2", appopts="x")
    assert isinstance(binding, TCPBinding)
    assert (binding.port, binding.interface, argument(binding)) == (81, "127.0.0.2", "x")


def test_a_unix_socket_replaces_the_tcp_port(write: Write) -> None:
    """-u takes HTTP away from TCP; HTTPS stays, and is opened first."""
    write("plain.py", FILE)
    first, last = plan(app="plain.Application", unix="web.sock", ssl_app="plain.Other")
    assert isinstance(first, TLSBinding)
    assert isinstance(last, UnixBinding)
    assert last.path == "web.sock"


def test_two_applications_on_http_and_https(write: Write) -> None:
    """--ssl-app has its own class, options, port and files."""
    write("plain.py", FILE)
    secure, plain = plan(
        app="plain.Application",
        appopts="one",
        ssl_app="plain.Other",
        ssl_appopts="two",
        ssl_port="444",
        ssl_listen="::1",
        ssl_key="k",
        ssl_cert="c",
    )
    assert isinstance(secure, TLSBinding)
    assert (secure.port, secure.interface, secure.key, secure.certificate) == (444, "::1", "k", "c")
    assert type(secure.factory).__name__ == "Other"
    assert (argument(plain), argument(secure)) == ("one", "two")


def test_https_alone(write: Write) -> None:
    """--ssl-app without --app opens no HTTP port."""
    write("plain.py", FILE)
    (binding,) = plan(ssl_app="plain.Application")
    assert isinstance(binding, TLSBinding)


def test_one_port_for_both_is_refused(write: Write) -> None:
    """The same number on the same address cannot serve both; free ports and other places can."""
    write("plain.py", FILE)
    both = {"app": "plain.Application", "ssl_app": "plain.Other"}
    with pytest.raises(UsageProblem, match="--port and --ssl-port are both 9000"):
        plan(**both, port="9000", ssl_port="9000")
    assert len(plan(**both, port="0", ssl_port="0")) == 2
    assert len(plan(**both, port="9000", ssl_port="9000", ssl_listen="::1")) == 2
    assert len(plan(**both, port="9000", ssl_port="9000", unix="web.sock")) == 2


def test_a_file_gets_https_when_key_and_certificate_are_there(write: Write) -> None:
    """The classic rule: FILE.py beside server.crt and server.key serves both; the log says so."""
    write("plain.py", FILE)
    write("server.crt")
    write("server.key")
    with capturedLogs() as log:
        secure, plain = plan("plain.py", appopts="x")
    assert isinstance(secure, TLSBinding)
    assert "server.crt and server.key" in [event.get("files") for event in log]
    assert (argument(plain), argument(secure)) == ("x", "x")
    secure, plain = plan("plain.py", appopts="x", ssl_appopts="y")
    assert (argument(plain), argument(secure)) == ("x", "y")


def test_a_name_gets_no_https_by_itself(write: Write) -> None:
    """With -r the files change nothing: HTTPS needs --ssl-app."""
    write("plain.py", FILE)
    write("server.crt")
    write("server.key")
    assert len(plan(app="plain.Application")) == 1


@pytest.mark.parametrize(
    ("there", "typed", "told"),
    [
        ((), {}, None),
        (("server.crt",), {}, "server.key"),
        (("server.key",), {}, "server.crt"),
        ((), {"ssl_cert": "c", "ssl_key": "k"}, "c and k"),
    ],
)
def test_missing_files_are_told_where_https_was_meant(
    write: Write, there: tuple[str, ...], typed: dict[str, str], told: str | None
) -> None:
    """No file is silence; one of two, or files named on the command line, are a warning."""
    write("plain.py", FILE)
    for name in there:
        write(name)
    with capturedLogs() as log:
        assert len(plan("plain.py", **typed)) == 1
    assert [event["missing"] for event in log if "missing" in event] == (
        [] if told is None else [told]
    )
