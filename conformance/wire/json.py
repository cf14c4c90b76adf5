"""JSON text to values, strictly: what RFC 8259 does not allow is a `BadJson`."""

import json

from conformance.exchange import Json


class BadJson(ValueError):
    """Text that is not one JSON value; the message says what and where."""


def parse(text: str | bytes) -> Json:
    try:
        return json.loads(text, parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise BadJson(f"not UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise BadJson("nested too deeply to read") from error
    except json.JSONDecodeError as error:
        raise BadJson(f"{error.msg} at character {error.pos}") from error


def _refuse(constant: str) -> Json:
    raise BadJson(f"{constant} is not JSON")
