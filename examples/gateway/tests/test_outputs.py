"""What the outputs write, and the stages before them."""

import json
import random

import clients
from support import bodies, is_account, numbered, until


def test_the_file_is_json_lines(start, tmp_path):
    path = tmp_path / "out"
    gateway = start(output=f"file:{path}")
    sent = ['with "quotes"', "ünïcödé \u2028", "a\0b", "\\", ""]
    with clients.websocket(gateway.port["ws"]) as client:
        for text in sent:
            client.send(text)
        client.send(b"\xff\xfe")
    gateway.delivered(6)
    clients.udp(gateway.port["udp"]).send(b"datagram")
    gateway.delivered(7)
    gateway.stop()
    lines = [json.loads(line) for line in path.read_text().split("\n")[:-1]]
    assert [line.get("message") for line in lines] == [*sent, None, "datagram"]
    assert lines[5]["base64"] == "//4="
    assert [line["input"] for line in lines] == ["ws"] * 6 + ["udp"]
    received = [line["received"] for line in lines]
    assert received == sorted(received)


def test_the_file_is_rotated(start, tmp_path):
    path = tmp_path / "out"
    size, count = 10_000, 500
    gateway = start(
        "--rotate-size",
        str(size),
        "--rotate-keep",
        "3",
        "--batch-size",
        "10",
        output=f"file:{path}",
    )
    clients.nc(gateway.port["tcp+lines"], numbered(range(count)))
    gateway.delivered(count)
    is_account(gateway.stop(), received=count, delivered=count)
    files = [path.with_name(f"out.{n}") for n in (3, 2, 1)] + [path]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert all(file.stat().st_size <= size for file in files)
    # Whole lines, without a gap, up to the last.
    kept = [int(body) for file in files for body in bodies(file)]
    assert kept == list(range(count - len(kept), count)) and 0 < len(kept) < count


def test_the_file_is_appended_to(start, tmp_path):
    path = tmp_path / "out"
    for n in range(3):
        gateway = start("--rotate-keep", "0", output=f"file:{path}")
        clients.nc(gateway.port["tcp+lines"], b"%d\n" % n)
        gateway.delivered(1)
        gateway.stop()
    assert bodies(path) == [b"0", b"1", b"2"]


def test_standard_output(start, tmp_path):
    path = tmp_path / "out"
    noise = random.Random(7).randbytes(5000).replace(b"\n", b"")
    with open(path, "wb") as out:
        gateway = start(output="stdout", stdout=out)
        clients.nc(gateway.port["tcp+frames"], clients.frames([b"a", noise, b""]))
        gateway.delivered(3)
        gateway.stop()
    assert path.read_bytes() == b"a\n" + noise + b"\n\n"


def test_one_gateway_delivers_to_another(start, tmp_path):
    path = tmp_path / "out"
    second = start("--parse", "json", inputs=["http"], output=f"file:{path}")
    first = start(
        "--batch-size", "1", "--parse", "json", output=f"http://127.0.0.1:{second.port['http']}/"
    )
    clients.nc(first.port["tcp+lines"], numbered(range(100)))
    first.delivered(100)
    is_account(first.stop(), received=100, delivered=100)
    is_account(second.stop(), received=100, delivered=100)
    assert [
        json.loads(line)["message"]["message"] for line in path.read_text().splitlines()
    ] == list(range(100))


def test_duplicates_are_left_out(start, tmp_path):
    path = tmp_path / "out"
    gateway = start("--dedupe", "1h", output=f"file:{path}")
    clients.nc(gateway.port["tcp+lines"], b"a\nb\na\n")
    gateway.received(3)
    # By whatever input it comes.
    clients.curl(f"http://127.0.0.1:{gateway.port['http']}/", b"b")
    clients.curl(f"http://127.0.0.1:{gateway.port['http']}/", b"c")
    is_account(gateway.stop(), received=5, delivered=3, duplicate=2)
    assert bodies(path) == [b"a", b"b", b"c"]


def test_a_batch_waits_for_more(start, sink):
    gateway = start("--batch-wait", "1h", "--batch-size", "10", output=sink.url)
    for n in range(9):
        clients.nc(gateway.port["tcp+lines"], numbered([n]))
        gateway.received(n + 1)
    assert sink.requests == 0
    clients.nc(gateway.port["tcp+lines"], numbered([9, 10]))
    gateway.delivered(10)
    assert sink.requests == 1
    # At the end nothing waits.
    is_account(gateway.stop(), received=11, delivered=11)
    until(lambda: sink.numbers() == list(range(11)), "all of them, in order")
