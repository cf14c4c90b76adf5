"""The commands about recordings: record, import, and what `check` makes of one."""

import argparse
from pathlib import Path

from mockprovider.recordings.importing import imported
from mockprovider.recordings.making import Wishes, leaks
from mockprovider.recordings.recording import META, WIRE, BadRecording, is_one, load, schema
from mockprovider.recordings.store import save
from mockprovider.recordings.transcript import LIMIT


def record(options: argparse.Namespace) -> int:
    """Pass requests on to a live provider, and keep each answer as a recording."""
    # Neither TLS nor servers are needed by any other command.
    from mockprovider import tapping, upstream  # noqa: PLC0415
    from mockprovider.serve import bound  # noqa: PLC0415

    far = upstream.parsed(options.upstream)
    options.out.mkdir(parents=True, exist_ok=True)
    with bound(options.host, options.port) as listener:
        tapping.run(tapping.Settings(
            listener, far, options.out, wishes(options), options.max_bytes, options.print_json,
        ))  # fmt: skip
    return 0


def take_in(options: argparse.Namespace) -> int:
    """Turn what other recorders saved into recordings."""
    made = imported(options.file, wishes(options))
    for path, (_, recording) in zip(save(made, options.out), made, strict=True):
        print(f"{path}: {recording.summary}, {recording.end}")
    return 0


def checked(path: Path) -> list[Path]:
    """Check the recordings at a path, and return where they are."""
    inside = sorted(each for each in path.glob("*") if is_one(each)) if path.is_dir() else []
    folder = path if path.is_dir() else path.parent
    folders = [folder] if is_one(folder) else inside
    if not folders:
        raise BadRecording(f"{path}: no recording in it; one is a directory of {WIRE} and {META}")
    for folder in folders:
        for leak in leaks(load(folder)):
            raise BadRecording(f"{folder}: {leak}")
    return folders


def is_about_recordings(path: Path) -> bool:
    """Tell whether a path is about recordings, and no scenario."""
    return path.is_dir() or path.name in (WIRE, META)


def wishes(options: argparse.Namespace) -> Wishes:
    return Wishes(getattr(options, "surface", None), options.provider, options.hide_emails)


def describe_record(command: argparse.ArgumentParser) -> None:
    """Describe the options of `record`, but for the port."""
    command.set_defaults(command=record)
    command.add_argument("--upstream", required=True, help="base URL of the provider")
    command.add_argument("--host", default="127.0.0.1", help="address to listen at")
    command.add_argument(
        "--max-bytes", type=size, default=LIMIT, metavar="N", help="keep no more of a body"
    )
    command.add_argument("--print-json", action="store_true", help="print the URL as JSON")
    _describe_both(command)


def describe_import(command: argparse.ArgumentParser) -> None:
    """Describe the options of `import`."""
    command.set_defaults(command=take_in)
    command.add_argument("file", nargs="+", type=Path, metavar="FILE")
    surfaces = schema()["properties"]["surface"]["enum"]
    command.add_argument("--surface", choices=surfaces, help="the API, where nothing tells it")
    _describe_both(command)


def _describe_both(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", required=True, type=Path, metavar="DIR", help="where they go")
    command.add_argument("--provider", help="who answers, where its host does not tell")
    command.add_argument(
        "--hide-emails", action="store_true", help="take e-mail addresses out of bodies"
    )


def size(text: str) -> int:
    """Read a number of bytes."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; it is a number of bytes")
    return int(text)
