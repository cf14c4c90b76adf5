"""Runs the suite many times while every core is kept busy; a verdict that changes is a flip.

python tests/bench/flips.py [RUNS]
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.drive.launch import launched, python
from conformance.drive.upstream import upstream

BUSY = "while True: pass"


@contextmanager
def busy(cores: int) -> Iterator[None]:
    burning = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(cores)]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def verdicts(run: Path) -> dict[str, str]:
    lines = (json.loads(line) for line in run.read_text("utf-8").split("\n") if line)
    return {line["id"]: line["verdict"] for line in lines if line["kind"] == "case"}


def main(runs: int) -> int:
    cores = os.cpu_count() or 1
    seen: list[dict[str, str]] = []
    times: list[float] = []
    with upstream(0) as mock, tempfile.TemporaryDirectory() as out, busy(cores):
        serve = python("conformance.selfcheck.serve", "--upstream", f"{mock.data_url}/v1")
        with launched([*serve, "--port", "0", "--print-json"]) as router:
            for _ in range(runs):
                began = time.monotonic()
                url = f"{router['url']}/reference/v1"
                command = ["run", url, "--mock-url", mock.control_url, "--run-dir", out]
                done = subprocess.run(
                    python("conformance", *command), capture_output=True, text=True, check=False
                )
                times.append(time.monotonic() - began)
                if done.returncode not in (0, 1, 6):
                    sys.exit(done.stdout + done.stderr)
                seen.append(verdicts(Path(out) / "run.jsonl"))
    changed = {case for each in seen for case in each if each[case] != seen[0].get(case)}
    print(f"{runs} runs of {len(seen[0])} cases, {cores} cores kept busy by others")
    print(f"wall time a run: {min(times):.1f} to {max(times):.1f} s")
    print(f"verdicts that changed: {len(changed)} {sorted(changed) or ''}")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
