"""The logging as a program uses it; only type checkers read this."""

import logging

from cyclone_core.log import access_log, app_log, gen_log
from cyclone_core.log.lines import BARE, ERROR, INFO, WARN, LineWriter
from cyclone_core.log.text import masking, printable
from cyclone_core.web import Application, RequestHandler
from cyclone_core.web.access import MASKED, AccessLog, LogFunction, log_function, mask_function


def own(handler: RequestHandler) -> None:
    """Replace the access log."""
    access_log.info("%d %s", handler.get_status(), handler.request.uri)


application = Application(
    [], log_function=own, access_log="json", access_log_mask=[*MASKED, "voucher"]
)
function: LogFunction = log_function({"access_log": None}, application.clock)
access = AccessLog(application.clock, json=True, masked=("token",), writer=LineWriter("audit"))
function = access
function = own

loggers: list[logging.Logger] = [access_log, app_log, gen_log]

writer = LineWriter("audit")
for level in (INFO, WARN, ERROR, BARE):
    taken: bool = writer.write(level, "line")
    if not taken and level != BARE:
        writer.emit(level, "line", user="alice")
writer.flush()

masked: str = printable(masking({"voucher"})("/?voucher=1"))
masked = mask_function({"access_log_mask": None})("/?voucher=1")
