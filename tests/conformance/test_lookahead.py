"""How many events a router may keep back is said in its profile, and how long it may take."""

from pathlib import Path

import pytest

from conformance.profiles.profile import BadProfile, read

HEAD = 'title = "a router"\nsource = "made up"\n'


def written(directory: Path, text: str) -> Path:
    path = directory / "router.toml"
    path.write_text(HEAD + text, "utf-8")
    return path


@pytest.mark.parametrize(("text", "events"), [("", 1), ("lookahead = 0", 0), ("lookahead = 8", 8)])
def test_rules_find_the_lookahead_beside_the_policies(
    tmp_path: Path, text: str, events: int
) -> None:
    assert read(written(tmp_path, text)).policy == {"lookahead": events}


@pytest.mark.parametrize("said", ["-1", "1.5", '"two"', "true"])
def test_a_lookahead_that_is_no_number_of_events_is_refused(tmp_path: Path, said: str) -> None:
    path = written(tmp_path, f"lookahead = {said}")

    with pytest.raises(BadProfile) as caught:
        read(path)

    value = {"true": "True", '"two"': "'two'"}.get(said, said)
    need = "a number of events, 0 or more, is needed"
    assert str(caught.value) == f"{path}: lookahead {value}: {need}"


def test_rules_find_the_limits_beside_the_policies(tmp_path: Path) -> None:
    path = written(tmp_path, "idle-limit = 60\nrequest-limit = 0.5")

    assert read(path).policy == {"lookahead": 1, "idle-limit": 60, "request-limit": 0.5}


@pytest.mark.parametrize("said", ["0", "-1", "inf", "nan", '"a minute"', "true"])
def test_a_limit_that_is_no_number_of_seconds_is_refused(tmp_path: Path, said: str) -> None:
    path = written(tmp_path, f"keepalive-limit = {said}")

    with pytest.raises(BadProfile) as caught:
        read(path)

    value = {"true": "True", '"a minute"': "'a minute'"}.get(said, said)
    need = "a number of seconds above 0 is needed"
    assert str(caught.value) == f"{path}: keepalive-limit {value}: {need}"


def test_rules_find_sizes_beside_the_policies(tmp_path: Path) -> None:
    path = written(tmp_path, "buffer-limit = 1048576\nevent-limit = 4096")

    told = {"lookahead": 1, "buffer-limit": 1 << 20, "event-limit": 4096}
    assert read(path).policy == told


@pytest.mark.parametrize("said", ["0", "1.5", '"16 MiB"', "true"])
def test_a_size_that_is_no_number_of_bytes_is_refused(tmp_path: Path, said: str) -> None:
    path = written(tmp_path, f"event-limit = {said}")

    with pytest.raises(BadProfile) as caught:
        read(path)

    value = {"true": "True", '"16 MiB"': "'16 MiB'"}.get(said, said)
    assert str(caught.value) == f"{path}: event-limit {value}: a number of bytes above 0 is needed"
