"""The options of `twistd cyclone` and `cyclone run`: one table, from which both parsers are built.

Names, letters and defaults are those of cyclone 1.x, with both interfaces on 127.0.0.1 as its
newest README prints them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cyclone_core.cli.problems import UsageProblem

__all__ = ["DEFAULT_CERTIFICATE", "DEFAULT_KEY", "OPTIONS", "Option", "Settings", "versions"]

DEFAULT_CERTIFICATE = "server.crt"
DEFAULT_KEY = "server.key"

_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Option:
    """One option that takes a value.

    Attributes:
        name: The long name, without dashes in front.
        short: The letter, or None.
        default: What holds when the option is not given, as it would be typed.
        help: One sentence for the help text, without the default.
        metavar: How the value is called in the help text of `cyclone run`.
    """

    name: str
    short: str | None
    default: str | None
    help: str
    metavar: str


OPTIONS: tuple[Option, ...] = (
    Option("port", "p", "8888", "TCP port for HTTP; 0 takes a free one", "PORT"),
    Option("listen", "l", "127.0.0.1", "address for HTTP; 0.0.0.0 opens it to others", "ADDRESS"),
    Option("unix", "u", None, "listen on this unix socket instead of the TCP port", "PATH"),
    Option("app", "r", None, "dotted name of the application, or FILE.py", "NAME"),
    Option("appopts", "c", None, "text handed to the application as its one argument", "TEXT"),
    Option("ssl-port", None, "8443", "TCP port for HTTPS; 0 takes a free one", "PORT"),
    Option("ssl-listen", None, "127.0.0.1", "address for HTTPS", "ADDRESS"),
    Option("ssl-cert", None, DEFAULT_CERTIFICATE, "certificate (chain) file, PEM", "FILE"),
    Option("ssl-key", None, DEFAULT_KEY, "private key file, PEM", "FILE"),
    Option("ssl-app", None, None, "dotted name of the application for HTTPS, or FILE.py", "NAME"),
    Option("ssl-appopts", None, None, "text handed to the HTTPS application", "TEXT"),
)


def _port(name: str, text: str) -> int:
    """Read a port number.

    Args:
        name: The option it was given to, for the message.
        text: What was typed.

    Returns:
        A number from 0 to 65535.

    Raises:
        UsageProblem: If it is no such number.
    """
    # The length is checked before int(): it refuses thousands of digits with an error of its own.
    if text.isascii() and text.isdigit() and len(text) <= len(str(_LAST_PORT)):
        port = int(text)
        if port <= _LAST_PORT:
            return port
    raise UsageProblem(f"--{name}={text!s} is no port: it takes a number from 0 to {_LAST_PORT}.")


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of one start, checked. Each field is the option of the same name.

    Attributes:
        port: TCP port for HTTP, 0 for any free one.
        listen: Address for HTTP.
        unix: Path of the unix socket that replaces the TCP port, or None.
        app: Dotted name or FILE.py of the application for HTTP, or None.
        appopts: Its one argument, or None for no argument.
        ssl_port: TCP port for HTTPS, 0 for any free one.
        ssl_listen: Address for HTTPS.
        ssl_cert: Path of the certificate file.
        ssl_key: Path of the private key file.
        ssl_app: Dotted name or FILE.py of the application for HTTPS, or None.
        ssl_appopts: Its one argument, or None for no argument.
    """

    port: int
    listen: str
    unix: str | None
    app: str | None
    appopts: str | None
    ssl_port: int
    ssl_listen: str
    ssl_cert: str
    ssl_key: str
    ssl_app: str | None
    ssl_appopts: str | None

    @classmethod
    def read(cls, typed: Mapping[str, str | None], file: str | None = None) -> "Settings":
        """Check what a parser found.

        Args:
            typed: Option names as in the table, to the text typed or the default.
            file: The positional FILE.py, or None.

        Returns:
            The checked settings; `file` has become `app`.

        Raises:
            UsageProblem: If a port is no port, or no application is named, or two.
        """
        values = {option.name: typed.get(option.name, option.default) for option in OPTIONS}
        if file is not None:
            if values["app"] is not None:
                raise UsageProblem(
                    f"Both {file} and --app={values['app']} name the application: give only one."
                )
            if not file.endswith(".py"):
                raise UsageProblem(
                    f"{file} is no Python file: give FILE.py, or a dotted name with --app=NAME."
                )
            values["app"] = file
        if values["app"] is None and values["ssl-app"] is None:
            raise UsageProblem(
                "No application is named: give FILE.py, or --app=NAME, for instance "
                "-r hello.Application. --help lists all options."
            )
        if values["unix"] == "":
            raise UsageProblem("--unix is empty: it takes the path of a socket.")
        return cls(
            port=_port("port", values["port"] or ""),
            listen=values["listen"] or "",
            unix=values["unix"],
            app=values["app"],
            appopts=values["appopts"],
            ssl_port=_port("ssl-port", values["ssl-port"] or ""),
            ssl_listen=values["ssl-listen"] or "",
            ssl_cert=values["ssl-cert"] or "",
            ssl_key=values["ssl-key"] or "",
            ssl_app=values["ssl-app"],
            ssl_appopts=values["ssl-appopts"],
        )


def versions() -> str:
    """Say which versions are installed.

    Returns:
        Two lines, cyclone's version and Twisted's.
    """
    # 30 ms that `cyclone --help` need not pay.
    from importlib.metadata import version

    return f"cyclone {version('cyclone-core')}\nTwisted {version('Twisted')}"
