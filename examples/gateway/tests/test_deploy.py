"""The files in `deploy/`, each looked at by the program that it is for, as far as there is one."""

import json
import re
import shutil
import socket
import subprocess
import sys

import pytest
from prometheus_client.parser import text_string_to_metric_families

import clients
from support import BINARY, HERE, PATIENCE, environment, is_account, numbered

DEPLOY = HERE.parent / "deploy"


def test_the_example_configuration(start):
    command = [BINARY, "run", "--config", DEPLOY / "gateway.toml", "--check-config"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, env=environment(), check=False
    )
    assert (done.returncode, done.stdout) == (0, "the configuration is valid\n"), done
    # It also runs, with other ports and an output that is there.
    flags = ["--config", DEPLOY / "gateway.toml", "--shutdown-delay", "0s"]
    gateway = start(*flags, inputs=["tcp+lines", "udp://0?topic=telemetry"])
    clients.nc(gateway.port["tcp+lines"], numbered(range(3)))
    gateway.reaches("delivered_total", 3, topic="default")
    is_account(gateway.stop(), received=3, delivered=3)


def test_the_unit_file(tmp_path):
    text = (DEPLOY / "ringway-gateway.service").read_text()
    unit = tmp_path / "ringway-gateway.service"
    unit.write_text(text.replace("/usr/local/bin/gateway", str(BINARY)))
    clients.execute("systemd-analyze", "verify", "--man=no", unit)
    # The fewer the better: below two is what systemd calls OK.
    clients.execute("systemd-analyze", "security", "--offline=yes", "--threshold=20", unit)


def test_the_container_file():
    hadolint = shutil.which("hadolint", path=str(HERE)) or f"{sys.prefix}/bin/hadolint"
    done = subprocess.run(
        [hadolint, DEPLOY / "Containerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done


def test_the_rotation_of_files(tmp_path):
    # Only looked at: there is no service to be told.
    clients.execute(
        "logrotate", "--debug", "--state", tmp_path / "state", DEPLOY / "logrotate.conf"
    )


def test_the_alerts():
    clients.execute("promtool", "check", "rules", DEPLOY / "alerts.yml")
    clients.execute("promtool", "test", "rules", DEPLOY / "alerts_test.yml")


def names(expression):
    return set(re.findall(r"\b(?:gateway|process)_[a-z_]+", expression))


@pytest.fixture
def there(start):
    """The names of all samples that a gateway has."""
    text = start().ask("/metrics")[1]
    return {
        sample.name for family in text_string_to_metric_families(text) for sample in family.samples
    }


def test_the_dashboard(there, tmp_path):
    """Its expressions are such to Prometheus, and what they ask for is there."""
    dashboard = json.loads((DEPLOY / "dashboard.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = tmp_path / "rules.yml"
    each = [{"record": f"panel:{n}", "expr": text} for n, text in enumerate(expressions)]
    text = json.dumps({"groups": [{"name": "panels", "rules": each}]})
    rules.write_text(text.replace("$__rate_interval", "1m").replace("$job", "job"))
    clients.execute("promtool", "check", "rules", rules)
    assert set().union(*map(names, expressions)) <= there


def test_the_alerts_ask_for_what_is_there(there):
    text = (DEPLOY / "alerts.yml").read_text()
    assert names(text) and names(text) <= there


def test_what_systemd_is_told(tmp_path, start):
    """That the gateway is ready, that it runs, and that it ends."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(PATIENCE)
        gateway = start(NOTIFY_SOCKET=str(path), WATCHDOG_USEC="300000")
        told = [manager.recv(100).strip() for _ in range(4)]
        assert told == [b"READY=1"] + [b"WATCHDOG=1"] * 3
        gateway.signal()
        while manager.recv(100).strip() != b"STOPPING=1":
            pass
        gateway.account()
