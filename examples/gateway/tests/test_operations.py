"""What operators see and set: metrics, health, the level of the log, and the three ways of
configuration.
"""

import json
import socket
import subprocess
import time

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
    assert (
        head.startswith("HTTP/1.1 200 OK")
        and "content-type: text/plain; version=0.0.4" in head.lower()
    )
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
    for wrong in "gateway=loud", "wran", "":
        status, text = gateway.ask("/log", "PUT", wrong)
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
    gateway = start(
        "--config", str(file), "--capacity", "33", inputs=(), output=None, GATEWAY_CAPACITY="22"
    )
    ready = gateway.log("ready")[0]
    assert (ready["capacity"], ready["queue"]) == (33, "mutex-ring")
    assert set(gateway.port) == {"udp", "tcp+lines"}
    # Of the file: the limit and the output.
    assert b"over the limit of 12 bytes" in clients.nc(
        gateway.port["tcp+lines"], b"thirteen byte\ntwelve bytes\n"
    )
    is_account(gateway.stop(), received=1, delivered=1, refused=1)
    assert "twelve bytes" in (tmp_path / "of-the-file").read_text()

    env = {
        "GATEWAY_CONFIG": str(file),
        "GATEWAY_CAPACITY": "22",
        "GATEWAY_INPUT": "http://0,grpc://0",
    }
    gateway = start(inputs=(), output=None, **env)
    assert gateway.log("ready")[0]["capacity"] == 22
    assert set(gateway.port) == {"http", "grpc"}


WRONG = {
    ("--input", "ftp://7"): "`ftp` is none of http",
    ("--input", "udp://nowhere.invalid:7"): "udp://nowhere.invalid:7",
    ("--output", "drum:1"): "it must be one of null",
    ("--queue", "fast"): "--queue",
    ("--capacity", "0"): "capacity",
    ("--batch-size", "0"): "it must be at least 1",
    ("--idle", "soon"): "--idle",
    ("--input", "https://0"): "TLS needs --tls-cert and --tls-key",
    ("--tls-cert", "only.pem"): "--tls-key",
    ("--tls-cert", "no.pem", "--tls-key", "no.pem"): "no.pem",
    ("--config", "no.toml"): "no.toml",
    ("--log", "gateway=loud"): "gateway",
    ("--log", "wran"): "`wran` is no level",
    ("--max-connections", "0"): "it must be at least 1",
    ("--output", "nats://"): "the host is missing",
    ("--output", "http://"): "it is no URL",
    ("--drain", "500000000000years"): "100 years",
    ("--idle", "500000000000years"): "100 years",
    ("--breaker-pause", "500000000000years"): "100 years",
    ("--idle", "0s"): "it must be more than zero",
    ("--queue-bytes", "1kB"): "--queue-bytes is 1000",
    ("--input", "http://0?topic=none"): "there is no such topic",
    ("--input", "http://0?full=never"): "is none of topic=NAME",
    ("--retry-first", "9s"): "is more than --retry-longest",
    ("--enrich-by", "a"): "--enrich-from",
    ("--http-header", "no header"): "Name: value",
    ("--output", "file:/nowhere/at/all"): "/nowhere/at/all",
    ("--operations", "here"): "neither a port nor a host and a port",
    ("--operations", ":7"): "neither a port nor a host and a port",
    ("--input", "http://7,tcp+lines://7"): "are on one port",
    ("--input", "http://7", "--operations", "7"): "are on one port",
    ("--http-header", "Authorization: Bearer ${TOKEN}"): "variables are expanded in the file",
    ("--output", "nats://${USER}@host"): "variables are expanded in the file",
    ("--output", "nats://u:a#b@host"): "%23",
    ("--nats-subject", "two words"): "without blanks",
    ("--nats-subject", "metrics.>"): "without blanks",
    ("--nats-subject", "metrics.*"): "without blanks",
    ("--nats-stream", "a.b"): "without blanks, dots",
    ("--max-age", "never"): "--max-age",
    ("--unfinished-bytes", "1MiB"): "--unfinished-bytes is 1048576",
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


def fails_to_start(flags, why, leave_out="", **env):
    given = [flag for flag in flags if flag.startswith("--")]
    given.append("--" + leave_out.removeprefix("GATEWAY_").lower().replace("_", "-"))
    default = {"--input": "udp://0", "--operations": "127.0.0.1:0", "--output": "null"}
    command = [
        BINARY,
        "run",
        *flags,
        *(part for pair in default.items() if pair[0] not in given for part in pair),
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environment(**env),
        check=False,
    )
    assert done.returncode not in (0, 101) and why in done.stderr, done
    assert "panicked" not in done.stderr


def test_prometheus_accepts_the_metrics(start):
    gateway = start()
    clients.nc(gateway.port["tcp+lines"], numbered(range(10)))
    gateway.delivered(10)
    text = gateway.ask("/metrics")[1]
    done = clients.execute("promtool", "check", "metrics", stdin=text.encode(), check=False)
    assert done.returncode == 0 and done.stdout + done.stderr == b"", done
    for line in (
        'gateway_received_bytes_total{input="tcp+lines"} 10',
        'gateway_delivered_bytes_total{output="null",topic="default"} 10',
        'gateway_build_info{version="0.0.0"} 1',
    ):
        assert line in text.splitlines(), text
    for name in (
        "process_resident_memory_bytes",
        "process_open_fds",
        "gateway_batch_messages_sum",
        "gateway_output_seconds_count",
    ):
        assert f"\n{name}" in text


WRONG_ENVIRONMENT = {
    ("GATEWAY_CAPACITTY", "5"): "GATEWAY_CAPACITTY",
    ("GATEWAY_CAPACITY", "many"): "the environment variable GATEWAY_CAPACITY: ",
    ("GATEWAY_INPUT", "udp://0,ftp://7"): "the environment variable GATEWAY_INPUT: ",
}


@pytest.mark.parametrize("variable", WRONG_ENVIRONMENT, ids="=".join)
def test_what_is_wrong_in_the_environment_is_said(variable):
    fails_to_start((), WRONG_ENVIRONMENT[variable], leave_out=variable[0], **dict([variable]))


def test_a_variable_without_a_value_is_none(start):
    gateway = start(GATEWAY_CAPACITY="", GATEWAY_DEDUPE="")
    assert gateway.log("ready")[0]["capacity"] == 10_000


def test_names_and_units(start, tmp_path):
    """Hosts have names, and numbers have the units that people write."""
    file = tmp_path / "gateway.toml"
    file.write_text('capacity = "10k"\nmax-message = "1MB"\nidle = 60\nqueue-bytes = "64 MiB"\n')
    gateway = start("--config", file, "--input", "udp://localhost:0,http://localhost:0", inputs=())
    assert gateway.log("ready")[0]["capacity"] == 10_000
    assert clients.curl(f"http://localhost:{gateway.port['http']}/", b"m" * 1_000_001)[1] == (
        "message over the limit of 1000000 bytes\n"
    )


def check(*flags, **env):
    command = [BINARY, "run", "--check-config", *flags]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environment(**env),
        check=False,
    )


def test_a_file_may_ask_for_what_is_in_the_environment(start, tmp_path):
    file = tmp_path / "gateway.toml"
    file.write_text(f'output = "file:{tmp_path}/${{NAME}}"\n')
    gateway = start("--config", file, inputs=["tcp+lines"], output=None, NAME="out")
    clients.nc(gateway.port["tcp+lines"], b"m\n")
    gateway.delivered(1)
    assert (tmp_path / "out").exists()
    done = check("--config", file)
    assert done.returncode != 0 and "there is no environment variable `NAME`" in done.stderr


def test_no_secret_is_in_an_error(tmp_path):
    """Also where it was written wrongly, or for another flag."""
    secret = "p#s3cr3t"
    file = tmp_path / "gateway.toml"
    file.write_text(f'output = "nats://user:{secret}@host\n')
    headers = tmp_path / "headers"
    headers.write_text(f"Authorization Bearer {secret}\n")
    for flags, env in (
        (["--output", f"nats://user:{secret}@host"], {}),
        (["--outptu", f"nats://user:{secret}@host"], {}),
        (["--http-header", f"Authorization Bearer {secret}"], {}),
        ([f"nats://user:{secret}@host"], {}),
        (["--config", file], {}),
        (["--output", "http://host", "--http-header-file", headers], {}),
        ([], {"GATEWAY_OUTPUT": f"nats://user:{secret}@host"}),
        ([], {"GATEWAY_HTTP_HEADER": f"Authorization Bearer {secret}"}),
        (["--log-format", "json", "--output", f"http://user:{secret}@host"], {}),
        (["--help"], {"GATEWAY_OUTPUT": "nats://user:s3cr3t@host"}),
    ):
        done = check(*flags, **env)
        assert "s3cr3t" not in done.stdout + done.stderr, (flags, env, done)
        assert done.stdout + done.stderr and (done.returncode != 0 or flags == ["--help"])


def test_a_wrong_certificate_is_told_by_its_own_name(identity, tmp_path):
    authority, certificate, key = identity
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n")
    for chain, wrong in (authority, authority), (broken, broken):
        done = check("--tls-cert", chain, "--tls-key", key)
        assert done.returncode != 0 and done.stderr.startswith(f"gateway: {wrong}: "), done


def test_settings_are_in_groups():
    done = subprocess.run(
        [BINARY, "run", "--help"], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    groups = [line for line in done.stdout.splitlines() if line.endswith(":") and line[0] != " "]
    assert groups == [
        "Options:",
        "Inputs:",
        "Operations:",
        "Topics and queues:",
        "Outputs:",
        "Processing:",
        "Delivery:",
    ]


def test_a_configuration_can_be_checked(tmp_path):
    """Nothing is bound or written for it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = check("--input", f"http://{port}", "--output", f"file:{tmp_path}/out")
    assert (done.returncode, done.stdout) == (0, "the configuration is valid\n")
    assert list(tmp_path.iterdir()) == []
    for flags, why in {
        ("--output", f"file:{tmp_path}/no/out"): "there is no such folder",
        ("--tls-cert", "no.pem", "--tls-key", "no.pem"): "no.pem",
        ("--enrich-by", "a", "--enrich-from", "no.json"): "no.json",
        ("--output", "nats://host", "--nats-credentials", "no.creds"): "no.creds",
        ("--output", "http://host", "--output-ca", "no.ca"): "no.ca",
        ("--output", "http://host", "--http-header-file", "no.headers"): "no.headers",
    }.items():
        done = check(*flags)
        assert done.returncode != 0 and why in done.stderr, (flags, done)


def test_errors_at_the_start_are_json_if_logs_are(tmp_path):
    file = tmp_path / "gateway.toml"
    file.write_text('log-format = "json"\n')
    for flags, env in (
        (["--log-format", "json", "--capacity", "0"], {}),
        (["--log-format", "json", "--tls-cert", "no.pem", "--tls-key", "no.pem"], {}),
        (["--config", file, "--capacity", "0"], {}),
        (["--capacity", "0"], {"GATEWAY_LOG_FORMAT": "json"}),
    ):
        done = check(*flags, **env)
        [line] = done.stderr.splitlines()
        assert json.loads(line)["message"] == "failed" and done.returncode != 0, done


def test_an_output_that_is_down_does_not_flood_the_log(start):
    """Thousands of attempts fail, each with a line; ten of them in a second are written, and the
    others are counted.
    """
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    flags = ["--batch-size", "1", "--log-rate", "10", "--capacity", "100k"]
    gateway = start(*flags, output=f"http://127.0.0.1:{port}/")
    begin = time.monotonic()
    count = 5000
    clients.nc(gateway.port["tcp+lines"], numbered(range(count)))
    gateway.reaches("output_failures_total", count)
    seconds = time.monotonic() - begin
    # One more second has begun than are over.
    assert len(gateway.log("the output failed")) <= 10 * (seconds + 2)
    # The next that is written says how many were left out.
    while not gateway.log("left out"):
        clients.nc(gateway.port["tcp+lines"], b"m\n")
    assert sum(line["lines"] for line in gateway.log("left out")) > 0
    gateway.stop()


def test_readiness_ends_before_the_ports_close(start):
    gateway = start("--shutdown-delay", "1h")
    gateway.signal()
    until(lambda: gateway.ask("/readyz") == (503, "shutting down\n"), "not ready")
    # As long as balancers need to notice.
    assert clients.curl(f"http://127.0.0.1:{gateway.port['http']}/", b"m")[0] == 202
    gateway.signal()
    is_account(gateway.account(), received=1, delivered=1)


def test_an_output_that_fails_is_told_without_a_breaker(start, sink):
    gateway = start("--breaker-pause", "1s", output=sink.url)
    sink.status = 500
    clients.nc(gateway.port["tcp+lines"], b"0\n")
    until(lambda: gateway.ask("/readyz") == (503, f"the output {sink.url} fails\n"), "not ready")
    # Where nobody sends to what is not ready, time shows whether it is well again.
    until(lambda: gateway.ask("/readyz") == (200, "ready\n"), "ready again")
    gateway.stop()
