"""Every input, with messages of all sizes, in many pieces, several in one piece, and over the
limit.
"""

import errno
import itertools
import time

import grpc
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close

import clients
from support import LARGEST_DATAGRAM, PATIENCE, SIZES, bodies, is_account

LIMIT = 10_000


def message(size, fill="m"):
    """One that would be seen if its ends were cut off or exchanged."""
    return f"<{fill * (size - 2)}>".encode()


def binary(size):
    return bytes(itertools.islice(itertools.cycle(range(256)), size))


@pytest.fixture
def into(start, tmp_path):
    """A gateway that writes a file, and what to check at its end: that these messages are all in
    the file, in order.
    """
    path = tmp_path / "out"

    def begin(*flags, **options):
        gateway = start(*flags, output=f"file:{path}", **options)

        def ends_with(expected, **account):
            gateway.received(len(expected))
            is_account(gateway.stop(), received=len(expected), delivered=len(expected), **account)
            assert bodies(path) == expected

        return gateway, ends_with

    return begin


ALL_SIZES = [message(size) for size in SIZES]


@pytest.mark.parametrize("flag", ["--http1.1", "--http2-prior-knowledge"])
def test_curl(into, flag):
    gateway, ends_with = into()
    sent = [b"", *ALL_SIZES, binary(79_435)]
    for body in sent:
        status, text, version = clients.curl(
            f"http://127.0.0.1:{gateway.port['http']}/any/path", body, flag
        )
        assert (status, text, version) == (202, "", flag[6:9] if flag == "--http1.1" else "2")
    assert gateway.metric("received_total", input="http") == len(sent)
    ends_with(sent)


def test_h2load(start):
    """Many requests at once in a few connections: each is answered, and counted once."""
    gateway = start(inputs=["http"])
    url = f"http://127.0.0.1:{gateway.port['http']}/"
    done = clients.execute("h2load", "-n", 2000, "-c", 4, "-m", 50, "-d", "/etc/hostname", url)
    assert b"2000 succeeded, 0 failed" in done.stdout and b"2000 2xx" in done.stdout, done.stdout
    is_account(gateway.stop(), received=2000, delivered=2000)


def test_grpc(into):
    gateway, ends_with = into()
    sent = [b"", *ALL_SIZES, binary(79_435)]
    with clients.Grpc(gateway.port["grpc"]) as client:
        for body in sent:
            answer = client.send(body)
            assert (answer.stored, answer.rejected) == (1, 0)
        gateway.delivered(len(sent))
        answer = client.stream(sent * 50)
        assert (answer.stored, answer.rejected) == (50 * len(sent), 0)
    assert gateway.metric("received_total", input="grpc-unary") == len(sent)
    assert gateway.metric("received_total", input="grpc-stream") == 50 * len(sent)
    ends_with(sent * 51)


def test_websocket(into):
    gateway, ends_with = into()
    sent = [b"", *ALL_SIZES, binary(79_435)]
    with clients.websocket(gateway.port["ws"]) as client:
        for body in sent:
            client.send(body)
        for body in ALL_SIZES:
            client.send(body.decode())
        client.ping().wait()
    with clients.websocket(gateway.port["ws"], compression=None) as client:
        client.send("ä")
    ends_with([*sent, *ALL_SIZES, "ä".encode()])


def test_nc_sends_lines(into):
    gateway, ends_with = into()
    sent = [*ALL_SIZES, b"", b"\0 \xff\r"]
    assert clients.nc(gateway.port["tcp+lines"], b"\n".join(sent) + b"\n") == b""
    # The last one may end with the stream.
    assert clients.nc(gateway.port["tcp+lines"], b"a\nb") == b""
    ends_with([*sent, b"a", b"b"])


def test_nc_sends_frames(into):
    gateway, ends_with = into()
    sent = [b"", *ALL_SIZES, binary(79_435), b"\n"]
    assert clients.nc(gateway.port["tcp+frames"], clients.frames(sent)) == b""
    ends_with(sent)


def test_socat_sends_both(into, tmp_path):
    gateway, ends_with = into()
    for scheme, stream in (
        ("tcp+lines", b"".join(body + b"\n" for body in ALL_SIZES)),
        (
            "tcp+frames",
            clients.frames(ALL_SIZES),
        ),
    ):
        # A few bytes at a time.
        clients.execute(
            "socat",
            "-u",
            "-b",
            61,
            "-",
            f"TCP:127.0.0.1:{gateway.port[scheme]},nodelay",
            stdin=stream,
        )
        gateway.received(len(ALL_SIZES), input=scheme)
    ends_with(ALL_SIZES * 2)


def test_udp(into, tmp_path):
    gateway, ends_with = into()
    port, path = gateway.port["udp"], tmp_path / "datagram"
    sent = [message(18), message(4266), message(6786), message(LARGEST_DATAGRAM), b""]
    for n, body in enumerate(sent[:4], 1):
        path.write_bytes(body)
        clients.socat_udp(port, path)
        gateway.received(n)
    clients.udp(port).send(b"")
    gateway.received(5)
    clients.nc_udp(port, message(18))
    # What no datagram carries is refused on the side of the client.
    path.write_bytes(message(79_435))
    refused = clients.socat_udp(port, path, check=False)
    assert refused.returncode != 0 and b"Message too long" in refused.stderr
    with pytest.raises(OSError) as refusal:
        clients.udp(port).send(message(79_435))
    assert refusal.value.errno == errno.EMSGSIZE
    ends_with([*sent, message(18)])


def in_pieces(client, stream, sizes=(1, 2, 3, 5, 8, 1000, 30_000)):
    """Writes it in pieces of these sizes, again and again, and now and then lets the other side
    read what there is.
    """
    sizes = itertools.cycle(sizes)
    for n in itertools.count():
        piece, stream = stream[: (size := next(sizes))], stream[size:]
        client.sendall(piece)
        if n % 7 == 0:
            time.sleep(0.001)
        if not stream:
            return


def test_messages_that_arrive_in_many_pieces(into):
    gateway, ends_with = into()
    sent = [message(size, fill) for fill in "abc" for size in SIZES]
    streams = {
        "tcp+lines": b"".join(body + b"\n" for body in sent),
        "tcp+frames": clients.frames(sent),
        "http": b"".join(
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"".join(
                b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (body[:7], body[7:11], body[11:])
            )
            + b"0\r\n\r\n"
            for body in sent
        ),
    }
    for scheme, stream in streams.items():
        with clients.tcp(gateway.port[scheme]) as client:
            client.setsockopt(6, 1, 1)  # TCP_NODELAY
            in_pieces(client, stream)
            gateway.received(len(sent), input=scheme)
    # A message in fragments, between which others may come.
    with clients.websocket(gateway.port["ws"], compression=None) as client:
        for body in sent:

            def fragments(body=body):
                yield body[:1]
                client.ping()
                yield body[1:3]
                yield from (body[at : at + 5000] for at in range(3, len(body), 5000))

            client.send(fragments())
    ends_with(sent * 4)


def test_messages_of_which_several_arrive_in_one_piece(into):
    gateway, ends_with = into()
    sent = [b"%d" % n for n in range(1000)]
    for scheme, piece in {
        "tcp+lines": b"".join(body + b"\n" for body in sent),
        "tcp+frames": clients.frames(sent),
        "http": b"".join(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(b), b)
            for b in sent
        ),
    }.items():
        with clients.tcp(gateway.port[scheme]) as client:
            client.sendall(piece)
            gateway.received(1000, input=scheme)
    with clients.websocket(gateway.port["ws"], compression=None) as client:
        # Under its own frames, the library's socket: all are in one write, with a mask of zeros.
        client.socket.sendall(
            b"".join(bytes([0x82, 0x80 | len(body), 0, 0, 0, 0]) + body for body in sent)
        )
        gateway.received(1000, input="ws")
    ends_with(sent * 4)


# A message at the limit is taken, one over it gets a clear error, and life goes on.

OVER = f"over the limit of {LIMIT} bytes"


def refused(gateway, source, n=1):
    gateway.reaches("refused_total", n, input=source, reason="too_large")


@pytest.mark.parametrize("flag", ["--http1.1", "--http2-prior-knowledge"])
def test_over_the_limit_of_http(into, flag):
    gateway, ends_with = into("--max-message", str(LIMIT))
    url = f"http://127.0.0.1:{gateway.port['http']}/"
    # With the length said in advance, and without.
    unsaid = ["-H", "Content-Length:"] if "http2" in flag else ["-H", "Transfer-Encoding: chunked"]
    for flags in [flag], [flag, *unsaid]:
        assert clients.curl(url, message(LIMIT + 1), *flags)[:2] == (413, f"message {OVER}\n")
    assert clients.curl(url, message(LIMIT), flag)[0] == 202
    refused(gateway, "http", 2)
    ends_with([message(LIMIT)], refused=2)


def test_over_the_limit_of_grpc(into):
    gateway, ends_with = into("--max-message", str(LIMIT))
    with clients.Grpc(gateway.port["grpc"]) as client:
        for call in lambda body: client.send(body), lambda body: client.stream([body]):
            with pytest.raises(grpc.RpcError) as error:
                call(message(LIMIT + 1))
            assert error.value.code() == grpc.StatusCode.OUT_OF_RANGE, error.value
            assert OVER in error.value.details()
            # By the same connection.
            assert call(message(LIMIT)).stored == 1
        refused(gateway, "grpc-unary")
        refused(gateway, "grpc-stream")
        # What came before it in the stream is taken.
        with pytest.raises(grpc.RpcError):
            client.stream([b"before", message(LIMIT + 1)])
    ends_with([message(LIMIT)] * 2 + [b"before"], refused=3)


@pytest.mark.parametrize("pieces", [1, 3])
def test_over_the_limit_of_websocket(into, pieces):
    gateway, ends_with = into("--max-message", str(LIMIT))
    with clients.websocket(gateway.port["ws"], compression=None) as client:
        client.send(message(LIMIT))
        body = message(LIMIT + 1)
        with pytest.raises(ConnectionClosed) as closed:
            client.send(body if pieces == 1 else [body[:1], body[1:5000], body[5000:]])
            client.recv(PATIENCE)
        assert closed.value.rcvd == Close(1009, f"message {OVER}")
    refused(gateway, "ws")
    with clients.websocket(gateway.port["ws"]) as client:
        client.send(b"next")
    ends_with([message(LIMIT), b"next"], refused=1)


def test_over_the_limit_of_lines(into):
    gateway, ends_with = into("--max-message", str(LIMIT))
    sent = [message(LIMIT), message(LIMIT + 1), b"next", message(10 * LIMIT), b"last"]
    answer = clients.nc(gateway.port["tcp+lines"], b"\n".join(sent) + b"\n")
    # Those of one read are told together.
    lines = answer.decode().splitlines()
    assert lines and set(lines) == {f"error: message {OVER}"}, answer
    refused(gateway, "tcp+lines", 2)
    ends_with([message(LIMIT), b"next", b"last"], refused=2)


def test_over_the_limit_of_frames(into):
    gateway, ends_with = into("--max-message", str(LIMIT))
    sent = [message(LIMIT), message(LIMIT + 1), b"lost"]
    answer = clients.nc(gateway.port["tcp+frames"], clients.frames(sent))
    assert answer == clients.frames([f"error: message {OVER}".encode()])
    # The longest length that there is.
    assert b"over the limit" in clients.nc(gateway.port["tcp+frames"], b"\xff\xff\xff\xff")
    refused(gateway, "tcp+frames", 2)
    clients.nc(gateway.port["tcp+frames"], clients.frames([b"next"]))
    ends_with([message(LIMIT), b"next"], refused=2)


def test_over_the_limit_of_udp(into):
    gateway, ends_with = into("--max-message", str(LIMIT))
    client = clients.udp(gateway.port["udp"])
    for body in message(LIMIT), message(LIMIT + 1), message(LARGEST_DATAGRAM), b"next":
        client.send(body)
    refused(gateway, "udp", 2)
    ends_with([message(LIMIT), b"next"], refused=2)
