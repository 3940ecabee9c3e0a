"""What receivers answer, and what the output makes of it; aiohttp is the receiver."""

import ssl
import time

from aiohttp import web

import clients
from support import is_account, numbered, until


def test_a_redirection_is_no_delivery(start, receive):
    elsewhere = receive()
    receiver = receive(
        lambda request: web.Response(status=302, headers={"location": elsewhere.url})
    )
    gateway = start(output=receiver.url)
    clients.nc(gateway.port["tcp+lines"], numbered(range(3)))
    gateway.reaches("rejected_total", 3, reason="output")
    is_account(gateway.stop(), received=3, rejected=3)
    assert elsewhere.requests == []


def test_what_is_too_large_together_is_split(start, receive):
    """The receiver takes a fifth of what a batch may have; one message is too large even alone."""
    receiver = receive(client_max_size=100_000)
    gateway = start(
        "--batch-wait", "1h", "--batch-size", "300", "--batch-bytes", "2MB", output=receiver.url
    )
    bodies = [b"%d " % n + b"m" * 1500 for n in range(299)]
    bodies.insert(77, b"m" * 200_000)
    clients.nc(gateway.port["tcp+lines"], b"\n".join(bodies) + b"\n")
    gateway.delivered(299)
    account = gateway.stop()
    is_account(account, received=300, delivered=299, rejected=1)
    assert [int(message.split()[0]) for message in receiver.messages()] == list(range(299))
    refused = gateway.log("the output refuses messages")
    assert [(line["status"], line["messages"]) for line in refused] == [
        ("413 Payload Too Large", 1)
    ]
    assert "Maximum request body size 100000 exceeded" in refused[0]["answer"]


def test_a_gateway_with_default_flags_takes_what_another_sends(start):
    second = start(inputs=["http"])
    first = start(output=f"http://127.0.0.1:{second.port['http']}/")
    clients.nc(first.port["tcp+lines"], (b"m" * 4266 + b"\n") * 1000)
    first.delivered(1000)
    is_account(first.stop(), received=1000, delivered=1000)
    # A line is a message.
    is_account(second.stop(), received=1000, delivered=1000)


def test_what_a_failing_receiver_says_is_in_the_log(start, receive):
    receiver = receive(
        lambda request: web.Response(status=500, text="the disk is full" + "!" * 10_000)
    )
    gateway = start(output=receiver.url)
    clients.nc(gateway.port["tcp+lines"], b"0\n")
    gateway.reaches("rejected_total", 1, reason="output")
    [line] = gateway.log("the output failed")
    assert "500 Internal Server Error" in line["error"] and "the disk is full!" in line["error"]
    assert len(line["error"]) < 300


def test_a_receiver_that_asks_for_a_pause_gets_it(start, receive):
    """However often it is tried otherwise: the second attempt is the one after the pause."""
    statuses = [429, 200]
    receiver = receive(
        lambda request: web.Response(status=statuses.pop(0), headers={"retry-after": "2"})
    )
    gateway = start(
        "--max-age", "1h", "--retry-first", "1ms", "--retry-longest", "1ms", output=receiver.url
    )
    times = []
    answer = receiver.answer
    receiver.answer = lambda request: times.append(time.monotonic()) or answer(request)
    clients.nc(gateway.port["tcp+lines"], b"0\n")
    gateway.delivered(1)
    is_account(gateway.stop(), received=1, delivered=1)
    assert len(times) == 2 and times[1] - times[0] >= 2


def test_headers_and_a_private_authority(start, receive, identity, tmp_path):
    authority, certificate, key = identity
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    secret = tmp_path / "headers"
    secret.write_text("Authorization: Bearer one\n")

    def answer(request):
        right = (
            request.headers.get("x-tenant") == "t"
            and request.headers.get("authorization") == "Bearer two"
        )
        return web.Response(status=200 if right else 503, text="who are you?")

    receiver = receive(answer, tls=context)
    flags = [
        "--http-header",
        "X-Tenant: t",
        "--http-header-file",
        secret,
        "--max-age",
        "1h",
        "--retry-first",
        "10ms",
    ]
    # Without the authority there is no connection.
    stranger = start(*flags[:2], output=receiver.url)
    clients.nc(stranger.port["tcp+lines"], b"0\n")
    stranger.reaches("rejected_total", 1, reason="output")
    assert receiver.requests == []
    gateway = start(*flags, "--output-ca", authority, output=receiver.url)
    clients.nc(gateway.port["tcp+lines"], b"1\n")
    until(lambda: gateway.metric("output_failures_total") > 0, "a failure, since the token is old")
    secret.write_text("Authorization: Bearer two\n")
    gateway.signal(clients.HANG_UP)
    gateway.delivered(1)
    is_account(gateway.stop(), received=1, delivered=1)
    assert "Bearer" not in "".join(gateway.lines)


def test_a_request_is_known_from_the_client_to_the_receiver(start, receive):
    receiver = receive()
    gateway = start(output=receiver.url)
    trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    url = f"http://127.0.0.1:{gateway.port['http']}/"
    answered = [
        clients.curl_headers(url, b"1", "-H", "X-Request-Id: abc-1"),
        clients.curl_headers(url, b"2", "-H", f"traceparent: 00-{trace}-{span}-01"),
        clients.curl_headers(url, b"3"),
    ]
    with clients.Grpc(gateway.port["grpc"]) as client:
        call = client.stub.Send.with_call(
            clients.protos.Message(body=b"4"), metadata=[("x-request-id", "abc-4")]
        )[1]
        assert dict(call.initial_metadata())["x-request-id"] == "abc-4"
    gateway.delivered(4)
    ids = [headers["x-request-id"] for headers in answered]
    assert ids[:2] == ["abc-1", trace] and ids[2] not in ("", *ids[:2])
    records = receiver.records()
    assert [record["request_id"] for record in records] == [*ids, "abc-4"]
    assert records[1]["traceparent"] == f"00-{trace}-{span}-01" and "traceparent" not in records[0]
    assert all(record["peer"].startswith("127.0.0.1:") for record in records)
    # What is refused is in the log, with the same id.
    clients.curl(url, b"m", "-H", "X-Request-Id: abc-5", "-H", "Content-Encoding: br")
    [line] = gateway.logged("refused")
    assert (line["request_id"], line["reason"]) == ("abc-5", "malformed") and line[
        "peer"
    ].startswith("127.0.0.1:")
