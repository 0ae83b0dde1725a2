"""The documented ways to start an application, as processes of the installed programs."""

import signal

import pytest
from startup_processes import Launcher, answers, fetch, free_port, self_signed, until

TWO = """
import cyclone.web

def application(text):
    class Index(cyclone.web.RequestHandler):
        def get(self):
            self.write(f"{text} over {self.request.protocol}")
    return cyclone.web.Application([(r"/", Index)])

Plain = lambda text="plain": application(text)

class Secure(cyclone.web.Application):
    def __init__(self, text="secure"):
        class Index(cyclone.web.RequestHandler):
            def get(self):
                self.write(f"{text} over {self.request.protocol}")
        super().__init__([(r"/", Index)])
"""


def test_as_a_script(launch: Launcher) -> None:
    """`python script.py`: reactor.listenTCP takes an Application as it is."""
    port = free_port()
    launch.hello("script.py", port=port)
    process = launch.start("python", "script.py").serving(port)
    assert fetch(port) == "Hello, world"
    assert f"cyclone.web.Application starting on {port}" in process.output


@pytest.mark.parametrize("form", ["foobar()", "foobar"])
def test_as_a_twisted_application(launch: Launcher, form: str) -> None:
    """`twistd -ny foobar.tac`: TCPServer takes the instance, called or not."""
    port = free_port()
    launch.hello("foobar.tac", port=port)
    text = (launch.directory / "foobar.tac").read_text(encoding="utf-8")
    launch.write("foobar.tac", text.replace("foobar()", form))
    process = launch.start("twistd", "-ny", "foobar.tac").serving(port)
    assert fetch(port) == "hello world"
    assert f"cyclone.web.Application starting on {port}" in process.output


def test_as_a_plugin(launch: Launcher) -> None:
    """`twistd -n cyclone -r hello.Application` in a directory that holds only hello.py."""
    port = free_port()
    launch.hello("hello.py")
    process = launch.start("twistd", "-n", "cyclone", "-r", "hello.Application", f"-p{port}")
    process.serving(port)
    assert fetch(port) == "hello, world"
    log = process.output
    assert "reactor class: twisted.internet." in log
    assert f"cyclone.web.Application starting on {port}" in log
    assert f"http://127.0.0.1:{port}/ answers on this machine only; --listen=0.0.0.0" in log
    process.end()
    assert not (launch.directory / "twistd.pid").exists()


@pytest.mark.parametrize("words", [["hello.py"], ["-r", "hello.Application"], ["--app=hello.py"]])
def test_by_the_command_line(launch: Launcher, words: list[str]) -> None:
    """`cyclone run` with a file or a name; it leaves no pid file."""
    port = free_port()
    launch.hello("hello.py")
    launch.start("cyclone", "run", *words, "--port", str(port)).serving(port)
    assert fetch(port) == "hello, world"
    assert [path.name for path in launch.directory.iterdir()] == ["hello.py"]


def test_as_a_module(launch: Launcher) -> None:
    """`python -m cyclone run` is the same program."""
    port = free_port()
    launch.hello("hello.py")
    launch.start("python", "-m", "cyclone", "run", "hello.py", f"-p{port}").serving(port)
    assert fetch(port) == "hello, world"


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(launch: Launcher, signum: signal.Signals) -> None:
    """Ctrl-C and SIGTERM stop `cyclone run` with status 0, and the port is free again."""
    port = free_port()
    launch.hello("hello.py")
    process = launch.start("cyclone", "run", "hello.py", f"-p{port}").serving(port)
    assert process.end(signum) == 0
    assert "Traceback" not in process.output
    assert not answers(port)


def test_without_options_it_is_port_8888(launch: Launcher) -> None:
    """`cyclone run hello.py` starts on 127.0.0.1:8888, or says that this port is in use."""
    launch.hello("hello.py")
    process = launch.start("cyclone", "run", "hello.py")
    told = ("http://127.0.0.1:8888/ answers", "Port 8888 on 127.0.0.1 is already in use.")
    until("line that names 8888", lambda: any(line in process.output for line in told))


def test_port_zero_names_the_real_port(launch: Launcher) -> None:
    """`-p 0` takes a free port; the log says which."""
    launch.hello("hello.py")
    process = launch.start("cyclone", "run", "hello.py", "-p", "0")
    until("line with the URL", lambda: " answers on this machine only" in process.output)
    port = int(process.output.partition("http://127.0.0.1:")[2].partition("/")[0])
    assert fetch(port) == "hello, world"


@pytest.mark.parametrize("program", ["cyclone run", "twistd -n cyclone"])
def test_on_a_unix_socket(launch: Launcher, program: str) -> None:
    """`-u web.sock` in place of the TCP port; a killed server's socket is replaced."""
    words = [*program.split(), "-u", "web.sock", "-r", "hello.Application"]
    path = launch.directory / "web.sock"
    launch.hello("hello.py")
    killed = launch.start(*words).serving(path)
    killed.end(signal.SIGKILL)
    assert path.is_socket()
    (launch.directory / "twistd.pid").unlink(missing_ok=True)
    process = launch.start(*words).serving(path)
    assert fetch(path) == "hello, world"
    process.end()
    assert not path.exists()


@pytest.mark.parametrize("program", ["cyclone run", "twistd -n cyclone"])
def test_two_applications_over_http_and_https(launch: Launcher, program: str) -> None:
    """--app and --ssl-app each serve their own port, made with their own argument."""
    port, secure = free_port(), free_port()
    launch.write("two.py", TWO)
    certificate = self_signed(launch.directory)
    words = [*program.split(), "-r", "two.Plain", "-c", "one", f"-p{port}"]
    words += ["--ssl-app=two.Secure", "--ssl-appopts=two", f"--ssl-port={secure}"]
    process = launch.start(*words).serving(port).serving(secure, certificate)
    assert fetch(port) == "one over http"
    assert fetch(secure, certificate) == "two over https"
    assert f"https://127.0.0.1:{secure}/ answers on this machine only" in process.output


def test_https_alone_with_files_elsewhere(launch: Launcher) -> None:
    """--ssl-app without --app, with --ssl-cert and --ssl-key."""
    port = free_port()
    launch.write("two.py", TWO)
    certificate = self_signed(launch.directory, "mine")
    words = ["--ssl-app", "two.Secure", "--ssl-port", str(port), "--ssl-cert", "mine.crt"]
    launch.start("cyclone", "run", *words, "--ssl-key", "mine.key").serving(port, certificate)
    assert fetch(port, certificate) == "secure over https"


def test_a_file_beside_its_certificate(launch: Launcher) -> None:
    """`cyclone run FILE.py` serves HTTPS too when server.crt and server.key lie there."""
    port, secure = free_port(), free_port()
    certificate = self_signed(launch.directory)
    launch.hello("hello.py")
    words = ["hello.py", f"-p{port}", f"--ssl-port={secure}"]
    process = launch.start("cyclone", "run", *words).serving(port).serving(secure, certificate)
    assert fetch(secure, certificate) == "hello, world"
    assert "server.crt and server.key are here: HTTPS is started too." in process.output


def test_a_daemon(launch: Launcher) -> None:
    """`twistd cyclone` goes into the background with a pid file and a log, and ends by SIGTERM."""
    port = free_port()
    launch.hello("hello.py")
    started = launch.run("twistd", "cyclone", "-r", "hello.Application", f"-p{port}")
    pid_file = launch.directory / "twistd.pid"
    assert (started.returncode, started.stderr) == (0, "")
    assert fetch(port) == "hello, world"
    log = (launch.directory / "twistd.log").read_text(encoding="utf-8")
    assert f"cyclone.web.Application starting on {port}" in log
    launch.run("python", "-c", f"import os; os.kill({pid_file.read_text()}, 15)")
    until("end of the daemon", lambda: not pid_file.exists())


@pytest.mark.parametrize(
    "command", ["cyclone", "twistd cyclone", "cyclone run", "python -m cyclone"]
)
def test_version(launch: Launcher, command: str) -> None:
    """--version names cyclone and Twisted."""
    done = launch.run(*command.split(), "--version")
    first, second = done.stdout.splitlines()
    assert (done.returncode, first.split()[0], second.split()[0]) == (0, "cyclone", "Twisted")


def test_the_plugin_needs_no_source_tree(launch: Launcher) -> None:
    """`twistd --help` lists cyclone from anywhere."""
    assert "    cyclone " in launch.run("twistd", "--help").stdout
