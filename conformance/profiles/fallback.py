"""On which failures a router asks another provider: the feature `fallback` of a profile."""

import re

from conformance.exchange import Json

#: What may go wrong with the first provider ahead of any content, beside a status it refuses with.
WORDS = {
    "5xx": "it answers with a status of 500 or more",
    "connection": "its connection cannot be had, is reset or ends early",
    "error": "its stream begins with an error",
    "empty": "its answer has nothing in it",
    "timeout": "it is silent for too long",
}
#: What `true` stands for. Who is silent may have begun to work, and be paid for it.
USUAL = ("5xx", "429", "connection", "error", "empty")
STATUS = re.compile(r"4\d\d")
RIGHT = f"true, or a list of {', '.join(WORDS)} and of statuses such as 429"


def read(said: Json) -> tuple[str, ...] | None:
    """Return the failures, None where that is not how to say it."""
    if isinstance(said, bool):
        return USUAL if said else ()
    listed = [str(each) for each in said] if isinstance(said, list) else [""]
    known = all(each in WORDS or STATUS.fullmatch(each) for each in listed)
    return tuple(listed) if known else None
