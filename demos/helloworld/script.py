#!/usr/bin/env python
import sys

from twisted.internet import reactor
from twisted.python import log

import cyclone.web


class MainHandler(cyclone.web.RequestHandler):
    def get(self) -> None:
        self.write("Hello, world")


def main() -> None:
    log.startLogging(sys.stdout)
    application = cyclone.web.Application([(r"/", MainHandler)])
    reactor.listenTCP(8888, application, interface="127.0.0.1")
    reactor.run()


if __name__ == "__main__":
    main()
