"""An output that is slow or fails: what is kept, what is not, and that the account says so."""

import threading

import pytest

import clients
from support import PATIENCE, Sink, is_account, numbered, until

CAPACITY = 100
MANY = 20_000


def blocked(gateway, sink):
    """Has the gateway wait for an answer to a batch of one message, whose body is 0."""
    sink.open.clear()
    clients.nc(gateway.port["tcp+lines"], b"0\n")
    until(lambda: sink.requests == 1, "a first request")


@pytest.mark.parametrize("queue", ["mutex-vec", "mutex-ring", "atomic-ring", "channel"])
def test_a_slow_output_gets_what_the_queue_keeps(start, sink, queue):
    flags = ["--capacity", str(CAPACITY), "--output-timeout", "1h", "--queue", queue]
    gateway = start(*flags, output=sink.url)
    blocked(gateway, sink)
    clients.nc(gateway.port["tcp+lines"], numbered(range(1, MANY + 1)))
    gateway.received(MANY + 1)
    assert gateway.metric("queue_depth") == (MANY if queue == "mutex-vec" else CAPACITY)
    assert gateway.metric("delivered_total") == 0
    sink.open.set()
    account = gateway.stop()
    lost, delivered = MANY - CAPACITY, CAPACITY + 1
    if queue == "mutex-vec":
        # It has no bound.
        is_account(account, received=MANY + 1, delivered=MANY + 1)
    elif queue == "channel":
        is_account(account, received=MANY + 1, delivered=delivered, rejected=lost)
        assert sink.numbers() == list(range(delivered))
    else:
        is_account(account, received=MANY + 1, delivered=delivered, evicted=lost)
        assert sink.numbers() == [0, *range(lost + 1, MANY + 1)]


def test_the_client_is_told_what_is_rejected(start, sink):
    gateway = start(
        "--capacity", "1", "--output-timeout", "1h", "--queue", "channel", output=sink.url
    )
    blocked(gateway, sink)
    url = f"http://127.0.0.1:{gateway.port['http']}/"
    assert clients.curl(url, b"1")[0] == 202
    assert clients.curl(url, b"2")[:2] == (503, "the queue has rejected the message\n")
    with clients.Grpc(gateway.port["grpc"]) as client:
        with pytest.raises(clients.grpc.RpcError) as error:
            client.send(b"3")
        assert error.value.code() == clients.grpc.StatusCode.RESOURCE_EXHAUSTED
        answer = client.stream([b"4", b"5"])
        assert (answer.stored, answer.rejected) == (0, 2)
    sink.open.set()
    is_account(gateway.stop(), received=6, delivered=2, rejected=4)


@pytest.mark.parametrize("scheme", ["tcp+lines", "tcp+frames", "ws", "grpc"])
def test_memory_stays_flat(start, sink, scheme):
    """While nothing is delivered, many times of what the queue holds comes in."""
    size, flood, floods = 4266, 10_000, 4
    gateway = start("--capacity", "1000", "--output-timeout", "1h", output=sink.url)
    blocked(gateway, sink)
    body = b"m" * size

    def send():
        if scheme == "ws":
            with clients.websocket(gateway.port["ws"], compression=None) as client:
                for _ in range(flood):
                    client.send(body)
        elif scheme == "grpc":
            with clients.Grpc(gateway.port["grpc"]) as client:
                assert client.stream([body] * flood).stored == flood
        else:
            with clients.tcp(gateway.port[scheme]) as client:
                client.sendall(
                    (body + b"\n" if scheme == "tcp+lines" else clients.frames([body])) * flood
                )

    memory = []
    for n in range(1, floods + 1):
        send()
        gateway.received(1 + n * flood)
        memory.append(gateway.memory())
    # Each flood is ten times what the queue holds; the first has filled it.
    assert memory[-1] - memory[0] < size * flood / 2, memory
    assert memory[-1] < 100 << 20, memory
    sink.open.set()
    total = 1 + flood * floods
    is_account(gateway.stop(), received=total, delivered=1001, evicted=total - 1001)


def test_a_fast_input_from_many_sides_and_a_slow_output(start):
    """Nothing is held back: the delay is that of each batch, and the account is exact."""
    gateway = start("--capacity", "100", "--batch-size", "10", output="null:5ms")
    each, lines = 20_000, numbered(range(20_000))

    def datagrams():
        client = clients.udp(gateway.port["udp"])
        for n in range(1000):
            client.send(b"%d" % n)

    def call():
        with clients.Grpc(gateway.port["grpc"]) as client:
            client.stream([b"m"] * each)

    senders = [lambda: clients.nc(gateway.port["tcp+lines"], lines)] * 3 + [call, datagrams]
    threads = [threading.Thread(target=sender) for sender in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    gateway.received(3 * each, input="tcp+lines")
    gateway.received(each, input="grpc-stream")
    account = gateway.stop()
    # The system may drop datagrams.
    assert 4 * each <= account["received"] <= 4 * each + 1000
    assert (
        account["evicted"] > 0
        and account["rejected"] == account["expired"] == account["duplicate"] == 0
    )


def test_an_output_that_fails_gets_everything_when_it_is_back(start, sink):
    flags = [
        "--max-age",
        "1h",
        "--retry-first",
        "10ms",
        "--retry-longest",
        "50ms",
        "--batch-size",
        "7",
    ]
    gateway = start(*flags, output=sink.url)
    sink.status = 500
    clients.nc(gateway.port["tcp+lines"], numbered(range(500)))
    until(lambda: gateway.metric("output_failures_total") >= 3, "failures")
    assert gateway.log("the output failed")
    sink.status = 200
    gateway.delivered(500)
    # Away altogether, and back.
    sink.close()
    clients.nc(gateway.port["tcp+lines"], numbered(range(500, 1000)))
    failures = gateway.metric("output_failures_total")
    until(lambda: gateway.metric("output_failures_total") >= failures + 3, "failures")
    back = Sink(sink.port)
    try:
        is_account(gateway.stop(), received=1000, delivered=1000)
        assert sink.numbers() + back.numbers() == list(range(1000))
    finally:
        back.close()


def test_messages_that_are_too_old_expire(start, sink):
    flags = ["--max-age", "1s", "--retry-first", "10ms", "--retry-longest", "50ms"]
    gateway = start(*flags, output=sink.url)
    sink.status = 503
    clients.nc(gateway.port["tcp+lines"], numbered(range(500)))
    gateway.reaches("expired_total", 500)
    sink.status = 200
    assert sink.numbers() == []
    # What comes now is young, or soon will be.
    n = 500
    while not gateway.metric("delivered_total"):
        clients.nc(gateway.port["tcp+lines"], numbered([n]))
        n += 1
        gateway.received(n)
        until(
            lambda: gateway.metric("expired_total") + gateway.metric("delivered_total") == n,
            "an end of each",
        )
    account = gateway.stop()
    assert account["received"] == n and account["rejected"] == 0
    assert len(sink.numbers()) == account["delivered"] and min(sink.numbers()) >= 500


def test_without_an_age_limit_there_is_one_attempt(start, sink):
    gateway = start(output=sink.url)
    sink.status = 500
    clients.nc(gateway.port["tcp+lines"], numbered(range(500)))
    gateway.reaches("rejected_total", 500, reason="output")
    is_account(gateway.stop(), received=500, rejected=500)


def test_what_the_output_refuses_is_not_tried_again(start, sink):
    gateway = start("--max-age", "1h", output=sink.url)
    sink.status = 400
    clients.nc(gateway.port["tcp+lines"], b"0\n")
    gateway.reaches("rejected_total", 1, reason="output")
    assert sink.requests == 1
    sink.status = 200
    clients.nc(gateway.port["tcp+lines"], b"1\n")
    gateway.delivered(1)
    is_account(gateway.stop(), received=2, delivered=1, rejected=1)


def test_the_breaker_opens_and_closes(start, sink):
    flags = [
        "--breaker-after",
        "2",
        "--breaker-pause",
        "1s",
        "--retry-first",
        "10ms",
        "--max-age",
        "1h",
    ]
    gateway = start(*flags, output=sink.url)
    assert gateway.ask("/readyz") == (200, "ready\n")
    sink.status = 500
    clients.nc(gateway.port["tcp+lines"], b"0\n")
    until(lambda: gateway.ask("/readyz") == (503, f"the output {sink.url} fails\n"), "not ready")
    sink.status = 200
    gateway.delivered(1)
    until(lambda: gateway.ask("/readyz") == (200, "ready\n"), "ready again")
    assert gateway.metric("breaker_open") == 0
    is_account(gateway.stop(), received=1, delivered=1)


def test_an_open_breaker_rejects_without_an_attempt(start, sink):
    gateway = start("--breaker-after", "1", "--breaker-pause", "1h", output=sink.url)
    sink.status = 500
    clients.nc(gateway.port["tcp+lines"], b"0\n")
    gateway.reaches("breaker_open", 1)
    gateway.reaches("rejected_total", 1, reason="output")
    clients.nc(gateway.port["tcp+lines"], numbered(range(10)))
    gateway.reaches("rejected_total", 10, reason="breaker")
    assert sink.requests == 1
    is_account(gateway.stop(), received=11, rejected=11)
