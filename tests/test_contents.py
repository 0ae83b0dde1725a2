"""What is inside the wheels and sdists.

The environment variable CYCLONE_DIST names a folder of wheels and sdists to look at; without it all
nine packages are built here.
"""

import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from walls.contents import build, check_sdist, check_wheel, copy_with_junk, find
from walls.source import PACKAGES, Package


@pytest.fixture(scope="session")
def dist(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the built packages; what is built here has junk planted in its src."""
    if named := os.environ.get("CYCLONE_DIST"):
        return (repository / named).resolve()
    copies = tmp_path_factory.mktemp("copies")
    out = tmp_path_factory.mktemp("dist")
    build([copy_with_junk(Package(repository, name), copies) for name in PACKAGES], out)
    return out


@pytest.mark.parametrize("name", PACKAGES)
def test_wheel(repository: Path, dist: Path, name: str) -> None:
    """A wheel holds the files of src, licenses and metadata, and nothing else."""
    package = Package(repository, name)
    assert list(map(str, check_wheel(find(dist, package, ".whl"), package))) == []


@pytest.mark.parametrize("name", PACKAGES)
def test_sdist(repository: Path, dist: Path, name: str) -> None:
    """An sdist holds the project files, src and tests, and nothing else."""
    package = Package(repository, name)
    assert list(map(str, check_sdist(find(dist, package, ".tar.gz"), package))) == []


def test_plugin_in_the_wheel(repository: Path, dist: Path) -> None:
    """The twistd plugin lies alone in twisted/plugins, so that it joins Twisted's own folder."""
    wheel = find(dist, Package(repository, "cyclone-core"), ".whl")
    with zipfile.ZipFile(wheel) as archive:
        found = [name for name in archive.namelist() if name.startswith("twisted/")]
    assert found == ["twisted/plugins/cyclone_plugin.py"]


def test_junk_is_not_packed(repository: Path, tmp_path: Path) -> None:
    """A `dropin.cache` or compiled file in src, written by a run, is in neither archive."""
    package = Package(repository, "cyclone-core")
    folder = copy_with_junk(package, tmp_path)
    assert len(list(folder.rglob("dropin.cache"))) > 3
    build([folder], tmp_path)
    assert check_wheel(find(tmp_path, package, ".whl"), package) == []
    assert check_sdist(find(tmp_path, package, ".tar.gz"), package) == []


def test_sdist_builds_the_same_wheel(repository: Path, dist: Path, tmp_path: Path) -> None:
    """A wheel made from the sdist of cyclone-core holds the same files: the plugin comes along."""
    package = Package(repository, "cyclone-core")
    sdist = find(dist, package, ".tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    build([tmp_path / sdist.name.removesuffix(".tar.gz")], tmp_path)
    assert check_wheel(find(tmp_path, package, ".whl"), package) == []


SPOILED = [
    ("tests/test_x.py", "", "must not hold tests/test_x.py"),
    ("cyclone_mail/x.pyc", "", "must not hold cyclone_mail/x.pyc"),
    ("twisted/plugins/dropin.cache", "", "must not hold twisted/plugins/dropin.cache"),
    ("twisted/plugins/__init__.py", "", "must not hold twisted/plugins/__init__.py"),
    ("cyclone_mail/py.typed", None, "lacks cyclone_mail/py.typed"),
    (
        "cyclone_mail-2.0.0.dist-info/licenses/NOTICE",
        None,
        "lacks cyclone_mail-2.0.0.dist-info/lic",
    ),
    (
        "cyclone_mail-2.0.0.dist-info/METADATA",
        "Name: x\nRequires-Dist: y @ file:///x/y\n",
        "machine path: Requires-Dist: y @ file:///x/y",
    ),
]


@pytest.mark.parametrize(("member", "text", "said"), SPOILED)
def test_spoiled_wheel(
    repository: Path, dist: Path, tmp_path: Path, *, member: str, text: str | None, said: str
) -> None:
    """A file too much, one too few, and a machine path in the metadata are named."""
    package = Package(repository, "cyclone-mail")
    good = find(dist, package, ".whl")
    bad = tmp_path / good.name
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(bad, "w") as target:
        for name in source.namelist():
            if name != member:
                target.writestr(name, source.read(name))
        if text is not None:
            target.writestr(member, text)
    (found,) = map(str, check_wheel(bad, package))
    assert found.startswith(good.name)
    assert said in found


@pytest.mark.parametrize(
    ("member", "text", "said"),
    [
        ("src/cyclone_mail/dropin.cache", "", ":0: must not hold src/cyclone_mail/dropin.cache"),
        ("tests/test_exports.py", None, ":0: lacks tests/test_exports.py"),
        ("README.md", None, ":0: lacks README.md"),
        ("PKG-INFO", "Name: x\nHome: /{}/x\n", "/PKG-INFO:2: machine path: Home: /{}/x"),
    ],
)
def test_spoiled_sdist(
    repository: Path, dist: Path, tmp_path: Path, *, member: str, text: str | None, said: str
) -> None:
    """A file too much, one too few, and a machine path in the metadata are named."""
    package = Package(repository, "cyclone-mail")
    good = find(dist, package, ".tar.gz")
    bad = tmp_path / good.name
    with tarfile.open(good) as source, tarfile.open(bad, "w:gz") as target:
        for item in source.getmembers():
            if item.name.partition("/")[2] != member:
                target.addfile(item, source.extractfile(item))
        if text is not None:
            added = tarfile.TarInfo(f"x/{member}")
            data = text.format("root").encode()
            added.size = len(data)
            target.addfile(added, io.BytesIO(data))
    assert list(map(str, check_sdist(bad, package))) == [good.name + said.format("root")]


def test_missing_archive(repository: Path, tmp_path: Path) -> None:
    """A folder without the wheel of a package is an error, not an empty check."""
    with pytest.raises(FileNotFoundError, match=r"0 \.whl files of cyclone-mail"):
        find(tmp_path, Package(repository, "cyclone-mail"), ".whl")


def test_broken_build(repository: Path, tmp_path: Path) -> None:
    """A package that does not build says why."""
    folder = copy_with_junk(Package(repository, "cyclone-mail"), tmp_path)
    (folder / "README.md").unlink()
    with pytest.raises(RuntimeError, match=r"(?s)cyclone-mail does not build.*README"):
        build([folder], tmp_path)
