"""The end: inputs stop, the queue drains within a limit, outputs are flushed, and the last line is
exact.
"""

import os
import signal
import subprocess
import threading

import grpc
import pytest
from websockets.exceptions import ConnectionClosed

import clients
from support import BINARY, PATIENCE, environment, is_account, numbered, until
from test_overload import blocked

COUNT = 500


@pytest.fixture
def full(start, sink):
    """A gateway whose queue is full of messages and whose output does not answer."""

    def begin(*flags):
        gateway = start("--output-timeout", "1h", *flags, output=sink.url)
        blocked(gateway, sink)
        clients.nc(gateway.port["tcp+lines"], numbered(range(1, COUNT)))
        gateway.received(COUNT)
        return gateway

    return begin


def refuses(port):
    try:
        clients.tcp(port).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_queue_drains(full, sink, number):
    gateway = full("--batch-size", "3", "--drain", "1h")
    assert gateway.ask("/readyz")[0] == 200
    gateway.signal(number)
    until(lambda: gateway.ask("/readyz") == (503, "shutting down\n"), "not ready")
    assert gateway.ask("/healthz")[0] == 200
    for scheme in "http", "grpc", "ws", "tcp+lines", "tcp+frames":
        until(
            lambda scheme=scheme: refuses(gateway.port[scheme]), f"no new connections of {scheme}"
        )
    assert gateway.process.poll() is None
    sink.open.set()
    is_account(gateway.account(), received=COUNT, delivered=COUNT)
    assert sink.numbers() == list(range(COUNT))


def test_the_drain_has_a_limit(full):
    gateway = full("--drain", "500ms")
    # What the output has been sent may have arrived, but it has not said so.
    is_account(gateway.stop(), received=COUNT, rejected=COUNT)


def test_a_second_signal_shortens_it(full):
    gateway = full("--drain", "1h")
    gateway.signal()
    gateway.logged("shutting down; another signal shortens it")
    # It may come a little early: then it is one with the first.
    until(lambda: gateway.signal() or gateway.process.poll() is not None, "the end")
    is_account(gateway.account(), received=COUNT, rejected=COUNT)


def test_connections_of_all_kinds_are_open(start):
    gateway = start("--drain", "4s")
    port = gateway.port
    lines, frames, http = (
        clients.tcp(port[scheme]) for scheme in ("tcp+lines", "tcp+frames", "http")
    )
    lines.sendall(b"whole\npart")
    frames.sendall(clients.frames([b"whole"]) + b"\0\0")
    http.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\npart")
    silent = [
        clients.tcp(port[scheme]) for scheme in ("http", "grpc", "ws", "tcp+lines", "tcp+frames")
    ]
    told = [b"a", b"b"]

    def endless():
        yield from map(lambda body: clients.protos.Message(body=body), told)
        ended.wait(PATIENCE)

    ended = threading.Event()
    with clients.websocket(port["ws"]) as websocket, clients.Grpc(port["grpc"]) as client:
        websocket.send(b"whole")
        call = client.stub.Stream.future(endless())
        gateway.received(5)
        gateway.reaches("connections", 10)
        gateway.signal()
        with pytest.raises(ConnectionClosed) as closed:
            websocket.recv(PATIENCE)
        assert closed.value.rcvd.code == 1001
        error = call.exception(PATIENCE)
        assert error.code() == grpc.StatusCode.UNAVAILABLE
        assert error.details() == "shutting down; of this stream, 2 messages are stored"
        ended.set()
        for connection in lines, frames, http, *silent:
            clients.everything(connection)
            connection.close()
    account = gateway.account()
    assert account["received"] == account["delivered"] == 5


def test_while_messages_come_in(start, tmp_path):
    """Whatever is received is accounted for, though nobody stops sending."""
    path = tmp_path / "out"
    gateway = start("--capacity", "1000000", "--drain", "50s", output=f"file:{path}")
    clients.tool("nc")
    senders = [
        subprocess.Popen(
            f"while :; do seq 1 100; done | nc -N 127.0.0.1 {gateway.port['tcp+lines']}",
            shell=True,
            start_new_session=True,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(3)
    ]
    try:
        until(lambda: gateway.metric("delivered_total") > 3000, "some thousands")
        account = gateway.stop()
        assert account["received"] == account["delivered"] > 3000
        with open(path) as lines:
            assert sum(1 for _ in lines) == account["delivered"]
    finally:
        for sender in senders:
            os.killpg(sender.pid, signal.SIGKILL)
            sender.wait()


def test_the_last_line_as_text():
    command = [
        BINARY,
        "run",
        "--input",
        "udp://0",
        "--operations",
        "127.0.0.1:0",
        "--output",
        "null",
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment())
    try:
        for line in process.stderr:
            if " ready " in line:
                break
        process.terminate()
        last = process.communicate(timeout=PATIENCE)[1].splitlines()[-1]
        zeros = (
            "account: received 0 + copied 0 = delivered 0 + duplicate 0 + reduced 0 + evicted 0 + rejected 0 + expired 0; "
            "refused 0, dropped by the system 0"
        )
        assert (last, process.returncode) == (zeros, 0)
    finally:
        process.kill()
        process.wait()
