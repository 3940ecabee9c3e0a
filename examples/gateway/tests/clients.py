"""The clients, none of which we have written. Each sends the messages that it is given, one after
the other.
"""

import shutil
import signal
import socket
import subprocess
import sys

import grpc
import pytest
from websockets.sync.client import connect

from support import HERE, PATIENCE

HANG_UP = signal.SIGHUP

sys.path.append(str(HERE.parent / "proto"))
protos, services = grpc.protos_and_services("gateway.proto")


def tool(name):
    """The path of a program; without it, the test is skipped."""
    path = shutil.which(name)
    return path or pytest.skip(f"there is no {name} here")


def execute(name, *arguments, stdin=b"", check=True):
    command = [tool(name), *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=PATIENCE, check=False)
    assert not check or done.returncode == 0, (command, done)
    return done


def curl(url, body, *flags):
    """The status and the text of the answer, and the version of HTTP."""
    flags = ("-q", "-sS", "--noproxy", "*", "--max-time", PATIENCE, "-H", "Expect:", *flags)
    done = execute(
        "curl",
        *flags,
        "--data-binary",
        "@-",
        "-w",
        "\n%{http_code} %{http_version}",
        url,
        stdin=body,
    )
    text, _, last = done.stdout.decode().rpartition("\n")
    status, version = last.split()
    return int(status), text, version


def curl_headers(url, body, *flags):
    """The headers of the answer, by their names in lower case."""
    _, text, _ = curl(url, body, "-D", "-", "-o", "/dev/null", *flags)
    pairs = [line.split(":", 1) for line in text.splitlines() if ":" in line]
    return {name.lower(): value.strip() for name, value in pairs}


def nc(port, stdin):
    """What is answered until the other side closes, which it does after this one has."""
    return execute("nc", "-N", "127.0.0.1", port, stdin=stdin).stdout


def nc_udp(port, body):
    # Nothing is answered, so it ends a second after its input does.
    execute("nc", "-u", "-w", 1, "127.0.0.1", port, stdin=body)


def socat_udp(port, path, check=True):
    """Sends the whole file as one datagram."""
    return execute(
        "socat", "-u", "-b", 1 << 20, f"OPEN:{path}", f"UDP-SENDTO:127.0.0.1:{port}", check=check
    )


def frames(bodies):
    return b"".join(len(body).to_bytes(4, "big") + body for body in bodies)


def websocket(port, path="", **options):
    return connect(
        f"ws://127.0.0.1:{port}/{path}",
        proxy=None,
        open_timeout=PATIENCE,
        close_timeout=PATIENCE,
        **options,
    )


class Grpc:
    def __init__(self, port, credentials=None):
        options = [("grpc.enable_http_proxy", 0)]
        target = f"localhost:{port}"
        if credentials is None:
            self.channel = grpc.insecure_channel(target, options)
        else:
            self.channel = grpc.secure_channel(target, credentials, options)
        self.stub = services.IngestStub(self.channel)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    def send(self, body):
        return self.stub.Send(protos.Message(body=body), timeout=PATIENCE)

    def stream(self, bodies):
        return self.stub.Stream((protos.Message(body=body) for body in bodies), timeout=PATIENCE)

    def raw(self, method, request):
        """A call whose message has these bytes, whatever they mean."""
        return self.channel.unary_unary(f"/ringway.gateway.v1.Ingest/{method}")(
            request, timeout=PATIENCE
        )


def tcp(port):
    return socket.create_connection(("127.0.0.1", port), PATIENCE)


def udp(port):
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.connect(("127.0.0.1", port))
    return client


def everything(client):
    """What is read until the other side closes, in order or not."""
    read = b""
    try:
        while piece := client.recv(65536):
            read += piece
    except ConnectionResetError:
        pass
    return read


def certificate(folder):
    """The files of an authority, and of a certificate for localhost that it vouches for, and of its
    key.
    """
    authority, certificate, key = (
        folder / "authority.pem",
        folder / "certificate.pem",
        folder / "key.pem",
    )
    new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split()
    execute(
        "openssl",
        *new,
        "-subj",
        "/CN=authority",
        "-keyout",
        folder / "authority.key",
        "-out",
        authority,
    )
    by = ["-CA", authority, "-CAkey", folder / "authority.key"]
    names = [
        "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ]
    execute(
        "openssl", *new, *by, "-subj", "/CN=localhost", *names, "-keyout", key, "-out", certificate
    )
    return authority, certificate, key
