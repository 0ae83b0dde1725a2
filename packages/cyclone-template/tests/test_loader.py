"""Where templates come from, and that no name leads out of there."""

import os
import pickle
import socket
import sys
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cyclone_template import (
    BaseLoader,
    DictLoader,
    Loader,
    PackageLoader,
    ParseError,
    Template,
    TemplateNotFoundError,
)

FILES = {
    "root/page.html": "page {% include sub/part.html %}",
    "root/sub/part.html": "part {% include ../leaf.html %}",
    "root/leaf.html": "leaf",
    "root/sub/out.html": "\n{% include ../../secret.html %}",
    "root/sub/up.html": "{% include ../../root2/secret.html %}",
    "secret.html": "secret",
    "root2/secret.html": "secret",
    "root2/leaf.html": "other leaf",
    "root2/only.html": "only {% include leaf.html %}",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a directory of templates, with others beside it."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path / "root"


def test_a_directory(root: Path) -> None:
    """Names are paths below the root, and relative to the file in which they stand."""
    for loader in (Loader(root), Loader(str(root)), Loader(f"{root}/"), Loader([root])):
        assert loader.root == str(root)
        assert loader.load("page.html").generate() == b"page part leaf"
        assert sorted(loader.templates) == ["leaf.html", "page.html", "sub/part.html"]
        assert loader.load("page.html") is loader.templates["page.html"]


def test_a_relative_root(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative root is the one of the current directory when the loader is made."""
    monkeypatch.chdir(root.parent)
    loader = Loader("root")
    monkeypatch.chdir(root / "sub")
    assert loader.load("leaf.html").generate() == b"leaf"


@pytest.mark.parametrize(
    ("name", "known_as"),
    [
        ("./leaf.html", "leaf.html"),
        ("sub/../leaf.html", "leaf.html"),
        ("sub//part.html", "sub/part.html"),
        ("../root/leaf.html", "../root/leaf.html"),
    ],
)
def test_other_spellings(root: Path, name: str, known_as: str) -> None:
    """Detours that stay inside of the root are fine."""
    assert Loader(root).load(name).name == known_as


def test_absolute_paths_inside_of_a_root(root: Path) -> None:
    """An absolute path below a root is the name that it has there."""
    loader = Loader([root, root.parent / "root2"])
    assert loader.load(f"{root}/sub/part.html").name == "sub/part.html"
    assert loader.load(f"{root}2/only.html").name == "only.html"
    assert loader.load("page.html", parent_path="/abs/page.html").name == "page.html"
    assert loader.load("page.html", parent_path="<string>").name == "page.html"


def test_the_root_of_the_file_system(root: Path) -> None:
    """Even the root directory may be a root."""
    assert Loader("/").load(str(root / "leaf.html")).generate() == b"leaf"


@pytest.mark.parametrize(
    "name",
    [
        "../secret.html",
        "../root2/secret.html",
        "sub/../../secret.html",
        "./../secret.html",
        "..",
        "../..",
        "/etc/passwd",
        "/leaf.html",
        "//leaf.html",
        "/",
        "ROOT/../../secret.html",
        "ROOT/../secret.html",
        "ROOT2/secret.html",
    ],
)
def test_names_that_lead_out(root: Path, name: str) -> None:
    """Neither dots, nor absolute paths, nor a sibling with a longer name are opened."""
    name = name.replace("ROOT", str(root))
    for loader in (Loader(root), Loader([root, root / "sub"])):
        with pytest.raises(TemplateNotFoundError, match=r"leads out of .*: put the template into"):
            loader.load(name)
        assert loader.templates == {}


@pytest.mark.parametrize("name", ["sub/out.html", "sub/up.html"])
def test_includes_that_lead_out(root: Path, name: str) -> None:
    """The same holds for names in templates; a note says where the name stands."""
    with pytest.raises(TemplateNotFoundError, match="leads out of") as caught:
        Loader(root).load(name)
    line = FILES[f"root/{name}"].count("\n") + 1
    assert caught.value.__notes__ == [f"It is extended or included at {name}:{line}"]


@pytest.mark.parametrize(
    "name",
    [
        *("missing.html", "", ".", " ", "sub", "sub/", "leaf.html/x", "LEAF.HTML", "~", "*"),
        *("a\0b", "\0", "\ud800", "\udcff", "x" * 300, "a/" * 5000 + "b", "sub\\part.html"),
        "..\\secret.html",
    ],
)
def test_names_that_are_not_there(root: Path, name: str) -> None:
    """A name that no file has, or can have, is a TemplateNotFoundError and nothing else."""
    with pytest.raises(TemplateNotFoundError, match="There is no template") as caught:
        Loader(root).load(name)
    assert str(root) in str(caught.value)
    assert caught.value.name == os.path.normpath(name)
    with pytest.raises(TemplateNotFoundError):
        DictLoader({}).load(name)


def test_not_found_is_what_tornado_raises(root: Path) -> None:
    """The error is a FileNotFoundError and a KeyError, and it pickles."""
    for kind in (FileNotFoundError, KeyError):
        with pytest.raises(kind) as caught:
            Loader(root).load("missing.html")
        copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  our own
        assert (type(copy), str(copy), copy.name) == (
            TemplateNotFoundError,
            f"There is no template 'missing.html' in {root}",
            "missing.html",
        )


def test_symbolic_links_are_followed(root: Path) -> None:
    """A link inside of the root may lead where it likes; one that goes in circles is not there."""
    (root / "link.html").symlink_to(root.parent / "secret.html")
    (root / "other").symlink_to(root.parent / "root2")
    (root / "circle.html").symlink_to(root / "circle.html")
    loader = Loader(root)
    assert loader.load("link.html").generate() == b"secret"
    assert loader.load("other/only.html").generate() == b"only other leaf"
    with pytest.raises(TemplateNotFoundError):
        loader.load("circle.html")


def test_files_that_cannot_be_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there but cannot be read is the system's error: it is not missing."""
    monkeypatch.chdir(root)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind("socket.html")
        with pytest.raises(OSError, match=r"socket\.html") as caught:
            Loader(root).load("socket.html")
    assert not isinstance(caught.value, TemplateNotFoundError)


def test_several_directories(root: Path) -> None:
    """The first directory that has a file wins, for includes too."""
    loader = Loader([root.parent / "nowhere", root, root.parent / "root2"])
    assert loader.load("leaf.html").generate() == b"leaf"
    assert loader.load("only.html").generate() == b"only leaf"
    with pytest.raises(TemplateNotFoundError, match=r"nowhere or .*root or .*root2$"):
        loader.load("missing.html")


def test_no_directory() -> None:
    """A loader without a directory is a mistake."""
    with pytest.raises(ValueError, match="at least one directory"):
        Loader([])


def test_bytes_in_files(root: Path) -> None:
    """Files are UTF-8; another encoding is an error with file and line."""
    (root / "good.txt").write_bytes("é\r\n".encode())
    (root / "bad.txt").write_bytes(b"a\n\xe9")
    assert Loader(root).load("good.txt").generate() == "é\r\n".encode()
    with pytest.raises(ParseError, match=r"not UTF-8.* at bad\.txt:2$"):
        Loader(root).load("bad.txt")


def test_errors_name_file_and_line(root: Path) -> None:
    """A mistake in a file is told with the file's name."""
    (root / "sub/bad.html").write_text("\n\n{% if %}")
    with pytest.raises(ParseError, match=r" at sub/bad\.html:3$"):
        Loader(root).load("sub/bad.html")


def test_reset(root: Path) -> None:
    """Templates are kept until reset(); what failed is tried again."""
    loader = Loader(root)
    first = loader.load("page.html")
    (root / "leaf.html").write_text("new")
    assert loader.load("page.html").generate() == b"page part leaf"
    loader.reset()
    assert loader.templates == {}
    assert loader.load("page.html").generate() == b"page part new"
    assert first.generate() == b"page part leaf"
    with pytest.raises(TemplateNotFoundError):
        loader.load("late.html")
    (root / "late.html").write_text("late")
    assert loader.load("late.html").generate() == b"late"


def test_options(root: Path) -> None:
    """All loaders take what BaseLoader takes."""
    (root / "x.html").write_text("a  {{ x }}\n\n")
    loader = Loader(root, autoescape=None, namespace={"x": "<"}, whitespace="oneline")
    assert loader.load("x.html").generate() == b"a < "
    base = BaseLoader()
    assert (base.autoescape, base.namespace, base.whitespace) == ("xhtml_escape", {}, None)
    with pytest.raises(TypeError, match="nothing"):
        Loader(root, nothing=1)


def test_a_loader_of_one_s_own() -> None:
    """A subclass overrides one method; without it, the error names the class."""

    class Upper(BaseLoader):
        """A loader that makes templates out of their names."""

        def _create_template(self, name: str) -> Template:
            return Template(name.upper(), name=name, loader=self)

    assert Upper().load("a").generate() == b"A"
    assert Upper().load("b", parent_path="dir/a").generate() == b"DIR/B"

    class Nothing(BaseLoader):
        """A loader that forgot the method."""

    with pytest.raises(NotImplementedError, match=r"Nothing has no _create_template\(\)"):
        Nothing().load("a")


def test_a_dict() -> None:
    """Texts may be bytes; the dict may change, and reset() shows it."""
    texts: dict[str, str | bytes] = {"a": "1{% include b %}", "b": "é".encode()}
    loader = DictLoader(texts)
    assert loader.load("a").generate() == "1é".encode()
    texts["b"] = "2"
    loader.reset()
    assert loader.load("a").generate() == b"12"
    with pytest.raises(TemplateNotFoundError, match="There is no template 'c' in the dict"):
        loader.load("c")


@pytest.fixture(params=["directory", "zip"])
def package(
    request: pytest.FixtureRequest, root: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Give the name of a package with templates, in a directory or in a zip file."""
    place = root.parent / "packages"
    files = {f"shop/{name}".replace("/root/", "/templates/"): text for name, text in FILES.items()}
    files["shop/__init__.py"] = ""
    files["shop/templates/bad.html"] = "\n{% if %}"
    if request.param == "zip":
        with zipfile.ZipFile(place, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
    else:
        for name, text in files.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    monkeypatch.syspath_prepend(place)
    yield "shop"
    sys.modules.pop("shop", None)


def test_a_package(package: str) -> None:
    """Templates that are installed with a package, zipped or not."""
    loader = PackageLoader(package)
    assert loader.load("page.html").generate() == b"page part leaf"
    assert loader.load("sub/../leaf.html").name == "leaf.html"
    assert PackageLoader(package, "templates/").load("leaf.html").generate() == b"leaf"
    assert PackageLoader(package, "").load("secret.html").generate() == b"secret"
    with pytest.raises(ParseError, match=r" at bad\.html:2$"):
        loader.load("bad.html")


@pytest.mark.parametrize(
    "name",
    [
        *("missing.html", "", ".", "sub", "..", "../secret.html", "sub/../../secret.html"),
        *("/leaf.html", "/etc/passwd", "a\0b", "\ud800", "x" * 300, "..\\secret.html"),
        *("sub\\part.html", "leaf.html/x"),
    ],
)
def test_names_that_a_package_does_not_have(package: str, name: str) -> None:
    """No name leads out of the package's directory."""
    with pytest.raises(TemplateNotFoundError, match="in 'templates' of the package 'shop'"):
        PackageLoader(package).load(name)


@pytest.mark.parametrize("path", ["nothing", "__init__.py", "..", "../packages", "/", "a\\b"])
def test_directories_that_a_package_does_not_have(package: str, path: str) -> None:
    """A path that is no directory of the package is refused at once."""
    with pytest.raises(ValueError, match=r"the package 'shop' has no directory"):
        PackageLoader(package, path)


def test_packages_that_are_not_there() -> None:
    """A package that cannot be imported is Python's own error."""
    with pytest.raises(ModuleNotFoundError, match="cyclone_no_such_package"):
        PackageLoader("cyclone_no_such_package")


def test_threads() -> None:
    """Threads that load at once get one template, and a cycle of one is no cycle of another."""
    files = {f"t{n}": f"{n}{{% include t{n + 1} %}}" for n in range(30)} | {"t30": "."}
    loader = DictLoader(files)
    start = threading.Barrier(8)
    found: list[Template] = []
    pages: list[object] = []

    def load() -> None:
        start.wait()
        # A template beside the loader asks for what another thread is just loading.
        pages.append(Template("{% include t0 %}", loader=loader).generate())
        found.append(loader.load("t0"))

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(pages) == 8
    assert set(found) == {loader.templates["t0"]}
    assert set(pages) == {loader.load("t0").generate()}


def test_a_loaded_template_needs_no_lock() -> None:
    """Who asks for a template that is there does not wait for one that another thread compiles."""
    loader = DictLoader({"a": "a"})
    loader.load("a")
    with loader.lock, ThreadPoolExecutor(1) as threads:
        assert threads.submit(loader.load, "a").result(timeout=60).generate() == b"a"


def test_a_template_of_one_thread_is_no_part_of_another_s() -> None:
    """A template made while another thread loads is compiled at once; its errors come then."""
    compiling, finished = threading.Event(), threading.Event()

    class Slow(DictLoader):
        def _create_template(self, name: str) -> Template:
            if name == "part":
                compiling.set()
                finished.wait(60)
            return super()._create_template(name)

    loader = Slow({"page": "{% include part %}", "part": ""})
    with ThreadPoolExecutor(2) as threads:
        page = threads.submit(loader.load, "page")
        compiling.wait(60)
        other = threads.submit(Template, "{% from os import * %}", loader=loader)
        finished.set()
        assert page.result(60).generate() == b""
        with pytest.raises(ParseError):
            other.result(60)
