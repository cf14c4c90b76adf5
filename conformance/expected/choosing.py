"""Which expected failures are in force: the file that was named, or the one that lies there."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from conformance.expected.editing import places
from conformance.expected.entry import Entry
from conformance.expected.reading import BadExpected, Known, read

FILE = "expected-failures.toml"


@dataclass(frozen=True, slots=True)
class Expectations:
    file: Path | None = None  # where they are, or will be
    entries: tuple[Entry, ...] = ()  # those about this version of the router
    owner: str | None = None  # whose new ones are, if the file is to be updated
    version: str = ""  # of the router


def expectations(
    file: str | None, profile: str, cases: Collection[str], version: str, owner: str | None
) -> Expectations:
    """Read what is expected to fail; `profile` is the profile as it was named."""
    updating = owner is not None
    if owner is not None and not owner.strip():
        raise BadExpected(f"--update-expected {owner!r}: say whose new entries are")
    path = Path(file) if file else _default(profile, updating=updating)
    if path is None or (updating and not path.exists()):
        return Expectations(path, (), owner, version)
    listed = read(path, Known(cases, datetime.now(UTC).date(), version))
    if updating:
        places(path.read_text("utf-8").split("\n"), str(path))
    in_force = tuple(entry for entry in listed if entry.applies(version))
    return Expectations(path, in_force, owner, version)


def _default(profile: str, *, updating: bool) -> Path | None:
    """Return the file beside the profile, if that is a file itself, or else the one right here."""
    beside = Path(profile).with_name(FILE) if profile.endswith(".toml") else Path(FILE)
    found = next((path for path in (beside, Path(FILE)) if path.is_file()), None)
    return found or (beside if updating else None)
