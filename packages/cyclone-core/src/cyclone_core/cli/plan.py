"""From the settings of a command line to the places to listen, each with its application."""

from pathlib import Path

from twisted.logger import Logger

from cyclone_core.cli.binding_tcp import TCPBinding, TLSBinding
from cyclone_core.cli.binding_unix import UnixBinding
from cyclone_core.cli.bindings import Binding
from cyclone_core.cli.loading import find, make, put_first
from cyclone_core.cli.options import DEFAULT_CERTIFICATE, DEFAULT_KEY, Settings
from cyclone_core.cli.problems import UsageProblem

__all__ = ["make_bindings"]

_log = Logger(namespace="cyclone.cli")


def make_bindings(settings: Settings, directory: Path) -> list[Binding]:
    """Load the applications and say where each listens. No port is opened.

    Args:
        settings: The checked options.
        directory: The working directory: first on `sys.path` from now on, and where relative paths
            start.

    Returns:
        The bindings; a unix socket stands last, so that nothing can fail once it is there.

    Raises:
        Problem: If an application cannot be found or made.
    """
    put_first(directory)
    bindings: list[Binding] = []
    plain = None if settings.app is None else find(settings.app, directory)
    secure = None if settings.ssl_app is None else find(settings.ssl_app, directory)
    argument, option = settings.ssl_appopts, "ssl-appopts"
    if plain is not None and secure is None and _wants_https(settings, directory):
        secure = plain
        if argument is None:
            argument, option = settings.appopts, "appopts"
    if plain is not None and secure is not None:
        _refuse_clash(settings)
    if plain is not None:
        factory = make(plain, settings.appopts)
        if settings.unix is None:
            bindings.append(TCPBinding(factory, settings.port, settings.listen))
        else:
            bindings.append(UnixBinding(factory, settings.unix))
    if secure is not None:
        bindings.insert(
            0,
            TLSBinding(
                make(secure, argument, option),
                settings.ssl_port,
                settings.ssl_listen,
                settings.ssl_key,
                settings.ssl_cert,
            ),
        )
    return bindings


def _refuse_clash(settings: Settings) -> None:
    """Refuse one port for HTTP and HTTPS.

    Raises:
        UsageProblem: If both ask for the same one.
    """
    same = settings.port == settings.ssl_port != 0 and settings.listen == settings.ssl_listen
    if settings.unix is None and same:
        raise UsageProblem(
            f"--port and --ssl-port are both {settings.port}: HTTP and HTTPS need a port each."
        )


def _wants_https(settings: Settings, directory: Path) -> bool:
    """Decide whether FILE.py gets HTTPS too: if certificate and key lie there (cyclone 1.x).

    Args:
        settings: The checked options; `app` is given, `ssl_app` is not.
        directory: The working directory.

    Returns:
        True if it is.
    """
    if settings.app is None or not settings.app.endswith(".py"):
        return False
    files = (settings.ssl_cert, settings.ssl_key)
    missing = [file for file in files if not (directory / file).is_file()]
    if not missing:
        _log.info("{files} are here: HTTPS is started too.", files=" and ".join(files))
        return True
    if len(missing) == 1 or files != (DEFAULT_CERTIFICATE, DEFAULT_KEY):
        _log.warn("HTTPS is not started: {missing} is missing.", missing=" and ".join(missing))
    return False
