"""Logs and outputs that nobody reads: nothing else waits for that."""

import http.client
import os
import socket
import subprocess

import pytest

import clients
from support import BINARY, PATIENCE, bodies, environment, is_account, numbered, until


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def answers(port, path="/healthz", method="GET", count=1, **headers):
    """The last status; less patience than elsewhere, since it is about not hanging."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        for _ in range(count):
            connection.request(method, path, b"m" if method == "POST" else None, headers)
            response = connection.getresponse()
            text = response.read().decode()
        return response.status, text
    finally:
        connection.close()


def test_a_standard_error_that_nobody_reads():
    """Thousands of lines, of which a pipe keeps some hundred."""
    port, operations = free_port(), free_port()
    flags = ["--input", f"http://{port}", "--operations", f"{operations}", "--output", "null"]
    command = [BINARY, "run", *flags, "--log-rate", "1M"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=environment())
    try:
        for line in process.stderr:
            if b" ready " in line:
                break
        status, _ = answers(port, "/", "POST", 4000, **{"content-encoding": "br"})
        assert status == 415
        assert answers(operations) == (200, "alive\n")
        text = answers(operations, "/metrics")[1]
        lost = [line for line in text.splitlines() if line.startswith("gateway_log_lines_lost")]
        assert float(lost[0].split()[1]) > 0, lost
        process.terminate()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_standard_output_that_nobody_reads(start):
    reader, writer = os.pipe()
    gateway = start("--drain", "1s", "--output-timeout", "1h", output="stdout", stdout=writer)
    os.close(writer)
    try:
        clients.nc(gateway.port["tcp+lines"], b"m" * 99_999 + b"\n")
        gateway.received(1)
        assert gateway.ask("/healthz")[0] == 200
        is_account(gateway.stop(), received=1, rejected=1)
    finally:
        os.close(reader)


def test_a_pipe_without_a_reader_holds_up_neither_start_nor_end(start, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    gateway = start("--max-age", "1h", "--drain", "1s", output=f"file:{pipe}")
    clients.nc(gateway.port["tcp+lines"], b"m\n")
    until(lambda: gateway.log("the output failed"), "a failure")
    assert "nobody reads the pipe" in gateway.log("the output failed")[0]["error"]
    is_account(gateway.stop(), received=1, rejected=1)


def test_readers_of_a_pipe_come_and_go(start, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    flags = ["--max-age", "1h", "--retry-longest", "100ms", "--rotate-size", "10"]
    gateway = start(*flags, output=f"file:{pipe}")
    got = b""
    for n in range(3):
        clients.nc(gateway.port["tcp+lines"], b"%d\n" % n)
        with open(pipe, "rb") as reader:
            got += reader.readline()
            gateway.delivered(n + 1)
    out = tmp_path / "out"
    out.write_bytes(got)
    assert bodies(out) == [b"0", b"1", b"2"]
    assert os.listdir(tmp_path).count("pipe") == 1 and not (tmp_path / "pipe.1").exists()
    is_account(gateway.stop(), received=3, delivered=3)


@pytest.mark.parametrize("size", ["100", "64MiB"])
def test_a_device_is_not_rotated(start, size):
    """Whatever the size, standard output stays what it is."""
    gateway = start("--rotate-size", size, output="file:/dev/stdout", stdout=subprocess.PIPE)
    clients.nc(gateway.port["tcp+lines"], numbered(range(200)))
    gateway.delivered(200)
    gateway.signal()
    out = gateway.process.stdout.read()
    is_account(gateway.account(), received=200, delivered=200)
    assert len(out.splitlines()) == 200


def test_a_rotation_that_fails_loses_nothing(start, tmp_path):
    path = tmp_path / "out"
    # No file can have the name of a folder that is not empty, not even if root asks for it.
    (tmp_path / "out.1" / "taken").mkdir(parents=True)
    gateway = start("--rotate-size", "1000", "--rotate-keep", "1", output=f"file:{path}")
    for n in range(20):
        clients.nc(gateway.port["tcp+lines"], numbered([n] * 10))
        gateway.delivered(10 * n + 10)
    assert gateway.log("cannot rotate the file: it grows on")
    is_account(gateway.stop(), received=200, delivered=200)
    assert len(bodies(path)) == 200


def test_a_torn_line_is_not_part_of_the_next(start, tmp_path):
    path = tmp_path / "out"
    path.write_text('{"received":"2025-01-31T12:00:00.0000')
    gateway = start(output=f"file:{path}")
    clients.nc(gateway.port["tcp+lines"], b"after\n")
    gateway.delivered(1)
    gateway.stop()
    torn, line = path.read_text().splitlines()
    assert '"after"' in line and torn.endswith("0000")
