"""What type checkers see of the classic names; this file is checked, never run.

An unused `type: ignore` is an error, so each of them pins that a mistake is found.
"""

from collections.abc import Mapping
from typing import assert_type

import cyclone
import cyclone.web
import cyclone_core.httpclient
import cyclone_core.httputil
import cyclone_core.web
import cyclone_locale
import cyclone_template
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
    wsgi,
)
from cyclone.web import Application, RequestHandler, url

assert_type(cyclone.version, str)
assert_type(cyclone.__version__, str)
assert_type(cyclone.__author__, str)
table: Mapping[str, str] = cyclone.ALIASES


class Hello(cyclone.web.RequestHandler):
    """A handler by its classic name is one by its real name."""

    def get(self, name: str) -> None:
        """Greet."""
        self.write(f"Hello, {name}")


handler: type[cyclone_core.web.RequestHandler] = Hello
again: type[RequestHandler] = Hello
application = cyclone.web.Application([url(r"/(\w+)", Hello, name="hello")])
assert_type(application, cyclone_core.web.Application)
assert_type(application, Application)
assert_type(httpclient.AsyncHTTPClient(), cyclone_core.httpclient.AsyncHTTPClient)
assert_type(httputil.HTTPHeaders(), cyclone_core.httputil.HTTPHeaders)
assert_type(cyclone.httputil.HTTPHeaders(), cyclone_core.httputil.HTTPHeaders)
text: str = escape.xhtml_escape("<")
also: str = cyclone.escape.xhtml_escape("<")
server: type[httpserver.HTTPServer] = cyclone.httpserver.HTTPServer
assert_type(template.Loader("."), cyclone_template.Loader)
loaded: cyclone_template.Template = cyclone.template.Loader("templates").load("page.html")
assert_type(locale.get("pt_BR"), cyclone_locale.Locale)
translated: str = cyclone.locale.get("pt_BR").translate("send")
helpers = (util.ObjectDict, util.import_object)

missing = cyclone.nothing  # type: ignore[attr-defined]
missing_too = cyclone.web.nothing  # type: ignore[attr-defined]
locale.load_gettext_translations(1)  # type: ignore[arg-type]
template.Loader(1)  # type: ignore[arg-type]
escape.xhtml_escape(1)  # type: ignore[arg-type]

assert_type(options.options, options.OptionParser)
rule: routing.Rule = routing.Rule(routing.AnyMatches(), application)
mounted: wsgi.WSGIContainer
client: testing.Client = testing.Client(application)
started: object = autoreload.start
style: object = bottle.route
pool: redis.ConnectionHandler = cyclone.redis.lazyConnectionPool("localhost", 6379)
rows: list[object] = sqlite.InlineSQLite().runQuery("SELECT 1")
channel: object = log.access_log
