"""The page that shows a developer why a request has failed.

It is served where the setting `serve_traceback` is true, which `debug=True` implies, to whom `audience`
names, and for what is an error of the program: statuses from 500. A refusal on purpose,
`HTTPError(404)`, keeps its short page.

It holds no script, loads nothing and may not be framed; a policy says so to the browser. It shows no
variables: the `repr` of a request, of settings, of a database's connection holds secrets under no name
that could be recognised, and is code of the application that may do anything. Nor can anything be run
from it. Secrets of the request and the settings are masked wherever they appear, in messages and in
source too; see `cyclone_core.web.debugpage.masking`.
"""

import base64
import hashlib
import traceback
from dataclasses import replace
from functools import cache
from importlib.resources import files
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from twisted.logger import Logger

from cyclone_core.web.debugpage.audience import may_see
from cyclone_core.web.debugpage.facts import tables, versions
from cyclone_core.web.debugpage.frames import Block, Frame, Section, SourceLine, sections
from cyclone_core.web.debugpage.masking import Masking
from cyclone_template import PackageLoader, Template

if TYPE_CHECKING:
    from cyclone_core.web.output import OutputMethods

__all__ = ["answer_with_traceback"]

ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]

_log = Logger(namespace="cyclone.web")

_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})

_MAX_MESSAGE: Final = 4000
_MAX_LINE: Final = 300
_MAX_TEXT: Final = 40_000


class _Assets(NamedTuple):
    """What a page is made of, read when it is first needed."""

    page: Template
    style: str
    policy: str


def answer_with_traceback(handler: "OutputMethods", exc_info: ExcInfo) -> bool:
    """Answer a request with the traceback of an exception.

    Browsers get a page; whoever does not ask for HTML by name, as `curl` and scripts, gets text.

    Args:
        handler: The handler of the request; its status is set.
        exc_info: Class, exception and traceback.

    Returns:
        Whether it has been answered: not if there is no exception, or it cannot be shown, or not to
        this client.
    """
    value, trace = exc_info[1], exc_info[2]
    if value is None:
        return False
    if not may_see(handler.request, handler.settings["serve_traceback"]):
        _log.info(
            "the traceback is shown on this machine only; serve_traceback=[{host!r}] shows it there, too",
            host=handler.request.host_name,
        )
        return False
    try:
        masking = Masking(handler)
        text = _text(value, trace, masking)
        if _wants_html(handler.request.headers.get("Accept", "")):
            page: str | bytes = _page(handler, value, trace, masking, text)
            kind = "text/html; charset=UTF-8"
        else:
            page, kind = text, "text/plain; charset=UTF-8"
        policy = _assets().policy
    except Exception:  # noqa: BLE001 -- the exception that is shown may be the application's
        _log.failure("The traceback cannot be shown")
        return False
    handler.set_header("Content-Type", kind)
    handler.set_header("Content-Security-Policy", policy)
    handler.set_header("X-Content-Type-Options", "nosniff")
    handler.set_header("Referrer-Policy", "no-referrer")
    handler.set_header("Cache-Control", "no-store")
    handler.finish(page)
    return True


def _wants_html(accept: str) -> bool:
    for each in accept.lower().split(","):
        kind, *parameters = [part.strip() for part in each.split(";")]
        if kind in _HTML and not {"q=0", "q=0.0", "q=0.00", "q=0.000"}.intersection(parameters):
            return True
    return False


def _text(value: BaseException, trace: TracebackType | None, masking: Masking) -> str:
    # Python leaves out what is repeated, but not what is only long.
    lines = traceback.format_exception(type(value), value, trace)
    text = "".join([_masked_lines(each, masking) for each in lines])
    if len(text) <= _MAX_TEXT:
        return text
    half = _MAX_TEXT // 2
    return f"{text[:half]}\n… {len(text) - _MAX_TEXT} characters are left out …\n{text[-half:]}"


def _masked_lines(text: str, masking: Masking) -> str:
    lines = text.rstrip("\n")
    return masking.shown(lines, _MAX_MESSAGE) + text[len(lines) :]


def _page(
    handler: "OutputMethods",
    value: BaseException,
    trace: TracebackType | None,
    masking: Masking,
    text: str,
) -> Any:  # noqa: ANN401 -- bytes, as no expression of the template is a Deferred
    request = handler.request
    assets = _assets()
    return assets.page.generate(
        status=handler.get_status(),
        reason=handler._reason,  # noqa: SLF001 -- one for the framework's use
        method=masking.shown(request.method, 50),
        uri=masking.uri(request.uri),
        sections=[_masked(each, masking) for each in sections(value, trace)],
        tables=tables(handler, masking),
        text=text,
        versions=versions(),
        style=assets.style,
    )


def _masked(section: Section, masking: Masking) -> Section:
    return replace(
        section,
        message=masking.shown(section.message, _MAX_MESSAGE),
        notes=tuple([masking.shown(note, _MAX_MESSAGE) for note in section.notes]),
        blocks=tuple([_masked_block(each, masking) for each in section.blocks]),
    )


def _masked_block(block: Block, masking: Masking) -> Block:
    return replace(block, frames=tuple([_masked_frame(each, masking) for each in block.frames]))


def _masked_frame(frame: Frame, masking: Masking) -> Frame:
    return replace(
        frame,
        file=masking.shown(frame.file),
        function=masking.shown(frame.function),
        lines=tuple([_masked_line(each, masking) for each in frame.lines]),
    )


def _masked_line(line: SourceLine, masking: Masking) -> SourceLine:
    whole = line.before + line.failed + line.behind
    shown = masking.shown(whole, _MAX_LINE)
    # What is marked is no longer where it was.
    return line if shown == whole else SourceLine(line.number, shown, current=line.current)


@cache
def _assets() -> _Assets:
    style = files(__name__).joinpath("page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    page = PackageLoader(__name__, ".", whitespace="all").load("page.html")
    return _Assets(page, style, policy)
