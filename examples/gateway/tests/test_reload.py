"""SIGHUP: nothing ends; files are opened again, and what is read from files is read again."""

import json
import ssl

import clients
from support import bodies, is_account, numbered, until


def reload(gateway):
    before = len(gateway.log(RELOADING))
    gateway.signal(clients.HANG_UP)
    until(lambda: len(gateway.log(RELOADING)) > before, "a reload")


RELOADING = "reloading: output files are opened, other files are read again"


def test_logrotate(start, tmp_path):
    """It moves the file away, and tells the gateway, which writes on into a new one."""
    path = tmp_path / "out"
    gateway = start(output=f"file:{path}")
    configuration = tmp_path / "logrotate.conf"
    configuration.write_text(
        f"{path} {{\n rotate 3\n nocreate\n missingok\n postrotate\n kill -HUP {gateway.process.pid}\n endscript\n}}\n"
    )
    for n in range(3):
        clients.nc(gateway.port["tcp+lines"], numbered(range(10 * n, 10 * n + 10)))
        gateway.delivered(10 * n + 10)
        clients.execute("logrotate", "--force", "--state", tmp_path / "state", configuration)
        # Also while nothing comes.
        until(path.exists, "a new file")
    is_account(gateway.stop(), received=30, delivered=30)
    assert [len(bodies(tmp_path / f"out.{n}")) for n in (3, 2, 1)] == [10, 10, 10]
    assert bodies(path) == []


def test_a_certificate_is_renewed(start, tmp_path):
    authority, certificate, key = clients.certificate(tmp_path)
    flags = ["--tls-cert", certificate, "--tls-key", key]
    gateway = start(*flags, inputs=["https"])
    url = f"https://localhost:{gateway.port['https']}/"
    assert clients.curl(url, b"1", "--cacert", authority)[0] == 202
    key.write_text("no key")
    reload(gateway)
    gateway.logged("cannot reload: all stays as it was")
    assert clients.curl(url, b"2", "--cacert", authority)[0] == 202
    old = authority.read_bytes()
    clients.certificate(tmp_path)
    assert authority.read_bytes() != old
    reload(gateway)
    until(lambda: ssl_accepts(gateway.port["https"], authority), "the new certificate")
    assert clients.curl(url, b"3", "--cacert", authority)[0] == 202
    account = gateway.stop()
    assert account["received"] == account["delivered"] == 3


def ssl_accepts(port, authority):
    context = ssl.create_default_context(cafile=authority)
    try:
        with clients.tcp(port) as plain, context.wrap_socket(plain, server_hostname="localhost"):
            return True
    except ssl.SSLError:
        return False


def test_a_table_is_read_again(start, tmp_path):
    path, table = tmp_path / "out", tmp_path / "table.json"
    table.write_text('{"7": {"place": "roof"}}')
    flags = ["--parse", "json", "--enrich-by", "sensor", "--enrich-from", table]
    gateway = start(*flags, output=f"file:{path}")
    for n, place in enumerate(["roof", "yard", "yard"], 1):
        clients.nc(gateway.port["tcp+lines"], b'{"sensor": 7, "c": 1.50}\n')
        gateway.delivered(n)
        table.write_text('{"7": {"place": "yard"}}' if n == 1 else "no table")
        reload(gateway)
    gateway.logged("cannot reload: all stays as it was")
    is_account(gateway.stop(), received=3, delivered=3)
    messages = [json.loads(line)["message"] for line in path.read_text().splitlines()]
    assert messages == [
        {"sensor": 7, "c": 1.5, "place": place} for place in ("roof", "yard", "yard")
    ]
