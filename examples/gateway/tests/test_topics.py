"""Topics, copies for several outputs, back-pressure instead of eviction, and bodies of several
messages.
"""

import json
import threading

import clients
from support import bodies, is_account, numbered, until
from test_overload import blocked

TOPICS = """
output = "file:{folder}/rest"
topic-field = "topic"
parse = "json"

[topic.alarms]
queue = "channel"
output = ["file:{folder}/alarms", "file:{folder}/archive"]

[topic.readings]
reduce-by = "sensor"
reduce-every = "1h"
output = "file:{folder}/readings"
"""


def test_each_topic_has_its_own_queue_and_outputs(start, tmp_path):
    """By path, by subject, by port, and by a field of the message."""
    file = tmp_path / "gateway.toml"
    file.write_text(TOPICS.format(folder=tmp_path))
    gateway = start(
        "--config",
        file,
        inputs=["http", "grpc", "ws", "tcp+lines", "udp://0?topic=readings"],
        output=None,
    )
    url = f"http://127.0.0.1:{gateway.port['http']}"
    for path in "/alarms", "/none/of/them", "/":
        assert clients.curl(url + path, b'"%s"' % path.encode())[0] == 202
    with clients.Grpc(gateway.port["grpc"]) as client:
        for subject in "alarms", "nothing":
            client.stub.Send(
                clients.protos.Message(body=b'"%s"' % subject.encode(), subject=subject)
            )
        mixed = [
            clients.protos.Message(body=b"%d" % n, subject=["alarms", ""][n % 2]) for n in range(10)
        ]
        assert client.stub.Stream(iter(mixed)).stored == 10
    with clients.websocket(gateway.port["ws"], path="alarms") as client:
        client.send('"ws"')
    readings = [{"topic": "readings", "sensor": n % 3} for n in range(9)] + [
        {"topic": "alarms"},
        {"topic": "else"},
    ]
    clients.nc(
        gateway.port["tcp+lines"], b"".join(json.dumps(each).encode() + b"\n" for each in readings)
    )
    clients.udp(gateway.port["udp"]).send(b'{"sensor": 7, "topic": "alarms"}')
    gateway.received(28)
    gateway.delivered(28 + 9 - 6)
    is_account(gateway.stop(), received=28, copied=9, delivered=31, reduced=6)

    def written(name):
        return [json.loads(line)["message"] for line in (tmp_path / name).read_text().splitlines()]

    alarms = written("alarms")
    assert sorted(map(str, alarms)) == sorted(
        map(str, ["/alarms", "alarms", 0, 2, 4, 6, 8, "ws", {"topic": "alarms"}])
    )
    assert written("archive") == alarms
    assert [reading["sensor"] for reading in written("readings")] in ([0, 1, 2, 7], [7, 0, 1, 2])
    assert len(written("rest")) == 28 - 9 - 10


def test_an_output_that_hangs_does_not_hold_up_the_others(start, sink, tmp_path):
    """Both have the same source; one gets all, and the other what its queue keeps."""
    path = tmp_path / "out"
    flags = ["--capacity", "100", "--output-timeout", "1h", "--output", f"{sink.url},file:{path}"]
    gateway = start(*flags, output=None)
    blocked(gateway, sink)
    for n in range(10):
        clients.nc(gateway.port["tcp+lines"], numbered(range(1 + 50 * n, 51 + 50 * n)))
        gateway.reaches("delivered_total", 51 + 50 * n, output=f"file:{path}")
    assert gateway.metric("queue_depth", output=sink.url) == 100
    sink.open.set()
    is_account(gateway.stop(), received=501, copied=501, delivered=501 + 101, evicted=400)
    assert bodies(path) == numbered(range(501)).splitlines()
    assert sink.numbers() == [0, *range(401, 501)]


def test_senders_can_wait_instead(start, sink):
    """Nothing is evicted for them: what does not fit stays with the sender, and comes later."""
    flags = ["--capacity", "100", "--output-timeout", "1h"]
    gateway = start(
        *flags, inputs=["tcp+lines://0?full=wait", "http://0?full=wait"], output=sink.url
    )
    sink.open.clear()
    clients.nc(gateway.port["tcp+lines"], b"0\n")
    until(lambda: sink.requests == 1, "a first request")
    count = 20_000
    lines = threading.Thread(
        target=clients.nc, args=(gateway.port["tcp+lines"], numbered(range(1, count)))
    )
    lines.start()
    gateway.reaches("queue_depth", 100)
    url, answers = f"http://127.0.0.1:{gateway.port['http']}/", []
    post = threading.Thread(target=lambda: answers.append(clients.curl(url, b"%d" % count)))
    post.start()
    gateway.received(1, input="http")
    assert gateway.metric("evicted_total") == 0 and not answers
    sink.open.set()
    lines.join()
    post.join()
    assert answers[0][0] == 202
    gateway.delivered(count + 1)
    is_account(gateway.stop(), received=count + 1, delivered=count + 1)
    assert sorted(sink.numbers()) == list(range(count + 1))
    assert [number for number in sink.numbers() if number < count] == list(range(count))


def test_a_sender_that_waits_and_goes_is_in_the_account(start, sink):
    flags = ["--capacity", "10", "--output-timeout", "1h"]
    gateway = start(*flags, inputs=["tcp+lines", "grpc://0?full=wait"], output=sink.url)
    blocked(gateway, sink)
    clients.nc(gateway.port["tcp+lines"], numbered(range(1, 11)))
    gateway.received(11)
    with clients.Grpc(gateway.port["grpc"]) as client:
        call = client.stub.Send.future(clients.protos.Message(body=b"m"))
        gateway.received(12)
        call.cancel()
        gateway.reaches("rejected_total", 1, reason="abandoned")
    sink.open.set()
    is_account(gateway.stop(), received=12, delivered=11, rejected=1)


def test_a_body_of_several_messages(start, tmp_path):
    path = tmp_path / "out"
    gateway = start(
        "--max-message", "100", "--max-body", "1000", inputs=["http"], output=f"file:{path}"
    )
    url = f"http://127.0.0.1:{gateway.port['http']}/"
    flags = ["-H", "Content-Type: application/x-ndjson; charset=utf-8"]
    assert clients.curl(url, b"1\n22\r\n\n333", *flags)[0] == 202
    # All or nothing.
    assert clients.curl(url, b"4\n" + b"m" * 101 + b"\n", *flags)[:2] == (
        413,
        "message over the limit of 100 bytes\n",
    )
    assert clients.curl(url, b"5\n" * 501, *flags)[0] == 413
    assert clients.curl(url, b"a\nb")[0] == 202
    is_account(gateway.stop(), received=4, delivered=4, refused=2)
    assert bodies(path) == [b"1", b"22", b"333", b"a\nb"]
