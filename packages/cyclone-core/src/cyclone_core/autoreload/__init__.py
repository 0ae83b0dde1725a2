"""Starts a program again when its source has changed (Tornado: `autoreload`).

`Application(debug=True)` turns it on for an application that is served by `cyclone run`, `twistd -n`
or `Application.listen`; `start()` does for any program with a reactor. One timer looks at the source
files of all imported modules and at those that were given to `watch`; with the extra `reload` the
library `watchfiles` tells of changes at once. Then:

* A file that Python cannot read keeps the old program running; the log names file, line and text.
* Listening sockets stay open: a client that connects meanwhile waits and is served.
* Requests in flight may go on for a second, then the hooks are called.
* The program becomes a new one in the same process, with the same options, words and directory.
* If that fails on its way up, it shows why and waits for the next change, its sockets still open.

Nothing of this happens in a daemon, in a process that was forked or has given up rights, nor on
another root directory. What a program does when it ends (`atexit`, triggers of the reactor) does not
happen, either: `add_reload_hook` is for that.

    python -m cyclone_core.autoreload PROGRAM.py

does it for a program that knows nothing of it, and runs one that is no server again when it has ended.
"""

import sys
from collections.abc import Callable, Mapping
from os import PathLike, environ, fspath
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from cyclone_core.autoreload.process import Process
from cyclone_core.autoreload.reloader import Reloader
from cyclone_core.autoreload.sockets import Place
from cyclone_core.autoreload.wrapper import Wrapper, wait_for_change

if TYPE_CHECKING:
    from socket import socket

__all__ = [
    "add_reload_hook",
    "inherit",
    "inherits",
    "keep",
    "main",
    "start",
    "start_for",
    "wait",
    "watch",
    "watch_error",
]

_process: Final = Process()
_reloaders: Final[WeakSet[Reloader]] = WeakSet()


def start(
    check_time: float = 500,
    *,
    reactor: Any = None,  # noqa: ANN401 -- mypy cannot read zope's interfaces
    grace: float = 1.0,
) -> None:
    """Look for changed files from now on; once for each reactor.

    Args:
        check_time: Milliseconds between two looks.
        reactor: The reactor whose timer is used; by default the global one.
        grace: Seconds that requests in flight may go on before the program ends.

    Raises:
        ValueError: A number is not above 0, or the grace is below it.

    Source: Tornado, `autoreload.start`; the grace is ours.
    """
    if not check_time > 0:
        raise ValueError(f"check_time is in milliseconds and above 0, not {check_time!r}")
    if not grace >= 0:
        raise ValueError(f"grace is in seconds and not below 0, not {grace!r}")
    if reactor is None:
        from twisted.internet import reactor
    if all(each.reactor is not reactor for each in _reloaders):
        reloader = Reloader(reactor, _process, check_time / 1000, grace)
        _reloaders.add(reloader)
        reloader.start()


def start_for(application: object, reactor: Any = None) -> bool:  # noqa: ANN401 -- as for `start`
    """Look for changed files if an application's setting `autoreload` is true.

    Compiled templates that are kept (setting `compiled_template_cache`) count as source then.

    Args:
        application: The application, or any other factory.
        reactor: As for `start`.

    Returns:
        Whether it is true, and this process may be replaced by a new one.
    """
    settings = getattr(application, "settings", None)
    if not isinstance(settings, Mapping) or not settings.get("autoreload"):
        return False
    if _process.objection() is not None:
        return False
    templates = settings.get("template_path")
    if templates and settings.get("compiled_template_cache", True):
        watch(templates)
    start(reactor=reactor)
    return True


def wait() -> None:
    """Wait for a change, and run the program again; for the end of one that is no server.

    Source: Tornado, `autoreload.wait`.
    """
    wait_for_change(_process)


def watch(filename: str | PathLike[str]) -> None:
    """Look for changes of a file, too; those of imported modules are watched anyway.

    Args:
        filename: Its path; that of a directory for all files in and below it.

    Source: Tornado, `autoreload.watch`; directories are ours.
    """
    _process.files.add(fspath(filename))


def watch_error(error: BaseException) -> None:
    """Look for changes of the files that an error has come through; for who does not let it through.

    Args:
        error: The error, for instance that of an import.
    """
    _process.files.add_error(error)


def add_reload_hook(fn: Callable[[], object]) -> None:
    """Call a function before the program ends to be started again.

    Args:
        fn: The function. It is not waited for; an error is logged.

    Source: Tornado, `autoreload.add_reload_hook`.
    """
    _process.hooks.append(fn)


def inherits(path: str) -> bool:
    """Tell whether the program before has left a unix socket that is not listened on yet.

    Whoever removes sockets that dead processes have left behind asks this first.

    Args:
        path: The path of the socket, as it is given to the reactor.
    """
    return _process.sockets.holds(path)


def inherit(interface: str, port: int) -> "socket | None":
    """Give a listening socket of the program before to who binds sockets without the reactor.

    Args:
        interface: The address that is asked for.
        port: The port, 0 for any.

    Returns:
        A socket; None if there is none.
    """
    return _process.sockets.take(Place(interface, port))


def keep(port: Any, reactor: Any, interface: str, number: int) -> None:  # noqa: ANN401 -- as for `start`
    """Keep the socket of a port that was adopted: the next program asks `inherit` for it.

    Args:
        port: The port (Twisted: `IListeningPort`).
        reactor: Its reactor.
        interface: What `inherit` is going to be asked for.
        number: Likewise.
    """
    _process.sockets.adopted(reactor, port, Place(interface, number))


def main() -> None:
    """Run the program that the command line names, and again whenever it changes.

    Raises:
        SystemExit: The program has ended and is not to be run again.

    Source: Tornado, `autoreload.main`.
    """
    _process.inherit(environ)
    wrapper = Wrapper(_process, lambda reactor: start(reactor=reactor), wait)
    wrapper.main(sys.argv[1:])
