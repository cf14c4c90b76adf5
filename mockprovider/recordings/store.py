"""Recordings in, directories out; all of what is written together, or none of it."""

import errno
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mockprovider.recordings.recording import META, NAME, WIRE, BadRecording, Recording, built
from mockprovider.recordings.toml import document
from mockprovider.shapes import Json

LEFT_OUT = ("", None)


class Taken(BadRecording):
    """A name under which there is a recording already."""


def meta(recording: Recording) -> str:
    """Return the text that stands beside the bytes."""
    asked = recording.request
    request = {
        "method": asked.method,
        "path": asked.path,
        "headers": list(map(list, asked.headers)) or None,
        "body": asked.body,
    }
    told = {
        "surface": recording.surface,
        "mode": recording.mode,
        "source": recording.source,
        "provider": recording.provider,
        "model": recording.model,
        "recorded_at": recording.recorded_at,
        "tool": recording.tool,
        "note": recording.note,
        "status": recording.status,
        "framing": recording.framing,
        "headers": list(map(list, recording.headers)),
        "timing": recording.timing,
        "head_at_us": recording.head_at_us,
        "reads": list(map(list, recording.reads)),
        "end": recording.end,
        "end_at_us": recording.end_at_us,
    }
    return document({**_given(told), "request": _given(request)})


def save(recordings: Sequence[tuple[str, Recording]], out: Path) -> list[Path]:
    """Write recordings under their names; a name that is taken is an error."""
    for name, recording in recordings:
        _check(out / name, recording)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".") as hidden:
        for name, recording in recordings:
            folder = Path(hidden) / name
            folder.mkdir()
            (folder / WIRE).write_bytes(recording.wire)
            (folder / META).write_text(meta(recording), encoding="utf-8", newline="\n")
        for name, _ in recordings:
            _move(Path(hidden) / name, out / name)
    return [out / name for name, _ in recordings]


def next_name(out: Path, surface: str) -> str:
    """Return the first name after those of a surface that are taken."""
    taken = (re.fullmatch(rf"{surface}-(\d+)", path.name) for path in out.glob(f"{surface}-*"))
    last = max((int(found[1]) for found in taken if found), default=0)
    return f"{surface}-{last + 1:03d}"


def as_name(text: str) -> str:
    """Make a text fit to be a recording's name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._") or "recording"


def _check(path: Path, recording: Recording) -> None:
    if not NAME.fullmatch(path.name):
        raise BadRecording(f"{path}: a recording's name has only letters, digits, '.', _ and -")
    if path.exists():
        raise Taken(f"{path} is there already; move it away, or choose another --out")
    try:
        built(meta(recording), recording.wire)
    except BadRecording as error:
        raise BadRecording(f"{path}: {error}") from None


def _move(folder: Path, path: Path) -> None:
    try:
        folder.rename(path)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise Taken(f"{path} is there already") from None
        raise


def _given(members: dict[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in members.items() if value not in LEFT_OUT}
