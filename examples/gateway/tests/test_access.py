"""Tokens and certificates of clients, and how gRPC's health is asked."""

import ssl

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

import clients
from support import PATIENCE, is_account, until

SERVICE = "ringway.gateway.v1.Ingest"


@pytest.fixture
def tokens(tmp_path):
    file = tmp_path / "tokens"
    file.write_text("one\n\ntwo\n")
    return file


def refused(gateway, source, n):
    gateway.reaches("refused_total", n, input=source, reason="unauthorized")


def test_requests_need_a_token(start, tokens):
    gateway = start("--token-file", tokens)
    url = f"http://127.0.0.1:{gateway.port['http']}/"
    wrong = [[], ["-H", "Authorization: Bearer three"], ["-H", "Authorization: Basic one"]]
    for n, flags in enumerate(wrong, 1):
        for version in "--http1.1", "--http2-prior-knowledge":
            assert clients.curl(url, b"m" * 200_000, version, *flags)[:2] == (
                401,
                "a token is needed\n",
            )
        refused(gateway, "http", 2 * n)
    assert clients.curl_headers(url, b"m")["www-authenticate"] == "Bearer"
    for token in "one", "two":
        assert clients.curl(url, b"m", "-H", f"Authorization: Bearer {token}")[0] == 202

    with clients.Grpc(gateway.port["grpc"]) as client:
        for call in (
            lambda **options: client.stub.Send(clients.protos.Message(body=b"m"), **options),
            lambda **options: client.stub.Stream(
                iter([clients.protos.Message(body=b"m")]), **options
            ),
        ):
            with pytest.raises(grpc.RpcError) as error:
                call()
            assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED
            assert call(metadata=[("authorization", "Bearer one")]).stored == 1

    address = f"ws://127.0.0.1:{gateway.port['ws']}/"
    options = {"proxy": None, "open_timeout": PATIENCE}
    with pytest.raises(InvalidStatus) as answer:
        connect(address, **options)
    assert answer.value.response.status_code == 401
    refused(gateway, "ws", 1)
    header = {"Authorization": "Bearer two"}
    with connect(address, additional_headers=header, **options) as client:
        client.send("m")
    gateway.received(5)
    account = gateway.stop()
    is_account(account, received=5, delivered=5, refused=10)
    assert "Bearer" not in "".join(gateway.lines)


def test_tokens_are_read_again(start, tokens):
    gateway = start("--token-file", tokens, inputs=["http"])
    url = f"http://127.0.0.1:{gateway.port['http']}/"
    new = ["-H", "Authorization: Bearer new"]
    assert clients.curl(url, b"m", *new)[0] == 401
    # One that is empty would let nobody in: all stays as it was.
    tokens.write_text("\n")
    gateway.signal(clients.HANG_UP)
    until(lambda: gateway.log("cannot reload: all stays as it was"), "a warning")
    assert clients.curl(url, b"m", "-H", "Authorization: Bearer one")[0] == 202
    tokens.write_text("new\n")
    gateway.signal(clients.HANG_UP)
    until(lambda: clients.curl(url, b"m", *new)[0] == 202, "the new one")
    assert clients.curl(url, b"m", "-H", "Authorization: Bearer one")[0] == 401
    gateway.stop()


def test_clients_need_a_certificate(start, identity, tmp_path):
    authority, certificate, key = identity
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    _, wrong, wrong_key = clients.certificate(foreign)
    schemes = ["https", "grpcs", "wss", "tls+lines", "tls+frames"]
    flags = ["--tls-cert", certificate, "--tls-key", key, "--tls-client-ca", authority]
    gateway = start(*flags, inputs=schemes)
    url = f"https://localhost:{gateway.port['https']}/"
    trust = ["-q", "-sS", "--noproxy", "*", "--cacert", authority, "-d", "m"]
    for n, files in enumerate([[], ["--cert", wrong, "--key", wrong_key]], 1):
        done = clients.execute("curl", *trust, *files, url, check=False)
        assert done.returncode != 0
        refused(gateway, "http", n)
    files = ["--cert", certificate, "--key", key]
    assert clients.curl(url, b"m", "--cacert", authority, *files)[0] == 202

    context = ssl.create_default_context(cafile=authority)
    for n, scheme in enumerate(["tls+lines", "tls+frames", "wss", "grpcs"], 1):
        source = {"wss": "ws", "grpcs": "grpc-unary"}.get(scheme, scheme.replace("tls", "tcp"))
        with clients.tcp(gateway.port[scheme]) as plain:
            try:
                with context.wrap_socket(plain, server_hostname="localhost") as client:
                    client.sendall(b"m\n")
                    client.recv(1)
            except OSError:
                pass
        refused(gateway, source, 1)
    context.load_cert_chain(certificate, key)
    with clients.tcp(gateway.port["tls+lines"]) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as client:
            client.sendall(b"m\n")
            gateway.received(2)
    credentials = grpc.ssl_channel_credentials(
        authority.read_bytes(), key.read_bytes(), certificate.read_bytes()
    )
    with clients.Grpc(gateway.port["grpcs"], credentials) as client:
        assert client.send(b"m").stored == 1
    is_account(gateway.stop(), received=3, delivered=3, refused=6)


def test_health_by_grpc(start, tokens):
    """Without a token: whoever asks is the balancer, and sends nothing."""
    flags = ["--token-file", tokens, "--shutdown-delay", "1h", "--drain", "1h"]
    gateway = start(*flags, inputs=["grpc", "http"])
    with clients.Grpc(gateway.port["grpc"]) as client:
        stub = health_pb2_grpc.HealthStub(client.channel)
        for service in "", SERVICE:
            request = health_pb2.HealthCheckRequest(service=service)
            answer = stub.Check(request, timeout=PATIENCE)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError) as error:
            stub.Check(health_pb2.HealthCheckRequest(service="none"), timeout=PATIENCE)
        assert error.value.code() == grpc.StatusCode.NOT_FOUND
        watched = stub.Watch(health_pb2.HealthCheckRequest(service=SERVICE), timeout=PATIENCE)
        assert next(watched).status == health_pb2.HealthCheckResponse.SERVING
        gateway.signal()
        # As `/readyz`: before the port closes.
        assert next(watched).status == health_pb2.HealthCheckResponse.NOT_SERVING
        watched.cancel()
    gateway.signal()
    is_account(gateway.account())
