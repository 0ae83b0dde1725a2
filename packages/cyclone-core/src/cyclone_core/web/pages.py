"""Putting into a page what its UI modules need: CSS and JavaScript, and HTML for head and body."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from cyclone_core.web.uimodules import Text, UIModule, file_names
from cyclone_escape import utf8, xhtml_escape

__all__ = ["Needs", "insert", "linked_urls"]

_ABSOLUTE: Final = ("/", "http:", "https:")


@dataclass(frozen=True, slots=True)
class Needs:
    """What the UI modules of a page need.

    Attributes:
        js_files: URLs or paths.
        js_embed: JavaScript.
        css_files: URLs or paths.
        css_embed: CSS.
        head: HTML.
        body: HTML.
    """

    js_files: list[str]
    js_embed: list[bytes]
    css_files: list[str]
    css_embed: list[bytes]
    head: list[bytes]
    body: list[bytes]

    @classmethod
    def of(cls, modules: Iterable[UIModule]) -> "Needs":
        """Ask the modules.

        Args:
            modules: The modules of a page, in the order in which they came.
        """
        needs = cls([], [], [], [], [], [])
        for module in modules:
            needs.js_files.extend(file_names(module.javascript_files()))
            needs.js_embed.extend(_texts([module.embedded_javascript()]))
            needs.css_files.extend(file_names(module.css_files()))
            needs.css_embed.extend(_texts([module.embedded_css()]))
            needs.head.extend(_texts([module.html_head()]))
            needs.body.extend(_texts([module.html_body()]))
        return needs


def linked_urls(files: Iterable[str], static_url: Callable[[str], str]) -> list[str]:
    """Make the URLs of files, escaped and each of them once.

    Args:
        files: URLs, absolute paths, or paths among the static files.
        static_url: Makes a URL of the latter.
    """
    urls = [name if name.startswith(_ABSOLUTE) else static_url(name) for name in files]
    return [xhtml_escape(url) for url in dict.fromkeys(urls)]


def insert(
    page: Text, *, head: Iterable[Text], scripts: Iterable[Text], body: Iterable[Text]
) -> bytes:
    """Put HTML into a page, each piece as a line of its own.

    Args:
        page: The page.
        head: Goes before the first `</head>`.
        scripts: Goes before the last `</body>`.
        body: Goes before the first `</body>`, behind the scripts if it is the same.

    Returns:
        The page in UTF-8.

    Raises:
        ValueError: The page has no such place.
    """
    page = utf8(page)
    # All places are found before anything is inserted: what modules bring may hold such tags itself.
    found = [
        (_find(page, tag, last=last), b"".join([text + b"\n" for text in texts]))
        for tag, last, texts in (
            (b"</head>", False, _texts(head)),
            (b"</body>", True, _texts(scripts)),
            (b"</body>", False, _texts(body)),
        )
        if texts
    ]
    found.sort(key=lambda place: place[0])  # those of one place stay in this order
    parts: list[bytes] = []
    done = 0
    for place, text in found:
        parts += [page[done:place], text]
        done = place
    return b"".join([*parts, page[done:]])


def _find(page: bytes, tag: bytes, *, last: bool) -> int:
    find = bytes.rfind if last else bytes.find
    place = find(page, tag)
    if place < 0:
        place = find(page.lower(), tag)  # HTML does not care, but hardly anybody writes it so
    if place < 0:
        raise ValueError(
            f"UI modules bring something that belongs before {tag.decode()}, and the page has none: write"
            " one into the template"
        )
    return place


def _texts(given: Iterable[Text | None]) -> list[bytes]:
    return [utf8(text) for text in given if text]
