"""Receivers that close connections, refuse parts of what they get, and ask for long pauses."""

import json
import os
import socket
import ssl
import subprocess
import threading

import h2.config
import h2.connection
import h2.events
import pytest
from aiohttp import web

import clients
from support import BINARY, body, is_account, numbered, until


class Raw:
    """A server of which a test says what it does with each request: `serve` gets a connection, and
    returns when it is to be closed.
    """

    def __init__(self, serve, context=None, address=("127.0.0.1", 0)):
        self.serve = serve
        self.bodies = []
        self.connections = 0
        self.context = context
        self.listener = socket.create_server(address)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                self.serve(self, connection)
        except OSError:
            pass

    def close(self):
        self.listener.close()

    def request(self, connection):
        """The lines of the next request, or none at the end."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = connection.recv(1)
            if not byte:
                return None
            head += byte
        [length] = [
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        ]
        content = b""
        while len(content) < length:
            content += connection.recv(length - len(content))
        return [body(line) for line in content.decode().splitlines()]

    def numbers(self):
        return [int(each) for each in list(self.bodies)]


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def answers(server, connection):
    while (bodies := server.request(connection)) is not None:
        server.bodies += bodies
        connection.sendall(ANSWER)


def once(server, connection):
    """Answers one request, and hangs up when the next has come: as one that closes idle connections
    does when a request is under way already.
    """
    server.bodies += server.request(connection)
    connection.sendall(ANSWER)
    server.request(connection)


def test_a_connection_that_is_closed_under_a_request(start):
    server = Raw(once)
    try:
        gateway = start(output=f"http://127.0.0.1:{server.port}/")
        for n in range(10):
            clients.nc(gateway.port["tcp+lines"], numbered([n]))
            gateway.delivered(n + 1)
        assert gateway.metric("output_failures_total") == 0
        is_account(gateway.stop(), received=10, delivered=10)
        assert server.numbers() == list(range(10)) and server.connections == 10
    finally:
        server.close()


def test_a_receiver_that_never_answers_is_not_tried_for_ever(start):
    server = Raw(lambda server, connection: server.request(connection))
    try:
        gateway = start(output=f"http://127.0.0.1:{server.port}/")
        clients.nc(gateway.port["tcp+lines"], numbered([0]))
        gateway.reaches("rejected_total", 1, reason="output")
        assert server.connections == 1
    finally:
        server.close()


def test_an_idle_connection_is_closed_before_the_receiver_does(start):
    closed = threading.Event()

    def serve(server, connection):
        server.bodies += server.request(connection)
        connection.sendall(ANSWER)
        if connection.recv(1) == b"":
            closed.set()

    server = Raw(serve)
    try:
        gateway = start("--http-idle", "500ms", output=f"http://127.0.0.1:{server.port}/")
        clients.nc(gateway.port["tcp+lines"], numbered([0]))
        gateway.delivered(1)
        until(closed.is_set, "an end of the connection")
    finally:
        server.close()


def goes_away(server, connection):
    """HTTP/2: answers one request, and says GOAWAY when the next comes."""
    h2c = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    h2c.initiate_connection()
    connection.sendall(h2c.data_to_send())
    answered, content = 0, b""
    while data := connection.recv(65536):
        for event in h2c.receive_data(data):
            if isinstance(event, h2.events.RequestReceived) and answered:
                h2c.close_connection(last_stream_id=1)
                connection.sendall(h2c.data_to_send())
                return
            if isinstance(event, h2.events.DataReceived):
                content += event.data
                h2c.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if isinstance(event, h2.events.StreamEnded):
                server.bodies += [body(line) for line in content.decode().splitlines()]
                answered += 1
                h2c.send_headers(event.stream_id, [(":status", "200")], end_stream=True)
        connection.sendall(h2c.data_to_send())


def test_a_receiver_that_goes_away_by_http2(start, identity):
    authority, certificate, key = identity
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    server = Raw(goes_away, context)
    try:
        url = f"https://localhost:{server.port}/"
        gateway = start("--output-ca", authority, output=url)
        for n in range(5):
            clients.nc(gateway.port["tcp+lines"], numbered([n]))
            gateway.delivered(n + 1)
        assert gateway.metric("output_failures_total") == 0
        is_account(gateway.stop(), received=5, delivered=5)
        assert server.numbers() == list(range(5)) and server.connections == 5
    finally:
        server.close()


class Picky:
    """Refuses a request with a status if one of its messages is a wrong one."""

    def __init__(self, receive, status, wrong):
        self.good = []
        self.receiver = receive(self.answer)
        self.status = status
        self.wrong = wrong

    def answer(self, request):
        lines = self.receiver.requests[-1][1].splitlines()
        messages = [json.loads(line)["message"] for line in lines]
        if any(map(self.wrong, messages)):
            return web.Response(status=self.status, text="type conflict")
        self.good += messages
        return web.Response()


def test_one_bad_message_does_not_take_its_batch_along(start, receive, tmp_path):
    for status in 400, 422:
        picky = Picky(receive, status, lambda message: message == "poison")
        rejects = tmp_path / f"rejects-{status}"
        batch = ["--batch-wait", "1h", "--batch-size", "1000"]
        gateway = start(*batch, "--rejects", rejects, output=picky.receiver.url)
        lines = [b"%d" % n for n in range(999)]
        lines.insert(500, b"poison")
        clients.nc(gateway.port["tcp+lines"], b"\n".join(lines) + b"\n")
        gateway.delivered(999)
        is_account(gateway.stop(), received=1000, delivered=999, rejected=1)
        assert picky.good == [str(n) for n in range(999)]
        [kept] = [json.loads(line) for line in rejects.read_text().splitlines()]
        assert (kept["message"], kept["rejected"]) == ("poison", "output")
        assert kept["output"] == picky.receiver.url


def test_where_all_are_bad_there_is_a_limit(start, receive):
    picky = Picky(receive, 400, lambda message: True)
    batch = ["--batch-wait", "1h", "--batch-size", "1000"]
    gateway = start(*batch, output=picky.receiver.url)
    clients.nc(gateway.port["tcp+lines"], numbered(range(1000)))
    gateway.reaches("rejected_total", 1000, reason="output")
    is_account(gateway.stop(), received=1000, rejected=1000)
    assert len(picky.receiver.requests) < 200


def test_what_is_malformed_can_be_kept_as_well(start, tmp_path):
    rejects = tmp_path / "rejects"
    gateway = start("--parse", "json", "--rejects", rejects, "--output", "null", output="null")
    clients.nc(gateway.port["tcp+lines"], b"1\n{\n2\n\xff\n")
    gateway.reaches("rejected_total", 4, reason="malformed")
    is_account(gateway.stop(), received=4, copied=4, delivered=4, rejected=4)
    kept = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [each["rejected"] for each in kept] == ["malformed"] * 4
    texts = sorted(each.get("message") or each["base64"] for each in kept)
    assert texts == ["/w==", "/w==", "{", "{"]


def test_what_is_sent_can_be_compressed(start, receive):
    receiver = receive(client_max_size=1 << 30)
    gateway = start("--http-encoding", "gzip", "--batch-wait", "1h", output=receiver.url)
    clients.nc(gateway.port["tcp+lines"], numbered(range(1024)))
    gateway.delivered(1024)
    is_account(gateway.stop(), received=1024, delivered=1024)
    [(request, _)] = receiver.requests
    assert request.headers["content-encoding"] == "gzip"
    assert int(request.headers["content-length"]) < 1024 * 20
    assert receiver.messages() == [str(n) for n in range(1024)]


def test_a_long_pause_is_seen_and_holds_up_nothing(start, receive):
    """What becomes too old meanwhile is counted, and the end need not wait for the pause."""
    answer = {"retry-after": "600"}
    receiver = receive(lambda request: web.Response(status=429, headers=answer))
    flags = ["--max-age", "1s", "--breaker-pause", "1ms", "--drain", "100s"]
    gateway = start(*flags, output=receiver.url)
    clients.nc(gateway.port["tcp+lines"], b"0\n")
    until(lambda: gateway.metric("output_state", state="pause") == 1, "a pause")
    gateway.reaches("expired_total", 1)
    for n in range(2, 4):
        clients.nc(gateway.port["tcp+lines"], b"%d\n" % n)
        gateway.reaches("expired_total", n)
        assert gateway.ask("/readyz") == (503, f"the output {receiver.url} fails\n")
    assert len(receiver.requests) == 1
    clients.nc(gateway.port["tcp+lines"], b"3\n" * 7)
    gateway.received(10)
    account = gateway.stop()
    assert account["received"] == account["expired"] + account["rejected"] == 10


def test_a_healthy_output_gets_what_was_received_though_another_hangs(start, sink, tmp_path):
    path = tmp_path / "out"
    flags = ["--capacity", "100", "--output-timeout", "1h", "--drain", "1s"]
    outputs = ["--output", sink.url, "--output", f"file:{path}"]
    sink.open.clear()
    gateway = start(*flags, *outputs, inputs=["tcp+lines://0?full=wait"], output=None)
    with clients.tcp(gateway.port["tcp+lines"]) as client:
        client.sendall(numbered(range(1000)))
        until(lambda: gateway.metric("received_total") > 500, "half of it")
        received = gateway.metric("received_total")
        gateway.reaches("delivered_total", received, output=f"file:{path}")
        account = gateway.stop()
        assert account["received"] == account["copied"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a file of hosts of its own")
def test_a_receiver_that_moves_to_another_address(start, tmp_path):
    """The connection is there, but the name has another address by now."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 receiver.test\n")
    wrapper = tmp_path / "gateway"
    mount = f"mount --bind {hosts} /etc/hosts"
    inside = f'{mount} && exec "$0" "$@"'
    wrapper.write_text(f"#!/bin/sh\nexec unshare -m sh -c '{inside}' {BINARY} \"$@\"\n")
    wrapper.chmod(0o755)
    if subprocess.run(["unshare", "-m", "sh", "-c", mount], check=False).returncode != 0:
        pytest.skip("a file of hosts cannot be mounted here")
    first = Raw(answers)
    second = Raw(answers, address=("127.0.0.2", first.port))
    try:
        flags = ["--http-idle", "1h"]
        gateway = start(*flags, program=wrapper, output=f"http://receiver.test:{first.port}/")
        clients.nc(gateway.port["tcp+lines"], numbered([0]))
        gateway.delivered(1)
        hosts.write_text("127.0.0.2 receiver.test\n")
        n = 1
        while not second.bodies:
            clients.nc(gateway.port["tcp+lines"], numbered([n]))
            n += 1
            gateway.delivered(n)
        assert gateway.log("the receiver has another address")
        is_account(gateway.stop(), received=n, delivered=n)
        assert first.numbers() + second.numbers() == list(range(n))
    finally:
        first.close()
        second.close()
