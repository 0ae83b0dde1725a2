"""Loaders: find templates by name, compile them, and keep them.

A name is a path with ``/`` between its parts, relative to the loader's root, on every system. No
name leads out of the root: neither ``../`` in one template that includes another, nor an absolute
path. (Tornado opens whatever such a name leads to.) Symbolic links inside the root are followed.
"""

from __future__ import annotations

import errno
import os
import posixpath
from importlib.resources import files
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

from cyclone_template.errors import ParseError, TemplateNotFoundError
from cyclone_template.template import Template

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable

__all__ = ["BaseLoader", "DictLoader", "Loader", "PackageLoader"]

MAX_CHAIN: Final = 100
"""How many templates may extend and include each other in a row: Python's stack is not endless."""

# What it means to open a file that is not there. A ValueError is a name that no file can have: one
# with a NUL character or a lone surrogate.
_NO_FILE = (FileNotFoundError, IsADirectoryError, NotADirectoryError, ValueError)
# No file can have such a name either, but Python has no classes for these.
_NO_NAME = {errno.ENAMETOOLONG, errno.ELOOP}


class BaseLoader:
    """What all loaders have in common; a loader of your own overrides ``_create_template``.

    Templates are kept until ``reset()``, in the attribute ``templates``. Threads may share a
    loader.

    Source: ``BaseLoader`` of ``tornado.template`` and ``cyclone.template``.

    Args:
        autoescape: The name of the function that ``{{ }}`` applies, or None for none.
        namespace: Further names that all templates know.
        whitespace: The whitespace mode; see ``filter_whitespace``. Default: ``"single"`` for names
            that end in ``.html`` or ``.js``, otherwise ``"all"``.
    """

    def __init__(
        self,
        autoescape: str | None = "xhtml_escape",
        namespace: Mapping[str, Any] | None = None,
        whitespace: str | None = None,
    ) -> None:
        self.autoescape = autoescape
        self.namespace: dict[str, Any] = {} if namespace is None else dict(namespace)
        self.whitespace = whitespace
        self.templates: dict[str, Template] = {}
        # One that is compiled loads others.
        self.lock = RLock()
        self._loading: list[str] = []

    def reset(self) -> None:
        """Forget all templates; they are read and compiled again when they are next needed."""
        with self.lock:
            self.templates = {}

    def resolve_path(self, name: str, parent_path: str | None = None) -> str:
        """Return the name of a template, seen from the root.

        Args:
            name: The name, as it is written.
            parent_path: The template in which it is written; None in Python code.

        Returns:
            The name; a relative one starts from where the other template is.
        """
        if parent_path and not parent_path.startswith(("<", "/")) and not name.startswith("/"):
            name = posixpath.normpath(posixpath.join(posixpath.dirname(parent_path), name))
        return name

    def load(self, name: str, parent_path: str | None = None) -> Template:
        """Return a template; it is compiled when it is first asked for.

        Args:
            name: Its name.
            parent_path: The template that it is relative to, or None.

        Returns:
            The template.

        Raises:
            ParseError: The template is wrong; says where.
            TemplateNotFoundError: There is none of this name.
        """
        name = self.resolve_path(name, parent_path)
        template = self.templates.get(name)
        if template is not None and template.is_prepared:
            return template  # without waiting for one that another thread compiles
        with self.lock:
            template = self.templates.get(name)
            if template is None:
                self._loading.append(name)
                try:
                    template = self.templates[name] = self._create_template(name)
                finally:
                    self._loading.pop()
            if not self._loading:
                template.prepare()
        return template

    @property
    def needs_parts_only(self) -> bool:
        """Whether the template that is made now is a part of another one, and not a page yet."""
        with self.lock:  # what another thread loads just now does not count
            return len(self._loading) > 1

    def check_not_loading(self, name: str, parent_path: str, line: int) -> None:
        """Refuse a template that needs itself; called while one is compiled.

        Args:
            name: What it extends or includes, as it is written.
            parent_path: Where that is written.
            line: The line there.

        Raises:
            ParseError: That is a template for which this one is compiled, or too many are compiled
                for each other.
        """
        name = self.resolve_path(name, parent_path)
        # With the lock, what is there is of this thread: another one may load the same just now.
        with self.lock:
            loading = tuple(self._loading)
        if name in loading:
            names = " → ".join([*loading[loading.index(name) :], name])
            raise ParseError(f"A template may not need itself: {names}", parent_path, line)
        if len(loading) >= MAX_CHAIN:
            raise ParseError(
                f"Templates need each other more than {MAX_CHAIN} deep: {loading[0]} needs "
                f"{loading[1]} … needs {name}",
                parent_path,
                line,
            )

    def _create_template(self, name: str) -> Template:
        """Find and compile a template.

        Args:
            name: Its name, seen from the root.

        Raises:
            TemplateNotFoundError: There is none of this name.
        """
        raise NotImplementedError(f"{type(self).__name__} has no _create_template() of its own")


class Loader(BaseLoader):
    """Loads templates from a directory, or from several: the first that has one wins.

    Source: ``Loader`` of ``tornado.template`` and ``cyclone.template``; several directories are
    ours.

    Args:
        root_directory: The directory, or directories.
        **kwargs: As for ``BaseLoader``.
    """

    def __init__(
        self,
        root_directory: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        **kwargs: Any,  # noqa: ANN401  those of BaseLoader
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(root_directory, str | os.PathLike):
            root_directory = [root_directory]
        self.roots = tuple(_absolute(root) for root in root_directory)
        if not self.roots:
            raise ValueError("a Loader needs at least one directory")
        self.root = self.roots[0]

    def resolve_path(self, name: str, parent_path: str | None = None) -> str:
        """Return the name of a template, seen from the root.

        Args:
            name: The name, as it is written. An absolute path inside of a root is taken too.
            parent_path: The template in which it is written; None in Python code.

        Returns:
            The name.
        """
        for root in self.roots:
            if name.startswith(root + os.sep):
                name = name[len(root) + 1 :].replace(os.sep, "/")
        return posixpath.normpath(super().resolve_path(name, parent_path))

    def _create_template(self, name: str) -> Template:
        for root in self.roots:
            path = _absolute(Path(root, name))
            if path != root and not path.startswith(root.rstrip(os.sep) + os.sep):
                raise TemplateNotFoundError(
                    f"The name {name!r} leads out of {root}: put the template into that directory, "
                    "or give the Loader another one",
                    name,
                )
            try:
                text = Path(path).read_bytes()
            except (OSError, ValueError) as error:
                if isinstance(error, _NO_FILE) or error.errno in _NO_NAME:
                    continue
                raise
            return Template(text, name=name, loader=self, path=path)
        searched = " or ".join(self.roots)
        raise TemplateNotFoundError(f"There is no template {name!r} in {searched}", name)


def _absolute(path: str | os.PathLike[str]) -> str:
    """Return an absolute path without ``..``."""
    # Not Path.resolve(): a symbolic link inside of the root may lead where it likes.
    return os.path.abspath(path)  # noqa: PTH100


class PackageLoader(BaseLoader):
    """Loads templates that are installed with a Python package, in a directory or a zip file.

    Args:
        package: The name of the package.
        path: The directory in it, with ``/`` between its parts.
        **kwargs: As for ``BaseLoader``.

    Raises:
        ModuleNotFoundError: There is no such package.
        TypeError: It is a module and no package (before Python 3.12).
        ValueError: The package has no such directory.
    """

    def __init__(self, package: str, path: str = "templates", **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.package = package
        self.path = path
        self._root = _descend(files(package), posixpath.normpath(path))
        if self._root is None or not self._root.is_dir():
            raise ValueError(f"the package {package!r} has no directory {path!r}")

    def resolve_path(self, name: str, parent_path: str | None = None) -> str:
        """Return the name of a template, seen from the root; see ``BaseLoader``."""
        return posixpath.normpath(super().resolve_path(name, parent_path))

    def _create_template(self, name: str) -> Template:
        found = _descend(self._root, name)
        if found is None or not _is_file(found):
            raise TemplateNotFoundError(
                f"There is no template {name!r} in {self.path!r} of the package {self.package!r}",
                name,
            )
        path = str(found) if isinstance(found, Path) else None
        return Template(found.read_bytes(), name=name, loader=self, path=path)


def _is_file(found: Traversable) -> bool:
    """Tell whether something is a file that can be read."""
    try:
        return found.is_file()
    except OSError:  # a name that is too long; since Python 3.14 it says False itself
        return False


def _descend(root: Traversable | None, path: str) -> Traversable | None:
    """Return what a path leads to, or None if it leads out or cannot be a path at all."""
    found = root
    for part in path.split("/"):
        if found is None or part in {"", "..", os.pardir} or "\\" in part or "\0" in part:
            return None
        found = found if part == "." else found.joinpath(part)
    return found


class DictLoader(BaseLoader):
    """Loads templates from a dict.

    Source: ``DictLoader`` of ``tornado.template`` and ``cyclone.template``.

    Args:
        dict: Names to texts. Changing it later changes what is loaded after ``reset()``.
        **kwargs: As for ``BaseLoader``.
    """

    def __init__(
        self,
        dict: Mapping[str, str | bytes],  # noqa: A002  Tornado's name
        **kwargs: Any,  # noqa: ANN401  those of BaseLoader
    ) -> None:
        super().__init__(**kwargs)
        self.dict = dict

    def _create_template(self, name: str) -> Template:
        if name not in self.dict:
            raise TemplateNotFoundError(f"There is no template {name!r} in the dict", name)
        return Template(self.dict[name], name=name, loader=self)
