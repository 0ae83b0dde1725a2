"""The classic names of cyclone: `cyclone.web` is `cyclone_core.web`, the same module object.

This package holds no code of its own. Each classic module is an alias of the module that carries
the code, so state, monkey patches and pickles are shared whichever name a program uses. `ALIASES`
is the table of them. A plain `import cyclone` is enough: they are imported when first touched.
"""

from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Final

from cyclone._aliases import install

__all__ = [
    "ALIASES",
    "__author__",
    "__version__",
    "autoreload",
    "bottle",
    "escape",
    "httpclient",
    "httpserver",
    "httputil",
    "locale",
    "log",
    "options",
    "redis",
    "routing",
    "sqlite",
    "template",
    "testing",
    "util",
    "version",
    "web",
    "wsgi",
]

version: Final[str] = "2.0.0"
__version__: Final[str] = version
__author__: Final[str] = "The cyclone developers"

ALIASES: Final = MappingProxyType(
    {
        "autoreload": "cyclone_core.autoreload",
        "bottle": "cyclone_core.bottle",
        "escape": "cyclone_escape",
        "httpclient": "cyclone_core.httpclient",
        "httpserver": "cyclone_core.httpserver",
        "httputil": "cyclone_core.httputil",
        "locale": "cyclone_locale",
        "log": "cyclone_core.log",
        "options": "cyclone_core.options",
        "redis": "cyclone_storage.redis",
        "routing": "cyclone_core.routing",
        "sqlite": "cyclone_storage.sqlite",
        "template": "cyclone_template",
        "testing": "cyclone_core.testing",
        "util": "cyclone_core.util",
        "web": "cyclone_core.web",
        "wsgi": "cyclone_core.wsgi",
    },
)
"""Classic module name, below `cyclone`, to the module that it is (read-only)."""

install(__name__, ALIASES)

if TYPE_CHECKING:
    from cyclone import (
        autoreload,
        bottle,
        escape,
        httpclient,
        httpserver,
        httputil,
        locale,
        log,
        options,
        redis,
        routing,
        sqlite,
        template,
        testing,
        util,
        web,
        wsgi,
    )
else:
    # Hidden from type checkers: to them a module with `__getattr__` has every name there is.
    from importlib import import_module

    def __getattr__(name: str) -> ModuleType:
        """Import a classic module when it is first touched (PEP 562)."""
        if name in ALIASES:
            return import_module(f"{__name__}.{name}")
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; its modules are {', '.join(ALIASES)}",
        )

    def __dir__() -> list[str]:
        """List the classic modules, imported or not, and the names that are promised."""
        return sorted({*__all__, *ALIASES, *(name for name in globals() if name[:2] == "__")})
