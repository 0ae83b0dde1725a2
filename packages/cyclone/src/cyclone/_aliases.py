"""The import hook behind the classic names: one module object under both names, submodules too.

An alias module replaces itself in `sys.modules` by the module it stands for. That is enough for
`import cyclone.web`. It is not enough for `import cyclone.web.handler`: Python would search the
`__path__` of the real package, find the file and run it a second time under the classic name, with
a second copy of every class. The finder here is asked before that search and answers
`cyclone.<alias>.<sub>` with the real submodule.

The loader does not return the real module from `create_module`: Python would then overwrite the
`__spec__` of the real module, and `importlib.reload` would run it under the wrong name. It does
what an alias module does: Python runs a stand-in, which puts the real module in its place.
"""

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import CodeType, ModuleType
from typing import cast

__all__ = ["AliasFinder", "AliasLoader", "install"]


class AliasLoader(InspectLoader):
    """Put a module that is known under another name into `sys.modules`.

    Args:
        real: The spec of the real module.
    """

    def __init__(self, real: ModuleSpec) -> None:
        self.real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Import the real module and make a stand-in for it.

        Args:
            spec: The spec with the classic name.

        Returns:
            An empty module. Another thread may pick it up before it is replaced; so it passes every
            question on to the real module.
        """
        module = ModuleType(spec.name)
        real = import_module(self.real.name)
        module.__getattr__ = partial(getattr, real)  # type: ignore[method-assign]
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Replace the stand-in by the real module in `sys.modules`.

        Args:
            module: The stand-in; it is dropped.
        """
        sys.modules[module.__name__] = sys.modules[self.real.name]

    def is_package(self, fullname: str) -> bool:  # noqa: ARG002  the signature of the base class
        """Tell whether the real module is a package.

        Args:
            fullname: The classic name; not needed.

        Returns:
            True if it has submodules.
        """
        return self.real.submodule_search_locations is not None

    def get_code(self, fullname: str) -> CodeType | None:  # noqa: ARG002  as above
        """Return the code of the real module: `python -m` asks for it.

        Args:
            fullname: The classic name; not needed.

        Returns:
            The code object, or None if the real loader has none.
        """
        return self._inspect().get_code(self.real.name)

    def get_source(self, fullname: str) -> str | None:  # noqa: ARG002  as above
        """Return the source text of the real module: tracebacks and debuggers ask for it.

        Args:
            fullname: The classic name; not needed.

        Returns:
            The text, or None if the real loader has none.
        """
        return self._inspect().get_source(self.real.name)

    def _inspect(self) -> InspectLoader:
        # Every loader of Python code that the standard library has is one.
        return cast("InspectLoader", self.real.loader)


class AliasFinder(MetaPathFinder):
    """Find the submodules of aliased packages under their classic names.

    Args:
        namespace: The package that holds the alias modules, for example `cyclone`.
        aliases: Alias module name, without the namespace, to the name of the real module.
    """

    def __init__(self, namespace: str, aliases: Mapping[str, str]) -> None:
        self.namespace = namespace
        self.aliases = aliases

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002  the signature of the base class
        target: ModuleType | None = None,  # noqa: ARG002  as above
    ) -> ModuleSpec | None:
        """Answer for `namespace.alias.sub`; leave every other name to the next finder.

        Args:
            fullname: The name of the wanted module.
            path: Where Python would look; not needed.
            target: A module to reload; not needed.

        Returns:
            A spec that leads to the real module, or None.
        """
        namespace, _, rest = fullname.partition(".")
        alias, _, submodule = rest.partition(".")
        if namespace != self.namespace or not submodule or alias not in self.aliases:
            return None
        real = find_spec(f"{self.aliases[alias]}.{submodule}")
        if real is None:
            return None
        spec = ModuleSpec(fullname, AliasLoader(real), origin=real.origin)
        spec.submodule_search_locations = real.submodule_search_locations
        spec.has_location = real.has_location
        return spec


def install(namespace: str, aliases: Mapping[str, str]) -> None:
    """Put the finder of one namespace first on `sys.meta_path`, in place of an earlier one.

    Args:
        namespace: The package that holds the alias modules.
        aliases: Alias module name, without the namespace, to the name of the real module.
    """
    earlier = [
        finder
        for finder in sys.meta_path
        if isinstance(finder, AliasFinder) and finder.namespace == namespace
    ]
    for finder in earlier:
        sys.meta_path.remove(finder)
    sys.meta_path.insert(0, AliasFinder(namespace, aliases))
