"""NATS JetStream as the output: what the broker has stored, and what becomes of messages while
there is none.
"""

import asyncio
import itertools
import json
import pathlib
import signal
import socket
import ssl
import subprocess
import threading

import nats
import pytest
from nats.js.api import AckPolicy, ConsumerConfig

import clients
import keys
from support import PATIENCE, is_account, numbered, until


class Broker:
    """A broker that can be killed and started again, with the same port and the same store."""

    def __init__(self, folder, configuration=""):
        self.folder = folder
        self.configuration = folder / "nats.conf"
        self.configuration.write_text(configuration)
        self.port = -1
        self.start()
        ports = until(
            lambda: [file for file in folder.glob("*.ports") if file.read_text()],
            "the broker's port",
        )
        self.url = json.loads(ports[0].read_text())["nats"][0]
        self.port = int(self.url.rsplit(":", 1)[1])

    def start(self):
        program = clients.tool("nats-server")
        command = [
            program,
            "-c",
            self.configuration,
            "-js",
            "-a",
            "127.0.0.1",
            "-p",
            self.port,
            "-sd",
            self.folder / "store",
        ]
        command += ["--ports_file_dir", self.folder] if self.port == -1 else []
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)
        threads = pathlib.Path(f"/proc/{self.process.pid}/task")
        until(
            lambda: all(
                (each / "stat").read_text().rpartition(")")[2].split()[0] == "T"
                for each in threads.iterdir()
            ),
            "a broker of which no thread runs",
        )

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stored(self, **login):
        """The bodies in the stream, in order."""
        return [message.data for message in self.messages(**login)]

    def messages(self, **login):
        async def read():
            client = await nats.connect(self.url, connect_timeout=PATIENCE, **login)
            try:
                stream = client.jetstream(timeout=PATIENCE)
                unacknowledged = ConsumerConfig(ack_policy=AckPolicy.NONE)
                count = (await stream.stream_info("S")).state.messages
                bodies = []
                subscription = await stream.pull_subscribe(
                    "gateway", stream="S", config=unacknowledged
                )
                while len(bodies) < count:
                    bodies += await subscription.fetch(1000, timeout=PATIENCE)
                return bodies
            finally:
                await client.close()

        return asyncio.run(asyncio.wait_for(read(), PATIENCE))


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path)
    yield broker
    broker.kill()


@pytest.fixture
def begin(start, broker):
    def begin(*flags):
        retries = ["--retry-first", "10ms", "--retry-longest", "100ms"]
        return start("--nats-stream", "S", *retries, *flags, output=broker.url)

    return begin


def test_the_broker_stores_everything(begin, broker):
    gateway = begin("--max-age", "1h", "--max-message", "2000000")
    sent = [b"m" * size for size in (18, 4266, 6786, 79_435)] + [b""]
    clients.nc(gateway.port["tcp+frames"], clients.frames(sent))
    # Larger than what the broker takes, which does not hold up the rest.
    clients.nc(gateway.port["tcp+frames"], clients.frames([b"m" * 1_100_000, b"next"]))
    gateway.delivered(6)
    is_account(gateway.stop(), received=7, delivered=6, rejected=1)
    assert broker.stored() == [*sent, b"next"]


def test_a_broker_that_comes_later(begin, broker):
    broker.kill()
    gateway = begin("--max-age", "1h")
    clients.nc(gateway.port["tcp+lines"], numbered(range(1000)))
    until(lambda: gateway.metric("output_failures_total") > 0, "a failure")
    broker.start()
    gateway.delivered(1000)
    is_account(gateway.stop(), received=1000, delivered=1000)
    assert broker.stored() == numbered(range(1000)).splitlines()


def test_a_broker_that_is_killed_and_comes_back(begin, broker):
    """While messages come in all the time: each is stored once, in order, and none is lost but what
    was evicted.
    """
    capacity = 1000
    gateway = begin("--max-age", "1h", "--capacity", str(capacity))
    numbers = itertools.count()
    stop = threading.Event()

    def send():
        with clients.tcp(gateway.port["tcp+lines"]) as client:
            while not stop.wait(0.002):
                client.sendall(numbered(itertools.islice(numbers, 20)))

    sender = threading.Thread(target=send)
    sender.start()
    try:
        for n in range(1, 4):
            delivered = gateway.metric("delivered_total")
            until(lambda: gateway.metric("delivered_total") > delivered + 100, "a hundred more")
            broker.kill()
            until(
                lambda: gateway.metric("evicted_total") > n * 1000,
                "evictions, since there is no broker",
            )
            broker.start()
    finally:
        stop.set()
        sender.join(PATIENCE)
    sent = next(numbers)
    gateway.received(sent)
    until(lambda: gateway.metric("queue_depth") == 0, "an empty queue")
    account = gateway.stop()
    is_account(account, received=sent, delivered=account["delivered"], evicted=account["evicted"])
    assert account["evicted"] > 3000
    # In order, and once each, since they have ids.
    stored = [int(body) for body in broker.stored()]
    assert len(stored) == account["delivered"] and stored == sorted(set(stored))
    # The newest came through.
    assert stored[-capacity:] == list(range(sent - capacity, sent))


def test_a_stream_that_is_deleted_is_made_again(begin, broker):
    gateway = begin("--max-age", "1h")
    clients.nc(gateway.port["tcp+lines"], b"before\n")
    gateway.delivered(1)

    async def delete():
        client = await nats.connect(broker.url, connect_timeout=PATIENCE)
        try:
            await client.jetstream(timeout=PATIENCE).delete_stream("S")
        finally:
            await client.close()

    asyncio.run(asyncio.wait_for(delete(), PATIENCE))
    clients.nc(gateway.port["tcp+lines"], b"after\n")
    gateway.delivered(2)
    is_account(gateway.stop(), received=2, delivered=2)
    assert broker.stored() == [b"after"]


def test_several_servers_are_one_output(start, broker):
    """Of which one is enough, and each message is stored once."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for servers in f"nats://127.0.0.1:{port},{broker.url}", f"{broker.url},nats://127.0.0.1:{port}":
        gateway = start("--nats-stream", "S", "--max-age", "1h", output=servers)
        clients.nc(gateway.port["tcp+lines"], b"m\n")
        gateway.delivered(1)
        is_account(gateway.stop(), received=1, delivered=1)
    assert broker.stored() == [b"m", b"m"]


def test_the_age_limit_holds_while_there_is_no_broker(begin, broker):
    gateway = begin("--max-age", "1s")
    port = gateway.port["tcp+lines"]
    alive = send_until_one_is_delivered(gateway, b"before")
    broker.kill()
    # At once: it may not have been noticed yet.
    expired = gateway.metric("expired_total")
    clients.nc(port, b"too old\n" * 100)
    gateway.reaches("expired_total", expired + 100)
    broker.start()
    alive += send_until_one_is_delivered(gateway, b"after")
    account = gateway.stop()
    is_account(
        account, received=100 + alive, delivered=account["delivered"], expired=account["expired"]
    )
    stored = broker.stored()
    assert b"too old" not in stored and stored[0] == b"before" and stored[-1] == b"after"


def test_the_age_limit_holds_when_the_broker_hung_before(begin, broker):
    """It takes nothing any more, but the connection is there: then it dies, and comes back."""
    gateway = begin("--max-age", "1s", "--output-timeout", "500ms")
    alive = send_until_one_is_delivered(gateway, b"before")
    broker.freeze()
    expired = gateway.metric("expired_total")
    # Far more than what the systems keep for a connection.
    body = b"too old" * 10_000
    clients.nc(gateway.port["tcp+lines"], (body + b"\n") * 200)
    gateway.reaches("expired_total", expired + 200)
    broker.kill()
    broker.start()
    alive += send_until_one_is_delivered(gateway, b"after")
    account = gateway.stop()
    is_account(
        account, received=200 + alive, delivered=account["delivered"], expired=account["expired"]
    )
    stored = broker.stored()
    assert body not in stored and stored[-1] == b"after"


def send_until_one_is_delivered(gateway, body):
    """How many it took: on a busy machine one may become too old before the broker is reached."""
    delivered, received = gateway.metric("delivered_total"), gateway.metric("received_total")
    for n in itertools.count(1):
        clients.nc(gateway.port["tcp+lines"], body + b"\n")
        gateway.received(received + n)
        ended = ("delivered_total", "expired_total", "rejected_total")
        until(lambda: sum(map(gateway.metric, ended)) == received + n, "an end of all")
        if gateway.metric("delivered_total") > delivered:
            return n


@pytest.fixture
def private(tmp_path):
    """Starts a broker with this configuration."""
    started = []

    def begin(configuration):
        started.append(Broker(tmp_path, configuration))
        return started[-1]

    yield begin
    for broker in started:
        broker.kill()


@pytest.mark.parametrize(
    ("configuration", "login", "url"),
    [
        (
            'authorization { user: "u", password: "p@ss:word" }',
            {"user": "u", "password": "p@ss:word"},
            "u:p%40ss%3Aword",
        ),
        ('authorization { token: "t-o-k-e-n" }', {"token": "t-o-k-e-n"}, "t-o-k-e-n"),
    ],
    ids=["password", "token"],
)
def test_a_broker_that_asks_who_we_are(private, start, configuration, login, url):
    broker = private(configuration)
    stranger = start(output=broker.url)
    clients.nc(stranger.port["tcp+lines"], b"lost\n")
    stranger.reaches("rejected_total", 1, reason="output")
    gateway = start("--nats-stream", "S", output=broker.url.replace("//", f"//{url}@"))
    clients.nc(gateway.port["tcp+lines"], b"m\n")
    gateway.delivered(1)
    is_account(gateway.stop(), received=1, delivered=1)
    assert broker.stored(**login) == [b"m"]
    assert url not in "".join(gateway.lines)


def test_a_broker_with_tls_and_a_private_authority(private, start, identity):
    authority, certificate, key = identity
    broker = private(f'tls {{ cert_file: "{certificate}", key_file: "{key}" }}')
    url = f"tls://localhost:{broker.port}"
    stranger = start(output=url)
    clients.nc(stranger.port["tcp+lines"], b"lost\n")
    stranger.reaches("rejected_total", 1, reason="output")
    gateway = start("--nats-stream", "S", "--output-ca", authority, output=url)
    clients.nc(gateway.port["tcp+lines"], b"m\n")
    gateway.delivered(1)
    is_account(gateway.stop(), received=1, delivered=1)
    context = ssl.create_default_context(cafile=authority)
    assert broker.stored(tls=context, tls_hostname="localhost") == [b"m"]


def test_a_broker_with_accounts_and_a_file_of_credentials(private, start, tmp_path):
    """A JWT for the user, signed by an account that an operator has signed: each signature is made
    with the broker's own keys.
    """
    operator, system, account, user = map(keys.create, ("operator", "account", "account", "user"))
    configuration = (
        f"operator: {keys.jwt(operator, operator, 'operator', {})}\n"
        f"resolver: MEMORY\nsystem_account: {system.public}\nresolver_preload {{\n"
        f"{system.public}: {keys.jwt(operator, system, 'account', {})}\n"
        f"{account.public}: {keys.jwt(operator, account, 'account', keys.ACCOUNT)}\n}}\n"
    )
    broker = private(configuration)
    credentials = tmp_path / "user.creds"
    credentials.write_text(keys.credentials(user, keys.jwt(account, user, "user", keys.USER)))
    gateway = start("--nats-stream", "S", "--nats-credentials", credentials, output=broker.url)
    clients.nc(gateway.port["tcp+lines"], b"m\n")
    gateway.delivered(1)
    is_account(gateway.stop(), received=1, delivered=1)
    assert broker.stored(user_credentials=str(credentials)) == [b"m"]


def test_the_request_goes_on_as_headers(begin, broker):
    gateway = begin()
    clients.curl(f"http://127.0.0.1:{gateway.port['http']}/", b"m", "-H", "X-Request-Id: abc")
    gateway.delivered(1)
    gateway.stop()
    [message] = broker.messages()
    assert message.headers["x-request-id"] == "abc"
