"""What is bounded: bytes in the queue, the system's buffer, compressed bodies, slow senders, open
files.
"""

import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import time

import pytest
from websockets.exceptions import ConnectionClosed

import clients
from support import BINARY, PATIENCE, bodies, environment, is_account, numbered, until
from test_hostile import shake_hands
from test_overload import blocked


def test_the_queue_is_bounded_in_bytes(start, sink):
    """The newest that fit are delivered, and memory does not grow with what came."""
    size, count = 79_435, 3000
    flags = ["--output-timeout", "1h", "--queue-bytes", "8MB", "--max-message", "100k"]
    gateway = start(*flags, output=sink.url)
    blocked(gateway, sink)
    with clients.tcp(gateway.port["tcp+lines"]) as client:
        for n in range(1, count + 1):
            client.sendall(b"%d" % n + b" " * (size - len(str(n))) + b"\n")
    gateway.received(count + 1)
    kept = 8_000_000 // size
    assert gateway.metric("queue_depth") == kept
    assert gateway.metric("queue_bytes") == kept * size
    assert gateway.memory() < 64 << 20
    sink.open.set()
    is_account(gateway.stop(), received=count + 1, delivered=kept + 1, evicted=count - kept)
    assert sink.numbers() == [0, *range(count - kept + 1, count + 1)]


def test_datagrams_that_the_system_drops_are_in_the_account(start):
    """While the gateway is stopped, more come than the system keeps for it."""
    gateway = start("--udp-buffer", "64KiB", inputs=["udp"])
    sent = 5000
    gateway.signal(signal.SIGSTOP)
    with clients.udp(gateway.port["udp"]) as client:
        for n in range(sent):
            client.send(b"%d" % n)
    gateway.signal(signal.SIGCONT)
    until(
        lambda: gateway.metric("received_total") + gateway.metric("dropped_total") == sent,
        "a count of all",
    )
    assert gateway.metric("dropped_total") > 0
    assert gateway.log(
        "datagrams came faster than they were read, and the system's buffer was full"
    )
    account = gateway.stop()
    assert (
        account["received"] + account["dropped"] == sent
        and account["delivered"] == account["received"]
    )


def test_the_last_datagrams_are_taken(start):
    """What the system has when the gateway is told to end is delivered."""
    gateway = start(inputs=["udp"])
    gateway.signal(signal.SIGSTOP)
    with clients.udp(gateway.port["udp"]) as client:
        for n in range(1000):
            client.send(b"%d" % n)
    gateway.signal(signal.SIGTERM)
    gateway.signal(signal.SIGCONT)
    account = gateway.account()
    assert (
        account["received"] + account["dropped"] == 1000
        and account["received"] == account["delivered"]
    )


def test_a_buffer_that_is_not_granted_is_told(start):
    gateway = start("--udp-buffer", "1GiB", inputs=["udp"])
    [line] = gateway.log("the system grants a smaller buffer: see net.core.rmem_max")
    assert line["asked"] == 1 << 30 and line["granted"] < 1 << 30


def test_compressed_bodies(start, tmp_path):
    path, limit = tmp_path / "out", 10_000
    gateway = start("--max-message", str(limit), output=f"file:{path}")
    url = f"http://127.0.0.1:{gateway.port['http']}/"
    for version in "--http1.1", "--http2-prior-knowledge":
        flags = [version, "-H", "Content-Encoding: gzip"]
        assert clients.curl(url, gzip.compress(b"m" * limit), *flags)[0] == 202
        # A few bytes that become many.
        assert clients.curl(url, gzip.compress(b"m" * 10_000_000), *flags)[0] == 413
        assert clients.curl(url, b"no gzip", *flags)[0] == 400
        assert clients.curl(url, b"m", version, "-H", "Content-Encoding: br")[0] == 415
    with clients.Grpc(gateway.port["grpc"]) as client:
        packed = clients.grpc.Compression.Gzip
        assert (
            client.stub.Send(clients.protos.Message(body=b"g" * limit), compression=packed).stored
            == 1
        )
        stream = iter([clients.protos.Message(body=b"s" * limit)])
        assert client.stub.Stream(stream, compression=packed).stored == 1
        with pytest.raises(clients.grpc.RpcError):
            client.stub.Send(clients.protos.Message(body=b"g" * 10_000_000), compression=packed)
        # What is not known is counted as well.
        with pytest.raises(clients.grpc.RpcError) as error:
            client.stub.Send(
                clients.protos.Message(body=b"g"), compression=clients.grpc.Compression.Deflate
            )
        assert error.value.code() == clients.grpc.StatusCode.UNIMPLEMENTED
    is_account(gateway.stop(), received=4, delivered=4, refused=8)
    assert bodies(path) == [letter * limit for letter in (b"m", b"m", b"g", b"s")]


@pytest.mark.parametrize(
    "flags", [["--http1.1", "-H", "Transfer-Encoding: chunked"], ["--http2-prior-knowledge"]]
)
def test_who_uploads_too_much_is_told(start, flags):
    """However much it is: each of the uploads is answered, none is reset."""
    gateway = start(inputs=["http"])
    url = f"http://127.0.0.1:{gateway.port['http']}/"
    for _ in range(12):
        assert clients.curl(url, b"m" * 30_000_000, *flags)[:2] == (
            413,
            "message over the limit of 1048576 bytes\n",
        )
    is_account(gateway.stop(), refused=12)


def test_who_sends_no_grpc_to_its_port_is_told(start):
    gateway = start(inputs=["grpc"])
    for version in "--http1.1", "--http2-prior-knowledge":
        status, text, _ = clients.curl(
            f"http://127.0.0.1:{gateway.port['grpc']}/", b"lost", version
        )
        assert status == 415 and "gRPC" in text
    gateway.reaches("refused_total", 2, input="grpc-unary", reason="malformed")
    is_account(gateway.stop(), refused=2)


def test_what_was_lost_is_no_duplicate_when_it_is_sent_again(start, sink):
    gateway = start("--dedupe", "1h", output=sink.url)
    url = f"http://127.0.0.1:{gateway.port['http']}/"
    sink.status = 500
    assert clients.curl(url, b"1")[0] == 202
    gateway.reaches("rejected_total", 1, reason="output")
    sink.status = 200
    for _ in range(2):
        assert clients.curl(url, b"1")[0] == 202
    gateway.reaches("duplicate_total", 1)
    is_account(gateway.stop(), received=3, delivered=1, rejected=1, duplicate=1)
    assert sink.numbers() == [1]


def test_a_clock_before_1970():
    """The libraries for HTTP panic then, so it is said at once, and by an error."""
    library = until_there("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
    env = {
        "LD_PRELOAD": library,
        "FAKETIME": "@1960-01-01 00:00:00",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
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
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environment(**env),
        check=False,
    )
    assert (
        done.returncode == 1
        and "clock shows a time before 1970" in done.stderr
        and "panicked" not in done.stderr
    )


def until_there(path):
    return path if os.path.exists(path) else pytest.skip(f"there is no {path} here")


def test_a_slow_message_is_not_waited_for(start):
    """Bytes come all the time, so that no connection is silent, but no message comes to its end."""
    gateway = start("--message-timeout", "1s", "--idle", "1h")
    beginnings = {
        "http": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n",
        "tcp+lines": b"m",
        "tcp+frames": b"\0\0\xff\xffm",
        "ws": b"GET / HTTP/1.1\r\nx: ",
    }
    slow = {scheme: clients.tcp(gateway.port[scheme]) for scheme in beginnings}
    for scheme, client in slow.items():
        client.sendall(beginnings[scheme])
        client.settimeout(0.05)

    def all_refused():
        for scheme in beginnings:
            try:
                slow[scheme].sendall(b"m")
            except OSError:
                pass
        return all(
            gateway.metric("refused_total", input=scheme, reason="too_slow") == 1
            for scheme in beginnings
        )

    until(all_refused, "an end of each")
    for client in slow.values():
        client.close()
    gateway.reaches("connections", 0)
    is_account(gateway.stop(), refused=4)


def test_a_slow_handshake_is_not_waited_for(start, identity):
    _, certificate, key = identity
    flags = ["--tls-cert", certificate, "--tls-key", key]
    gateway = start(*flags, "--message-timeout", "1s", "--idle", "1h", inputs=["https"])
    with clients.tcp(gateway.port["https"]) as client:
        client.sendall(b"\x16\x03\x01")
        gateway.reaches("refused_total", 1, reason="too_slow")
    is_account(gateway.stop(), refused=1)


def test_a_websocket_that_is_silent_is_pinged(start):
    """One that answers lives on, whatever the limit; one that does not is told, and closed."""
    gateway = start("--idle", "1s", inputs=["ws"])
    with (
        clients.websocket(gateway.port["ws"], ping_interval=None) as alive,
        clients.tcp(gateway.port["ws"]) as dead,
    ):
        shake_hands(dead)
        read = clients.everything(dead)
        # A ping without anything in it, and the frame that closes, with 1001.
        assert (
            read[:2] == b"\x89\0" and read[2] == 0x88 and read[4:] == b"\x03\xe9silent for too long"
        )
        gateway.reaches("connections", 1)
        time.sleep(1.5)
        alive.send("still there")
        gateway.received(1)
        gateway.signal()
        with pytest.raises(ConnectionClosed):
            alive.recv(PATIENCE)
    is_account(gateway.account(), received=1, delivered=1)


def test_few_open_files_leave_room_for_operations():
    """With 80 connections where the system allows 60 files."""
    command = f"ulimit -n 60; exec {BINARY} run --input tcp+lines://0 --operations 127.0.0.1:0 --output null --log-format json"
    process = subprocess.Popen(
        command, shell=True, stderr=subprocess.PIPE, text=True, env=environment()
    )
    try:
        lines = []
        while not lines or lines[-1]["message"] != "ready":
            lines.append(json.loads(process.stderr.readline()))
        ports = [int(line["address"].rsplit(":", 1)[1]) for line in lines if "address" in line]
        assert any(
            line["message"].startswith("the system allows fewer connections") for line in lines
        )
        many = [socket.create_connection(("127.0.0.1", ports[1]), PATIENCE) for _ in range(80)]
        for _ in range(3):
            connection = http.client.HTTPConnection("127.0.0.1", ports[0], timeout=PATIENCE)
            connection.request("GET", "/healthz")
            assert connection.getresponse().status == 200
            connection.close()
        for client in many:
            client.close()
        process.terminate()
        last = json.loads(process.communicate(timeout=PATIENCE)[1].splitlines()[-1])
        assert last["account"]["refused"] > 0 and process.returncode == 0
    finally:
        process.kill()
        process.wait()


def test_a_broken_standard_output_ends_the_process_with_an_account():
    """`head` reads one line and goes."""
    head = subprocess.Popen(
        [clients.tool("head"), "-n", "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    command = [
        BINARY,
        "run",
        "--input",
        "tcp+lines://0",
        "--operations",
        "127.0.0.1:0",
        "--log-format",
        "json",
    ]
    process = subprocess.Popen(
        command, stdout=head.stdin, stderr=subprocess.PIPE, text=True, env=environment()
    )
    head.stdin.close()
    try:
        lines = []
        while not lines or lines[-1]["message"] != "ready":
            lines.append(json.loads(process.stderr.readline()))
        port = next(
            int(line["address"].rsplit(":", 1)[1])
            for line in lines
            if line["message"] == "listening"
        )
        clients.nc(port, b"first\n")
        assert head.stdout.read() == b"first\n" and head.wait(PATIENCE) == 0
        clients.nc(port, numbered(range(10)))
        rest = [json.loads(line) for line in process.communicate(timeout=PATIENCE)[1].splitlines()]
        account = next(line["account"] for line in rest if line["message"] == "account")
        assert process.returncode == 1
        assert (account["received"], account["delivered"], account["rejected"]) == (11, 1, 10)
    finally:
        process.kill()
        process.wait()
