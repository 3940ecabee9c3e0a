"""The first thing that people try: the commands of the README, as they stand there."""

import re
import subprocess

from support import BINARY, HERE, PATIENCE, environment
from test_unread import free_port


def test_the_first_example(tmp_path):
    text = (HERE.parent / "README.md").read_text()
    block = re.search(r"```console\n(.*?)```", text, re.DOTALL).group(1)
    for port in "8080", "7001", "9090":
        block = block.replace(port, str(free_port()))
    block = block.replace("\\\n", "")
    run, curl, seq, count, expected, _ = block.splitlines()
    run = run.removeprefix("$ ").replace(
        "cargo run --release -p ringway-gateway --", f"exec {BINARY}"
    )
    operations = free_port()
    process = subprocess.Popen(
        f"{run} --operations {operations}",
        shell=True,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        for line in process.stderr:
            if " ready " in line:
                break
        for command in curl, seq:
            subprocess.run(command.removeprefix("$ "), shell=True, check=True, timeout=PATIENCE)
        process.terminate()
        last = process.communicate(timeout=PATIENCE)[1].splitlines()[-1]
        assert last == re.search(r"^account: .*", text, re.MULTILINE).group()
        done = subprocess.run(
            count.removeprefix("$ "),
            shell=True,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == expected
    finally:
        process.kill()
        process.wait()
