"""What comes before the next wait, written in one go."""

from mockprovider.entry import MAX_WRITES, Entry
from mockprovider.outlet import Outlet
from mockprovider.performance import Performance
from mockprovider.score import LONGEST


def written(
    performance: Performance, at: int, entry: Entry, outlet: Outlet
) -> tuple[int, int] | None:
    """Write the stretch that begins with a step, as far as the connection takes it.

    Return the step that comes next, and how often it has come already; or None if there is no
    stretch, or the journal could not list all of it.
    """
    stretch = performance.stretch(at) if outlet.direct else None
    if stretch is None or entry.written + LONGEST > MAX_WRITES:
        return None
    chunks = performance.filled(stretch, outlet.uncorked())
    taken = outlet.chunks(chunks, entry.times, last=stretch.last)
    entry.written += taken
    if taken == len(stretch.chunks):
        return stretch.end, 0
    return performance.outline.place(entry.written)
