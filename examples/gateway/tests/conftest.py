import resource

import pytest

import clients
from receiver import Receiver
from support import BINARY, Gateway, Sink


def pytest_configure():
    # Thousands of connections need as many file descriptors, here and in the gateway, which
    # inherits the limit.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if not BINARY.exists():
        pytest.exit(f"there is no {BINARY}: build it, or say in RINGWAY_GATEWAY where it is", 2)


@pytest.fixture
def start():
    """Starts gateways. One that a test has not stopped is stopped after it, and leaves an account
    that adds up.
    """
    started = []

    def begin(*flags, **options):
        started.append(Gateway(*flags, **options))
        return started[-1]

    yield begin
    try:
        for gateway in started:
            if gateway.process.poll() is None:
                gateway.stop()
    finally:
        for gateway in started:
            gateway.kill()


@pytest.fixture
def sink():
    sink = Sink()
    yield sink
    sink.close()


@pytest.fixture
def receive():
    """Starts receivers."""
    started = []

    def begin(*arguments, **options):
        started.append(Receiver(*arguments, **options))
        return started[-1]

    yield begin
    for receiver in started:
        receiver.close()


@pytest.fixture(scope="session")
def identity(tmp_path_factory):
    """An authority, a certificate that it vouches for, and its key."""
    return clients.certificate(tmp_path_factory.mktemp("tls"))
