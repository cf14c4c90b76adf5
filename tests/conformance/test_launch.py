import os
import signal
import subprocess
import sys

import pytest

from conformance.drive.launch import LaunchFailed, launched, python


def script(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_server_is_up_while_the_block_lasts_and_gone_after_it() -> None:
    code = (
        "import json, os, signal; print(json.dumps({'pid': os.getpid()}), flush=True)\n"
        "signal.pause()"
    )

    with launched(script(code)) as told:
        os.kill(told["pid"], 0)

    with pytest.raises(ProcessLookupError):
        os.kill(told["pid"], 0)


def test_who_is_terminated_takes_its_servers_along() -> None:
    waits = "import json, os, signal; print(json.dumps({'pid': os.getpid()}), flush=True)\n"
    code = (
        "import signal, sys; from conformance.drive.launch import launched\n"
        f"with launched([sys.executable, '-c', {waits + 'signal.pause()'!r}]) as told:\n"
        "    print(told['pid'], flush=True); signal.pause()"
    )
    with subprocess.Popen(script(code), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        server = int(process.stdout.readline())
        process.terminate()

    assert process.returncode == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


def test_a_module_is_run_with_our_own_interpreter() -> None:
    assert python("mockprovider", "serve") == [sys.executable, "-m", "mockprovider", "serve"]


FAILURES = {
    "import sys; sys.exit('port 9 is taken')": "ended with code 1; it said: port 9 is taken",
    "pass": "ended with code 0; it said nothing",
    "print('hello')": "printed b'hello\\n', not a JSON object",
    "print('[1]')": "printed b'[1]\\n', not a JSON object",
    "import signal; signal.pause()": "silent for 0.2 s; it said nothing",
}


@pytest.mark.parametrize("code", FAILURES)
def test_a_server_that_does_not_come_up_is_named_with_what_it_said(code: str) -> None:
    deadline = 0.2 if "pause" in code else 15.0

    with pytest.raises(LaunchFailed) as caught, launched(script(code), deadline):
        pass

    assert str(caught.value).startswith(sys.executable)
    assert str(caught.value).endswith(FAILURES[code])


def test_a_command_that_is_not_there_is_a_failed_launch() -> None:
    expected = pytest.raises(LaunchFailed, match="/no/such/server: No such file or directory")

    with expected, launched(["/no/such/server"]):
        pass
