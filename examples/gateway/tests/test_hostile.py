"""Clients that are wrong, silent, slow, deaf, or too many. Whatever they do, the next one is
served.
"""

import contextlib
import json
import resource
import socket
import time

import grpc
import pytest
from websockets.exceptions import ConnectionClosed

import clients
from support import PATIENCE, is_account, until

STREAMS = ("http", "grpc", "ws", "tcp+lines", "tcp+frames")


def said(port, *pieces):
    """What is answered to these bytes until the gateway closes; it must, for this side does not."""
    with clients.tcp(port) as client:
        for piece in pieces:
            client.sendall(piece)
        return clients.everything(client)


def malformed(gateway, source, n):
    gateway.reaches("refused_total", n, input=source, reason="malformed")


HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def shake_hands(client):
    """What the other side must have answered before messages may come."""
    client.sendall(HANDSHAKE)
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += client.recv(1)
    assert answer.startswith(b"HTTP/1.1 101 "), answer


NOISE = bytes(range(128, 256)) * 40


def test_malformed_http(start):
    gateway = start()
    port = gateway.port["http"]
    url = f"http://127.0.0.1:{port}/"
    for wrong in (
        NOISE,
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: nine\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nx: " + b"h" * (1 << 20) + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + NOISE,
        # An HTTP/2 frame longer than allowed, and one for a stream that is not open.
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0" + b"\xff\xff\xff\0\0\0\0\0\1",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0" + b"\0\0\1\0\0\0\0\0\7m",
    ):
        said(port, wrong)
    # A body that is broken off, or is no chunk, never becomes a message.
    half = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"
    with clients.tcp(port) as client:
        client.sendall(half)
        client.shutdown(socket.SHUT_WR)
        clients.everything(client)
    said(port, b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    malformed(gateway, "http", 10)
    gateway.reaches("refused_total", 1, input="http", reason="too_large")
    assert clients.curl(url, b"", "-X", "GET")[0] == 405
    assert clients.curl(url, b"", "-X", "PUT", "--http2-prior-knowledge")[0] == 405
    assert clients.curl(url, b"good")[0] == 202
    is_account(gateway.stop(), received=1, delivered=1, refused=11)


def test_malformed_grpc(start):
    gateway = start()
    port = gateway.port["grpc"]
    said(port, NOISE)
    malformed(gateway, "grpc-unary", 1)
    with clients.Grpc(port) as client:

        def fails(method, request):
            with pytest.raises(grpc.RpcError) as error:
                client.raw(method, request)
            return error.value.code()

        # A length beyond the end, a field that is no bytes, a group that does not end.
        for n, wrong in enumerate((b"\x0a\x05ab", b"\x08\x01", b"\x0b"), 1):
            assert fails("Send", wrong) == grpc.StatusCode.INTERNAL
            assert fails("Stream", wrong) == grpc.StatusCode.INTERNAL
            malformed(gateway, "grpc-unary", n + 1)
            malformed(gateway, "grpc-stream", n)
        assert fails("Nothing", b"") == grpc.StatusCode.UNIMPLEMENTED
        # A field that is not known is none of our business.
        client.raw("Send", b"\x0a\x04good\x18\x01")
    # No gRPC at all.
    url = f"http://127.0.0.1:{port}/ringway.gateway.v1.Ingest/Send"
    clients.curl(url, b"m", "--http2-prior-knowledge")
    clients.curl(url, b"m", "--http2-prior-knowledge", "-H", "content-type: application/grpc")
    account = gateway.stop()
    assert (account["received"], account["delivered"]) == (1, 1)


def test_malformed_websocket(start):
    gateway = start()
    port = gateway.port["ws"]
    for request in (
        NOISE,
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nm",
    ):
        assert said(port, request).startswith(b"HTTP/1.1 400 "), request
    status, why, _ = clients.curl(f"http://127.0.0.1:{port}/", b"m")
    assert status == 400 and why
    malformed(gateway, "ws", 4)
    with clients.tcp(port) as client:
        client.sendall(HANDSHAKE[:50])
    malformed(gateway, "ws", 5)
    wrong = {
        b"\x82\x01m": 1002,  # not masked
        b"\x83\x80\0\0\0\0": 1002,  # a reserved kind
        b"\xc2\x80\0\0\0\0": 1002,  # an extension nobody asked for
        b"\x89\xfe\0\x7e\0\0\0\0" + bytes(126): 1002,  # a ping that is too long
        b"\x80\x80\0\0\0\0": 1002,  # the rest of nothing
        b"\x81\x81\0\0\0\0\xff": 1007,  # text that is none
    }
    for n, (frame, code) in enumerate(wrong.items(), 6):
        with clients.websocket(port, compression=None) as client:
            client.socket.sendall(frame)
            with pytest.raises(ConnectionClosed) as closed:
                client.recv(PATIENCE)
            assert closed.value.rcvd and closed.value.rcvd.code == code, frame
        malformed(gateway, "ws", n)
    with clients.websocket(port) as client:
        client.send("good")
    is_account(gateway.stop(), received=1, delivered=1, refused=11)


def test_malformed_tcp_and_udp(start):
    gateway = start()
    # A frame that ends before its length does, and a length that does.
    for wrong in b"\0\0\0\x09part", b"\0\0":
        answer = clients.nc(gateway.port["tcp+frames"], clients.frames([b"whole"]) + wrong)
        assert answer == clients.frames([b"error: not a whole message"])
    malformed(gateway, "tcp+frames", 2)
    # Any bytes are lines.
    clients.nc(gateway.port["tcp+lines"], NOISE + b"\n")
    # And any are a datagram.
    clients.udp(gateway.port["udp"]).send(NOISE)
    gateway.received(4)
    is_account(gateway.stop(), received=4, delivered=4, refused=2)


def test_malformed_json(start, tmp_path):
    path = tmp_path / "out"
    gateway = start("--parse", "json", output=f"file:{path}")
    lines = [
        b'{"a": 1}',
        b"{",
        b"",
        b"1 2",
        b"\xff",
        b"[" * 10_000,
        b'"\xed\xa0\x80"',
        b"[1e999]",
        b'"good"',
    ]
    clients.nc(gateway.port["tcp+lines"], b"\n".join(lines) + b"\n")
    gateway.received(len(lines))
    clients.nc(gateway.port["tcp+frames"], clients.frames([b'{"over":\n"lines"}']))
    gateway.received(len(lines) + 1)
    is_account(gateway.stop(), received=10, delivered=4, rejected=6)
    values = [json.loads(line)["message"] for line in path.read_text().splitlines()]
    assert values == [{"a": 1}, [float("inf")], "good", {"over": "lines"}]


def test_thousands_of_connections(start):
    each = 500
    count = each * len(STREAMS)
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 2 * count + 200:
        pytest.skip(f"a process may not have {count} connections here")
    gateway = start()
    connections = {
        scheme: [clients.tcp(gateway.port[scheme]) for _ in range(each)] for scheme in STREAMS
    }
    gateway.reaches("connections", count)
    for client in connections["ws"]:
        shake_hands(client)
    for scheme, request in {
        "http": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nm",
        "ws": b"\x82\x81\0\0\0\0m",
        "tcp+lines": b"m\n",
        "tcp+frames": clients.frames([b"m"]),
    }.items():
        for client in connections[scheme]:
            client.sendall(request)
        gateway.received(each, input=scheme)
    assert gateway.metric("connections") == count
    for clients_of_it in connections.values():
        for client in clients_of_it:
            client.close()
    gateway.reaches("connections", 0)
    account = gateway.stop()
    assert account["received"] == account["delivered"] == 4 * each


def test_connections_have_a_limit(start):
    gateway = start("--max-connections", "3")
    port = gateway.port["tcp+lines"]
    some = [clients.tcp(port) for _ in range(3)]
    gateway.reaches("connections", 3)
    for scheme in STREAMS:
        with clients.tcp(gateway.port[scheme]) as one_more:
            assert clients.everything(one_more) == b""
        gateway.reaches(
            "refused_total",
            1,
            input="grpc-unary" if scheme == "grpc" else scheme,
            reason="connections",
        )
    # Those that are there are served, and when one goes there is place for another.
    some[0].sendall(b"1\n")
    gateway.received(1)
    some.pop().close()
    gateway.reaches("connections", 2)
    clients.nc(port, b"2\n")
    gateway.received(2)
    is_account(gateway.stop(), received=2, delivered=2, refused=len(STREAMS))


def test_connections_that_are_silent_are_closed(start):
    """Also those that were silent from the beginning, or fell silent in the middle of something."""
    gateway = start("--idle", "1s")
    beginnings = {
        "http": [b"", b"POST / HT", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"],
        "grpc": [
            b"",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
        ],
        "ws": [b"", b"GET / HT", HANDSHAKE, HANDSHAKE + b"\x82\x85\0\0\0\0ha"],
        "tcp+lines": [b"", b"half", b"whole\nhalf"],
        "tcp+frames": [b"", b"\0", b"\0\0\0\x09half"],
    }
    half_open = []
    for scheme, all_of_it in beginnings.items():
        for beginning in all_of_it:
            half_open.append(clients.tcp(gateway.port[scheme]))
            half_open[-1].sendall(beginning)
    gateway.received(1)
    gateway.reaches("connections", 0)
    for client in half_open:
        clients.everything(client)
        client.close()
    clients.nc(gateway.port["tcp+lines"], b"next\n")
    gateway.received(2)
    account = gateway.stop()
    assert account["received"] == account["delivered"] == 2


def test_slow_senders_are_served(start):
    """One byte now and then is not silence, though the whole takes longer than silence may."""
    # Of 8 bytes, each a sixth of the limit after the last: more than that in all.
    idle, slow = 3, 8

    def attempt():
        gateway = start("--idle", f"{idle}s")
        rest = {
            "http": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nslow",
            "ws": b"\x82\x84\0\0\0\0slow",
            "tcp+lines": b"a slow one\n",
            "tcp+frames": clients.frames([b"slow"]),
        }
        connections = {scheme: clients.tcp(gateway.port[scheme]) for scheme in rest}
        shake_hands(connections["ws"])
        last, longest = time.monotonic(), 0
        # The last bytes one by one, and what is before them at once.
        for left in range(slow, 0, -1):
            time.sleep(idle / 6)
            for scheme, client in connections.items():
                request = rest[scheme]
                at = len(request) - left
                with contextlib.suppress(OSError):
                    client.sendall(request[: at + 1] if left == slow else request[at : at + 1])
            now = time.monotonic()
            last, longest = now, max(longest, now - last)
        if longest > idle / 2:
            return False
        gateway.received(len(rest))
        for client in connections.values():
            client.close()
        account = gateway.stop()
        assert account["received"] == account["delivered"] == len(rest)
        return True

    # If this side was too slow itself, that says nothing about the other.
    if not any(attempt() for _ in range(5)):
        pytest.skip("this machine is too busy for a slow sender that is not a silent one")


def test_clients_that_do_not_listen(start):
    """The answers fill what the systems keep; then the connection is as good as silent."""
    gateway = start("--idle", "1s")
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    with clients.tcp(gateway.port["http"]) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.settimeout(0.2)

        def closed():
            try:
                for _ in range(1000):
                    deaf.sendall(request)
            except TimeoutError:
                pass
            except OSError:
                return True
            return False

        # It takes some hundred thousand answers, which a busy machine is slow to give.
        until(closed, "closed by the gateway", patience=5 * PATIENCE)
    gateway.reaches("connections", 0)
    clients.nc(gateway.port["tcp+frames"], clients.frames([b"next"]))
    gateway.received(1)
    account = gateway.stop()
    assert account["delivered"] == 1
