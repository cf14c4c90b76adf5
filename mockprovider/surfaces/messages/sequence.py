"""Steps in any order in, steps whose blocks do not overlap out.

This API sends one block after the other, so the fragments of two calls cannot take turns. Nothing
is sent before its step is due; what belongs to a later block waits until the open call is whole.
"""

from collections import Counter, deque
from collections.abc import Iterator

from mockprovider.steps import Arguments, Call, Spoken, Step, Steps


def sequenced(steps: Steps) -> Iterator[Step]:
    """Let each call become whole before the next block begins."""
    left = Counter(step.of for step in steps if isinstance(step, Arguments))
    waiting, open_call = deque[Spoken](), ""
    for step in steps:
        if not isinstance(step, Spoken):
            yield step
            continue
        waiting.append(step)
        while (due := _due(waiting, open_call if left[open_call] else "")) is not None:
            waiting.remove(due)
            if isinstance(due, Call):
                open_call = due.id
            if isinstance(due, Arguments):
                left[due.of] -= 1
            yield due


def _due(waiting: deque[Spoken], open_call: str) -> Spoken | None:
    """Return the first step that may be sent while a call is open, or while none is."""
    if not open_call:
        return waiting[0] if waiting else None
    more = (step for step in waiting if isinstance(step, Arguments) and step.of == open_call)
    return next(more, None)
