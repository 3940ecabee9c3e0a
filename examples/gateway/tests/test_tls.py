"""The same inputs inside TLS."""

import ssl

import grpc
import pytest
from websockets.sync.client import connect

import clients
from support import PATIENCE, bodies, is_account

SCHEMES = ("https", "grpcs", "wss", "tls+lines", "tls+frames")


@pytest.fixture
def secure(start, identity, tmp_path):
    authority, certificate, key = identity
    flags = ["--tls-cert", str(certificate), "--tls-key", str(key)]
    return start(*flags, inputs=SCHEMES, output=f"file:{tmp_path}/out"), authority


def test_all_of_them(secure, tmp_path):
    gateway, certificate = secure
    url = f"https://localhost:{gateway.port['https']}/"
    body = b"m" * 79_435
    assert clients.curl(url, body, "--cacert", certificate, "--http1.1") == (202, "", "1.1")
    assert clients.curl(url, body, "--cacert", certificate) == (202, "", "2")
    credentials = grpc.ssl_channel_credentials(certificate.read_bytes())
    with clients.Grpc(gateway.port["grpcs"], credentials) as client:
        assert client.send(body).stored == 1
    context = ssl.create_default_context(cafile=certificate)
    address = f"wss://localhost:{gateway.port['wss']}/"
    with connect(address, ssl=context, proxy=None, open_timeout=PATIENCE) as client:
        client.send(body)
    for scheme, stream in ("tls+lines", body + b"\n"), ("tls+frames", clients.frames([body])):
        to = f"OPENSSL:localhost:{gateway.port[scheme]},cafile={certificate}"
        clients.execute("socat", "-u", "-", to, stdin=stream)
    gateway.received(6)
    is_account(gateway.stop(), received=6, delivered=6)
    assert bodies(tmp_path / "out") == [body] * 6


def test_hundreds_of_requests_at_once_in_one_connection(secure):
    gateway, certificate = secure
    url = f"https://localhost:{gateway.port['https']}"
    flags = [
        "-q",
        "-sS",
        "--noproxy",
        "*",
        "--cacert",
        certificate,
        "--parallel",
        "--parallel-max",
        50,
        "-d",
        "same",
    ]
    done = clients.execute("curl", *flags, "-w", "%{http_code} %{http_version}\n", f"{url}/[1-500]")
    assert done.stdout.splitlines() == [b"202 2"] * 500
    is_account(gateway.stop(), received=500, delivered=500)


def test_who_does_not_speak_it(secure):
    gateway, certificate = secure
    for n, scheme in enumerate(SCHEMES, 1):
        with clients.tcp(gateway.port[scheme]) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nm\n")
            clients.everything(client)
        gateway.reaches("refused_total", n, reason="malformed")
    # Who does not know the certificate has not sent anything either.
    url = f"https://localhost:{gateway.port['https']}/"
    assert (
        clients.execute(
            "curl", "-q", "-sS", "--noproxy", "*", "-d", "m", url, check=False
        ).returncode
        == 60
    )
    assert clients.curl(url, b"good", "--cacert", certificate)[0] == 202
    account = gateway.stop()
    assert (account["received"], account["delivered"]) == (1, 1)
