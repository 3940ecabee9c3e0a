import resource

import pytest

from support import BINARY, Gateway, Sink


def pytest_configure():
    # Thousands of connections need as many file descriptors, here and in the gateway, which inherits the limit.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if not BINARY.exists():
        pytest.exit(f"there is no {BINARY}: build it, or say in RINGWAY_GATEWAY where it is", 2)


@pytest.fixture
def start():
    """Starts gateways. One that a test has not stopped is stopped after it, and leaves an account that adds up."""
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
