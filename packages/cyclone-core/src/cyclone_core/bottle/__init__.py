"""Applications of functions, in the manner of bottle.py (cyclone: `bottle`).

    from cyclone_core.bottle import route, run

    @route("/")
    def index(web):
        web.write("hello, world")

    @route(r"/hello/([a-z]+)")
    async def hello(web, name):
        web.write(f"hello, {name}")

    run(port=8080)

A function is called with the `RequestHandler`, so all that handlers can do is there. The names of this
module are methods of one `Bottle`, which all modules of a program share.
"""

from typing import Final

from cyclone_core.bottle.app import Bottle

__all__ = [
    "Bottle",
    "create_app",
    "default_app",
    "delete",
    "error",
    "get",
    "patch",
    "post",
    "put",
    "route",
    "run",
]

default_app: Final = Bottle()
"""What the functions of this module belong to."""

route = default_app.route
get = default_app.get
post = default_app.post
put = default_app.put
patch = default_app.patch
delete = default_app.delete
error = default_app.error
create_app = default_app.create_app
run = default_app.run
