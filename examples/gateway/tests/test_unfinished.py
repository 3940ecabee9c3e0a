"""Messages that never come to their end: all together they have a limit, whatever the input."""

import gzip
import re
import time

import h2.config
import h2.connection
import h2.events
import pytest
from websockets.exceptions import ConnectionClosed

import clients
from support import HERE, PATIENCE, is_account, until
from test_hostile import shake_hands

MIB = 1 << 20
PART = b"m" * 1_000_000


def http(client):
    client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n")
    client.sendall(PART)


def compressed(client):
    """Few bytes on the wire, and many in memory."""
    packed = gzip.compress(PART)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    client.sendall(head % (len(packed) + 1) + packed)


def lines(client):
    client.sendall(PART)


def frames(client):
    client.sendall(MIB.to_bytes(4, "big") + PART)


def fragments(client):
    """Of one message, each of 10,000 bytes."""
    shake_hands(client)
    for n in range(100):
        head = bytes([0 if n else 2, 0x80 | 126]) + (10_000).to_bytes(2, "big") + bytes(4)
        client.sendall(head + PART[:10_000])


def call(client):
    """One of gRPC, whose message ends beyond what is sent."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    connection.initiate_connection()
    headers = {
        ":method": "POST",
        ":scheme": "http",
        ":path": "/ringway.gateway.v1.Ingest/Stream",
        ":authority": "x",
        "content-type": "application/grpc",
        "te": "trailers",
    }
    connection.send_headers(1, list(headers.items()))
    left = b"\0" + MIB.to_bytes(4, "big") + PART
    client.settimeout(PATIENCE)
    while left:
        window = min(connection.local_flow_control_window(1), connection.max_outbound_frame_size)
        piece, left = left[:window], left[window:]
        if piece:
            connection.send_data(1, piece)
        client.sendall(connection.data_to_send())
        if left and connection.local_flow_control_window(1) == 0:
            data = client.recv(65536)
            events = connection.receive_data(data) if data else []
            ended = (h2.events.StreamEnded, h2.events.StreamReset)
            if not data or any(isinstance(event, ended) for event in events):
                return
            client.sendall(connection.data_to_send())


KINDS = {
    "http": ("http", "http", http),
    "gzip": ("http", "http", compressed),
    "lines": ("tcp+lines", "tcp+lines", lines),
    "frames": ("tcp+frames", "tcp+frames", frames),
    "ws": ("ws", "ws", fragments),
    "grpc": ("grpc", "grpc-stream", call),
}


@pytest.mark.parametrize("kind", KINDS)
def test_all_together_have_a_limit(start, kind):
    scheme, source, send = KINDS[kind]
    limit, count = 8 * MIB, 100
    gateway = start("--unfinished-bytes", str(limit), inputs={"http", scheme})
    before, open_ones = gateway.memory(), []
    for _ in range(count):
        client = clients.tcp(gateway.port[scheme])
        try:
            send(client)
        except OSError:
            pass
        open_ones.append(client)
    # Those that have found no place were told to come later.
    until(lambda: gateway.metric("refused_total", input=source, reason="overload") > 0, "refusals")
    assert 0 < gateway.metric("unfinished_bytes") <= limit
    # What was given back may not be with the system yet; without a limit it would be 100 MB more.
    assert gateway.memory() - before < 75 * MIB
    # A small message gets in all the same.
    assert clients.curl(f"http://127.0.0.1:{gateway.port['http']}/", b"small")[0] == 202
    for client in open_ones:
        client.close()
    gateway.reaches("unfinished_bytes", 0)
    # There is room again.
    url = f"http://127.0.0.1:{gateway.port['http']}/"
    assert clients.curl(url, b"m" * MIB)[0] == 202
    account = gateway.stop()
    # A line may end with its stream.
    assert account["received"] == account["delivered"] >= 2


def test_what_who_finds_no_place_is_told(start):
    gateway = start("--unfinished-bytes", "4MiB", "--max-body", "1MiB")
    holders = []
    for n in range(1, 5):
        holders.append(clients.tcp(gateway.port["http"]))
        http(holders[-1])
        # All but the first bytes of each.
        until(lambda n=n: gateway.metric("unfinished_bytes") > n * 990_000, "a holder")
    url = f"http://127.0.0.1:{gateway.port['http']}/"
    status, text, _ = clients.curl(url, PART)
    assert (status, text) == (503, "too much is unfinished\n")
    with clients.Grpc(gateway.port["grpc"]) as client:
        for send in lambda: client.send(PART), lambda: client.stream([PART]):
            with pytest.raises(clients.grpc.RpcError) as error:
                send()
            assert error.value.code() == clients.grpc.StatusCode.RESOURCE_EXHAUSTED
            assert error.value.details() == "too much is unfinished"
    with clients.tcp(gateway.port["tcp+lines"]) as client:
        client.sendall(PART[:300_000])
        assert clients.everything(client) == b"error: too much is unfinished\n"
    with clients.websocket(gateway.port["ws"], compression=None) as client:
        with pytest.raises(ConnectionClosed) as closed:
            client.send(PART)
            client.recv(PATIENCE)
        assert closed.value.rcvd and closed.value.rcvd.code == 1013
    for client in holders:
        client.close()
    account = gateway.stop()
    assert account["received"] == 0


def test_the_memory_is_less_than_the_unit_file_allows(start):
    deploy = HERE.parent / "deploy"
    unit = (deploy / "ringway-gateway.service").read_text()
    most = int(re.search(r"MemoryMax=(\d+)M", unit).group(1)) * MIB
    flags = ["--config", deploy / "gateway.toml", "--output", "null"]
    gateway = start(*flags, "--shutdown-delay", "0s", inputs=["http", "tcp+lines"], output=None)
    part, open_ones = b"m" * 250_000, []
    for scheme in ["tcp+lines"] * 600 + ["http"] * 600:
        client = clients.tcp(gateway.port[scheme])
        open_ones.append(client)
        try:
            if scheme == "http":
                client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 256000\r\n\r\n")
            client.sendall(part)
        except OSError:
            pass
    until(lambda: gateway.metric("refused_total", reason="overload") > 0, "refusals")
    assert gateway.memory() < most
    for client in open_ones:
        client.close()
    gateway.reaches("unfinished_bytes", 0)
    gateway.stop()


def test_a_bomb_that_is_refused_is_not_decompressed_on(start):
    """Twenty gigabytes in twenty megabytes: the connection is free for the next request when those
    have been read.
    """
    import http.client as library

    gateway = start(inputs=["http"])
    packer = gzip.zlib.compressobj(9, gzip.zlib.DEFLATED, 31)
    member = b"".join([packer.compress(bytes(MIB)) for _ in range(250)] + [packer.flush()])
    connection = library.HTTPConnection("127.0.0.1", gateway.port["http"], timeout=PATIENCE)
    connection.request("POST", "/", member * 80, {"content-encoding": "gzip"})
    sock = connection.sock
    for status, request in (413, None), (202, b"next"):
        if request:
            connection.request("POST", "/", request)
        response = connection.getresponse()
        response.read()
        assert response.status == status and connection.sock in (sock, None)
    assert connection.sock is sock
    connection.close()
    is_account(gateway.stop(), received=1, delivered=1, refused=1)


def test_clients_of_the_operations_port_that_never_ask(start):
    """As many as there are places, and more; each says a little all the time."""
    gateway = start()
    drips = [clients.tcp(gateway.operations) for _ in range(20)]
    for client in drips:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
    end = time.monotonic() + 1
    asked = 0
    while time.monotonic() < end:
        for client in drips:
            try:
                client.sendall(b"X-a: b\r\n")
            except OSError:
                pass
        assert gateway.ask("/healthz") == (200, "alive\n")
        asked += 1
    assert asked > 1
    # Nor has any of them all the time that there is.
    for client in drips:
        clients.everything(client)
        client.close()


def test_clients_of_the_operations_port_that_do_not_read(start):
    gateway = start()
    deaf = []
    for _ in range(20):
        client = clients.tcp(gateway.operations)
        client.settimeout(0.1)
        try:
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 200)
        except OSError:
            pass
        deaf.append(client)
    for _ in range(5):
        assert gateway.ask("/healthz") == (200, "alive\n")
    for client in deaf:
        client.close()
