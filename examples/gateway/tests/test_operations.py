"""What operators see and set: metrics, health, the level of the log, and the three ways of configuration."""

import socket
import subprocess

import pytest

import clients
from support import BINARY, PATIENCE, environment, is_account, numbered, until


def test_metrics(start):
    gateway = start()
    clients.nc(gateway.port["tcp+lines"], numbered(range(10)))
    gateway.delivered(10)
    url = f"http://127.0.0.1:{gateway.operations}/metrics"
    done = clients.execute("curl", "-q", "-sS", "--noproxy", "*", "-i", url)
    head, _, text = done.stdout.decode().replace("\r\n", "\n").partition("\n\n")
    assert head.startswith("HTTP/1.1 200 OK") and "content-type: text/plain; version=0.0.4" in head.lower()
    lines = text.splitlines()
    of = '{output="null",topic="default"}'
    for line in (
        'gateway_received_total{input="tcp+lines"} 10',
        'gateway_received_total{input="udp"} 0',
        f"gateway_stored_total{of} 10",
        f"gateway_delivered_total{of} 10",
        f"gateway_evicted_total{of} 0",
        f"gateway_queue_depth{of} 0",
        f"gateway_delivery_age_seconds_count{of} 10",
        "# TYPE gateway_received_total counter",
        "# TYPE gateway_delivery_age_seconds histogram",
    ):
        assert line in lines, f"{line} is not in\n{text}"


def test_health(start):
    gateway = start()
    assert gateway.ask("/healthz") == (200, "alive\n")
    assert gateway.ask("/readyz") == (200, "ready\n")
    assert gateway.ask("/nothing")[0] == 404
    assert gateway.ask("/metrics", "POST")[0] == 405


def test_the_level_of_the_log_changes_while_it_runs(start):
    gateway = start()
    port = gateway.port["ws"]

    def provoke():
        before = gateway.metric("refused_total", input="ws")
        with clients.tcp(port) as client:
            client.sendall(b"nonsense\r\n\r\n")
        gateway.reaches("refused_total", before + 1, input="ws")

    def told():
        return len(gateway.log("no WebSocket connection"))

    provoke()
    # A later line that is certain shows that the earlier one is not only late.
    assert gateway.ask("/log", "PUT", "info,gateway=debug") == (204, "")
    provoke()
    until(lambda: told() == 1, "a line of the level `debug`")
    status, text = gateway.ask("/log", "PUT", "gateway=loud")
    assert status == 400 and text
    provoke()
    until(lambda: told() == 2, "another")
    assert gateway.ask("/log", "PUT", "off")[0] == 204
    provoke()
    # The last line is there all the same.
    is_account(gateway.stop(), refused=4)
    assert told() == 2 and not gateway.log("shutting down; another signal shortens it")


def test_flags_beat_the_environment_which_beats_the_file(start, tmp_path):
    file = tmp_path / "gateway.toml"
    file.write_text(
        'input = ["udp://0", "tcp+lines://0"]\n'
        f'output = "file:{tmp_path}/of-the-file"\n'
        "capacity = 11\n"
        "max-message = 12\n"
        'queue = "mutex-ring"\n'
    )
    gateway = start("--config", str(file), "--capacity", "33", inputs=(), output=None, GATEWAY_CAPACITY="22")
    ready = gateway.log("ready")[0]
    assert (ready["capacity"], ready["queue"]) == (33, "mutex-ring")
    assert set(gateway.port) == {"udp", "tcp+lines"}
    # Of the file: the limit and the output.
    assert b"over the limit of 12 bytes" in clients.nc(gateway.port["tcp+lines"], b"thirteen byte\ntwelve bytes\n")
    is_account(gateway.stop(), received=1, delivered=1, refused=1)
    assert "twelve bytes" in (tmp_path / "of-the-file").read_text()

    env = {"GATEWAY_CONFIG": str(file), "GATEWAY_CAPACITY": "22", "GATEWAY_INPUT": "http://0,grpc://0"}
    gateway = start(inputs=(), output=None, **env)
    assert gateway.log("ready")[0]["capacity"] == 22
    assert set(gateway.port) == {"http", "grpc"}


WRONG = {
    ("--input", "ftp://7"): "`ftp` is none of http",
    ("--input", "udp://nowhere.invalid:7"): "udp://nowhere.invalid:7",
    ("--output", "drum:1"): "it must be null",
    ("--queue", "fast"): "--queue",
    ("--capacity", "0"): "capacity",
    ("--batch-size", "0"): "it must be at least 1",
    ("--idle", "soon"): "--idle",
    ("--input", "https://0"): "TLS needs --tls-cert and --tls-key",
    ("--tls-cert", "only.pem"): "--tls-key",
    ("--tls-cert", "no.pem", "--tls-key", "no.pem"): "no.pem",
    ("--config", "no.toml"): "no.toml",
    ("--log", "gateway=loud"): "gateway",
    ("--output", "file:/nowhere/at/all"): "/nowhere/at/all",
}


@pytest.mark.parametrize("flags", WRONG, ids=" ".join)
def test_what_is_wrong_is_said(flags):
    fails_to_start(flags, WRONG[flags])


def test_a_wrong_file_and_a_port_in_use(tmp_path):
    file = tmp_path / "gateway.toml"
    for text, why in {
        "capacitty = 5": "there is no setting `capacitty`",
        "capacity = true": "capacity",
        "capacity = ": "gateway.toml",
    }.items():
        file.write_text(text)
        fails_to_start(("--config", str(file)), why)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        fails_to_start(("--input", f"http://{port}"), f"http://127.0.0.1:{port}")
        fails_to_start(("--operations", f"127.0.0.1:{port}"), f"127.0.0.1:{port}")


def fails_to_start(flags, why):
    given = [flag for flag in flags if flag.startswith("--")]
    default = {"--input": "udp://0", "--operations": "127.0.0.1:0", "--output": "null"}
    command = [BINARY, "run", *flags, *(part for pair in default.items() if pair[0] not in given for part in pair)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=environment(), check=False)
    assert done.returncode not in (0, 101) and why in done.stderr, done
    assert "panicked" not in done.stderr
