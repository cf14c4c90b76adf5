"""What was measured in, the table and the verdict on each bar out."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; `held` is None where nothing could be measured, or no bar is set."""

    what: str
    measured: str
    bar: str = ""
    held: bool | None = None


def at_least(
    what: str, value: float | None, bar: float | None, unit: str, more: str = ""
) -> Figure:
    """Hold a ratio against the least it may be, if there is such a bar."""
    measured = f"absent{more}" if value is None else f"{value:.2f} {unit}{more}"
    if bar is None:
        return Figure(what, measured)
    held = None if value is None else value >= bar
    return Figure(what, measured, f">= {bar:g} {unit}", held)


def at_most(what: str, value: float, bar: float, unit: str, more: str = "") -> Figure:
    """Hold a figure against the most it may be."""
    return Figure(what, f"{value:.3g} {unit}{more}", f"<= {bar:g} {unit}", value <= bar)


def table(figures: list[Figure], note: str) -> str:
    """Return the table as Markdown."""
    words = {True: "held", False: "**missed**", None: ""}
    rows = [f"| {f.what} | {f.measured} | {f.bar} | {words[f.held]} |" for f in figures]
    return "\n".join([note, "", "| what | measured | bar | |", "| --- | --- | --- | --- |", *rows])


def into(page: Path, text: str) -> None:
    """Put the table where the page has a place for it."""
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def document(figures: list[Figure], raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return all figures as JSON has them."""
    return {"figures": [asdict(figure) for figure in figures], **raw}


def missed(figures: list[Figure]) -> Iterator[str]:
    for figure in figures:
        if figure.held is False:
            yield f"{figure.what}: {figure.measured}; the bar is {figure.bar}"
