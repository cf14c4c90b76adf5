"""How many events a router may keep back is said in its profile."""

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
