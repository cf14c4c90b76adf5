"""JSON text to values, strictly: what RFC 8259 does not allow is a `BadJson`."""

import json
from collections.abc import Callable

from conformance.exchange import Json


class BadJson(ValueError):
    """Text that is not one JSON value; the message says what and where."""


def parse(text: str | bytes) -> Json:
    try:
        said = text if isinstance(text, str) else text.decode()
        # To look for white space on both sides takes the decoder a third of its time.
        if said[:1] == "{":
            value, end = READ(said)
            if end == len(said):
                return value
        return DECODER.decode(said)
    except UnicodeDecodeError as error:
        raise BadJson(f"not UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise BadJson("nested too deeply to read") from error
    except json.JSONDecodeError as error:
        raise BadJson(f"{error.msg} at character {error.pos}") from error
    except ValueError as error:  # a constant as below, or a number of thousands of digits
        raise BadJson(str(error)) from error


def with_texts(value: Json, change: Callable[[str], str]) -> Json:
    """Return a value with each text in it changed, but for the names of members."""
    if isinstance(value, dict):
        return {name: with_texts(each, change) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [with_texts(each, change) for each in value]
    return change(value) if isinstance(value, str) else value


def _refuse(constant: str) -> Json:
    raise BadJson(f"{constant} is not JSON")


# One for all: json.loads would make another for each text.
DECODER = json.JSONDecoder(parse_constant=_refuse)
READ = DECODER.raw_decode
