"""A gateway as a process, and what the tests see of it: its log, its metrics, and the account it
leaves.
"""

import base64
import http.client
import http.server
import json
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
BINARY = Path(os.environ.get("RINGWAY_GATEWAY", HERE / "../../../target/debug/gateway")).resolve()

# Waiting ends with the condition. This only turns a hang into a failure.
PATIENCE = 60

PLAIN = ("http", "grpc", "ws", "tcp+lines", "tcp+frames", "udp")
SIZES = (18, 4266, 6786, 79_435)
# What IPv4 leaves of 64 KiB.
LARGEST_DATAGRAM = 65_507


def until(condition, what, patience=PATIENCE):
    """Waits until `condition` returns something true, and returns that."""
    end = time.monotonic() + patience
    while not (result := condition()):
        assert time.monotonic() < end, (
            f"after {patience} s, still not: {what() if callable(what) else what}"
        )
        time.sleep(0.02)
    return result


def environment(**more):
    """The settings of whoever runs the tests are not those of the gateway."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return kept | more


class Gateway:
    """A gateway with the given flags; `inputs` are schemes, each of which gets a port that is free."""

    def __init__(self, *flags, inputs=PLAIN, output="null", stdout=None, program=BINARY, **env):
        own = ["--log-format", "json", "--operations", "127.0.0.1:0"]
        own += (
            ["--input", ",".join(each if "://" in each else f"{each}://0" for each in inputs)]
            if inputs
            else []
        )
        own += ["--output", output] if output else []
        # Most tests look at what one attempt does.
        own += [] if {"--max-age", "--config"} & set(flags) else ["--max-age", "none"]
        self.process = subprocess.Popen(
            [program, "run", *own, *flags],
            stdin=subprocess.DEVNULL,
            stdout=stdout or subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment(**env),
        )
        self.lines = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.logged("ready")
        self.port = {line["input"].split("://")[0]: _port(line) for line in self.log("listening")}
        self.operations = _port(self.log("operations")[0])

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line.decode().rstrip("\n"))

    def log(self, message=None):
        """What has been logged; all of it is JSON, so a panic is found, too."""
        lines = [json.loads(line) for line in list(self.lines)]
        return [line for line in lines if message in (None, line["message"])]

    def logged(self, message):
        def look():
            assert self.log(message) or self.process.poll() is None, f"it has ended: {self.lines}"
            return self.log(message)

        return until(look, f"{message!r} in the log")

    def ask(self, path, method="GET", body=None):
        """The status and the text that the operations' port answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.operations, timeout=PATIENCE)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def metric(self, name, **labels):
        """The sum of the samples of that name which have these labels."""
        status, text = self.ask("/metrics")
        assert status == 200, text
        samples = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        values = [
            float(value)
            for sample, value in samples
            if sample.split("{")[0] == f"gateway_{name}"
            and all(label in sample for label in wanted)
        ]
        assert values, f"no {name} with {labels} in\n{text}"
        return sum(values)

    def reaches(self, name, value, **labels):
        until(
            lambda: self.metric(name, **labels) == value,
            lambda: f"{name} {labels} = {value}, but {self.metric(name, **labels)}",
        )

    def received(self, n, **labels):
        self.reaches("received_total", n, **labels)

    def delivered(self, n):
        self.reaches("delivered_total", n)

    def memory(self):
        """Bytes that are resident."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(status.split("VmRSS:")[1].split()[0])

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def account(self, code=0):
        """Waits for the end, and returns the last line's account, which adds up."""
        assert self.process.wait(PATIENCE) == code, self.lines
        self.reader.join(PATIENCE)
        last = self.log()[-1]
        assert last["message"] == "account", self.lines[-5:]
        account = last["account"]
        ends = ("delivered", "duplicate", "reduced", "evicted", "rejected", "expired")
        assert account["received"] + account["copied"] == sum(account[end] for end in ends), account
        return account

    def stop(self):
        self.signal()
        return self.account()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()


def _port(line):
    return int(line["address"].rsplit(":", 1)[1])


def is_account(account, **expected):
    """Whether it has these numbers and otherwise zeros."""
    assert account == dict.fromkeys(account, 0) | expected


def bodies(path):
    """The bodies in a file of JSON lines, as bytes."""
    return [body(line) for line in Path(path).read_text().splitlines()]


def body(line):
    record = json.loads(line)
    assert record["received"].endswith("Z") and record["input"], line
    if "base64" in record:
        return base64.b64decode(record["base64"])
    return record["message"].encode()


def numbered(numbers):
    return b"".join(b"%d\n" % number for number in numbers)


class Sink:
    """An HTTP server to deliver to. It keeps what it gets, and answers with `status` when it is
    `open`.
    """

    def __init__(self, port=0):
        self.open = threading.Event()
        self.open.set()
        self.status = 200
        self.requests = 0
        self.bodies = []
        self.connections = []
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                sink.connections.append(self.connection)

            def do_POST(self):
                lines = self.rfile.read(int(self.headers["content-length"])).decode().splitlines()
                sink.requests += 1
                sink.open.wait()
                if sink.status == 200:
                    sink.bodies += [body(line) for line in lines]
                self.send_response(sink.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """The gateway may go away before it is answered."""

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def close(self):
        self.open.set()
        self.server.shutdown()
        self.server.server_close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def numbers(self):
        return [int(body) for body in list(self.bodies)]
