"""How programs use autoreload; checked by mypy, never run."""

from pathlib import Path

from twisted.internet.testing import MemoryReactorClock

from cyclone_core import autoreload
from cyclone_core.web import Application

application = Application([], debug=True)
started: bool = autoreload.start_for(application)
autoreload.start_for(application, MemoryReactorClock())
autoreload.start()
autoreload.start(250)
autoreload.start(check_time=250.5, reactor=MemoryReactorClock(), grace=0)
autoreload.watch("settings.ini")
autoreload.watch(Path("templates"))
autoreload.watch_error(ImportError())
autoreload.add_reload_hook(Path("stopped").touch)
is_ours: bool = autoreload.inherits("/run/web.sock")
autoreload.wait()
autoreload.main()
