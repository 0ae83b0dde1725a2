"""Applications of functions, as a program makes them; only type checkers read this."""

import sys

from twisted.internet.defer import Deferred, succeed

from cyclone_core.bottle import (
    Bottle,
    create_app,
    default_app,
    delete,
    error,
    get,
    patch,
    post,
    put,
    route,
    run,
)
from cyclone_core.web import Application, RequestHandler, authenticated


@route("/")
@get("/index")
def index(web: RequestHandler) -> None:
    """Answer."""
    web.write("hello, world")


@route
@get
def bare(web: RequestHandler) -> None:
    """Answer a path that is called like the function."""
    web.write("hello, world")


@route("/login", method=["GET", "POST"], name="login")
@authenticated
async def login(web: RequestHandler) -> None:
    """Answer later."""
    web.write(await succeed("signed in"))


@route(r"/([a-z]+)", method="any", apply=None)
@put(name="named")
@patch()
def named(web: RequestHandler, name: str) -> Deferred[None]:
    """Answer with a group of the pattern."""
    web.write(name)
    return succeed(None)


@error(404)
@error()
@error
def page(web: RequestHandler, exception: Exception) -> None:
    """Write an error page."""
    web.write(str(exception))


index = route("/a", "GET", index)
index = route("/b", callback=index)
index = post("/c", index)
index = delete("/d", callback=index)
page = error(500, page)

own: Bottle = default_app
own.get("/e")(index)
application: Application = create_app(
    base_handler=RequestHandler, more_handlers=[("/more", RequestHandler)], debug=True
)
application = own.create_app()
run(host="127.0.0.1", port=8888, log=sys.stdout, reloader=True, cookie_secret="secret")  # noqa: S106
own.run()
