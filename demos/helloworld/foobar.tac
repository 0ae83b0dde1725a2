# twisted application: foobar.tac

import cyclone.web
from twisted.application import internet, service


class IndexHandler(cyclone.web.RequestHandler):
    def get(self) -> None:
        self.write("hello world")


foobar = cyclone.web.Application([(r"/", IndexHandler)])

application = service.Application("foobar")
internet.TCPServer(8888, foobar(), interface="127.0.0.1").setServiceParent(application)
