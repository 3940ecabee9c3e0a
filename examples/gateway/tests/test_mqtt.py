"""MQTT as the output: mosquitto is the broker, and its own client reads."""

import signal
import socket
import subprocess

import pytest

import clients
from support import is_account, numbered, until


class Broker:
    """mosquitto, with a reader that is there before anything is sent."""

    def __init__(self, folder, configuration=""):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.folder = folder
        self.configuration = folder / "mosquitto.conf"
        text = f"listener {self.port} 127.0.0.1\n{configuration}\n"
        if "allow_anonymous" not in configuration:
            text += "allow_anonymous true\n"
        self.configuration.write_text(text)
        self.start()

    def start(self):
        program = clients.tool("mosquitto")
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [program, "-c", self.configuration], stdout=log, stderr=log
            )

        def listens():
            try:
                clients.tcp(self.port).close()
            except ConnectionRefusedError:
                return False
            return True

        until(listens, "a broker that listens")

    def read(self, topic="ingest/all", *login):
        """A client that keeps what is published, as soon as it is subscribed."""
        out = open(self.folder / f"read-{len(list(self.folder.iterdir()))}", "w+b")
        program = clients.tool("mosquitto_sub")
        flags = ["-V", "5", "-q", "1", "-p", str(self.port), "-t", topic, "-F", "%x", "-d"]
        command = ["stdbuf", "-oL", program, *flags, *login]
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        reader = Reader(process, out)
        until(lambda: b"Subscribed" in reader.text(), "a subscription")
        return reader

    def kill(self):
        self.process.kill()
        self.process.wait()


class Reader:
    def __init__(self, process, out):
        self.process = process
        self.out = out

    def text(self):
        self.out.seek(0)
        return self.out.read()

    def bodies(self):
        lines = self.text().splitlines()
        said = (b"Client ", b"Subscribed ")
        return [bytes.fromhex(line.decode()) for line in lines if not line.startswith(said)]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.out.close()


@pytest.fixture
def begin(tmp_path):
    started = []

    def begin(configuration=""):
        started.append(Broker(tmp_path, configuration))
        return started[-1]

    yield begin
    for broker in started:
        broker.process.send_signal(signal.SIGCONT)
        broker.kill()


def url(broker, login=""):
    return f"mqtt://{login}127.0.0.1:{broker.port}/ingest/all"


def test_the_broker_gets_everything(begin, start):
    broker = begin()
    reader = broker.read()
    gateway = start(output=url(broker))
    clients.nc(gateway.port["tcp+lines"], numbered(range(1000)))
    gateway.delivered(1000)
    sent = [b"m" * size for size in (1, 4266, 79_435)] + [b"\xff\0\n"]
    clients.nc(gateway.port["tcp+frames"], clients.frames(sent))
    gateway.delivered(1004)
    is_account(gateway.stop(), received=1004, delivered=1004)
    until(lambda: len(reader.bodies()) == 1004, "all of them")
    assert reader.bodies() == numbered(range(1000)).splitlines() + sent
    reader.close()


def test_a_broker_that_is_away_and_comes_back(begin, start):
    broker = begin()
    broker.kill()
    flags = ["--max-age", "1h", "--retry-longest", "100ms"]
    gateway = start(*flags, output=url(broker))
    clients.nc(gateway.port["tcp+lines"], numbered(range(100)))
    until(lambda: gateway.metric("output_failures_total") > 0, "a failure")
    broker.start()
    gateway.delivered(100)
    # The connection is gone while nothing is sent: no failure of a message.
    broker.kill()
    broker.start()
    reader = broker.read()
    failures = gateway.metric("output_failures_total")
    clients.nc(gateway.port["tcp+lines"], b"next\n")
    gateway.delivered(101)
    assert gateway.metric("output_failures_total") <= failures + 1
    is_account(gateway.stop(), received=101, delivered=101)
    until(lambda: reader.bodies() == [b"next"], "the last")
    reader.close()


def test_a_broker_that_hangs(begin, start):
    broker = begin()
    flags = ["--max-age", "1s", "--output-timeout", "300ms", "--retry-longest", "100ms"]
    gateway = start(*flags, output=url(broker))
    clients.nc(gateway.port["tcp+lines"], b"before\n")
    gateway.delivered(1)
    broker.process.send_signal(signal.SIGSTOP)
    clients.nc(gateway.port["tcp+lines"], numbered(range(10)))
    gateway.reaches("expired_total", 10)
    broker.process.send_signal(signal.SIGCONT)
    n = 11
    while gateway.metric("delivered_total") == 1:
        clients.nc(gateway.port["tcp+lines"], b"after\n")
        n += 1
        ended = ("delivered_total", "expired_total")
        until(lambda: sum(map(gateway.metric, ended)) == n, "an end of each")
    account = gateway.stop()
    assert account["received"] == n == account["delivered"] + account["expired"]


def test_a_message_that_is_too_large_for_the_broker_is_rejected_alone(begin, start):
    broker = begin("max_packet_size 20000")
    reader = broker.read()
    gateway = start("--max-age", "1h", output=url(broker))
    clients.nc(gateway.port["tcp+lines"], b"1\n" + b"m" * 30_000 + b"\n2\n")
    gateway.delivered(2)
    is_account(gateway.stop(), received=3, delivered=2, rejected=1)
    until(lambda: reader.bodies() == [b"1", b"2"], "both")
    reader.close()


def test_a_broker_that_asks_who_we_are(begin, start, tmp_path):
    passwords = tmp_path / "passwords"
    clients.execute("mosquitto_passwd", "-b", "-c", passwords, "u", "p@ss")
    passwords.chmod(0o644)
    broker = begin(f"allow_anonymous false\nuser root\npassword_file {passwords}")
    stranger = start(output=url(broker))
    clients.nc(stranger.port["tcp+lines"], b"lost\n")
    stranger.reaches("rejected_total", 1, reason="output")
    gateway = start(output=url(broker, "u:p%40ss@"))
    clients.nc(gateway.port["tcp+lines"], b"m\n")
    gateway.delivered(1)
    is_account(gateway.stop(), received=1, delivered=1)
    assert "p%40ss" not in "".join(gateway.lines) and "p@ss" not in "".join(gateway.lines)


def test_a_server_that_speaks_something_else(start, sink):
    gateway = start(output=f"mqtt://127.0.0.1:{sink.port}/topic")
    clients.nc(gateway.port["tcp+lines"], b"m\n")
    gateway.reaches("rejected_total", 1, reason="output")
    assert gateway.ask("/healthz")[0] == 200
