import cyclone.web


class MainHandler(cyclone.web.RequestHandler):
    def get(self) -> None:
        self.write("hello, world")


Application = lambda: cyclone.web.Application([(r"/", MainHandler)])  # noqa: E731 -- the classic form
