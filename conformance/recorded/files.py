"""Files in, their bytes and JSON values out; what cannot be used is a `BadFile`."""

import sys
from pathlib import Path

from conformance.exchange import Json, Request
from conformance.wire.json import BadJson, parse

LARGEST = 64 << 20  # bytes of a file: some ten thousand times a usual answer
STDIN = "-"


class BadFile(ValueError):
    """A file, or an entry of one, that cannot be judged; the message names it and says why."""


def content(name: str) -> bytes:
    """Read a file, or stdin for `-`; never more than the limit."""
    try:
        if name == STDIN:
            data = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(LARGEST + 1)
    except OSError as error:
        raise BadFile(f"{name}: {error.strerror}") from error
    if len(data) > LARGEST:
        raise BadFile(f"{name}: larger than {LARGEST >> 20} MiB; a recorded answer is not")
    if not data:
        raise BadFile(f"{name}: empty; the body of a streamed answer is needed")
    return data


def value(name: str, data: bytes, needed: str) -> Json:
    try:
        return parse(data)
    except BadJson as error:
        raise BadFile(f"{name}: {error}; {needed}") from error


def request(name: str) -> Request:
    """Read what was asked: the JSON body of the request."""
    asked = value(name, content(name), "the JSON body of the request is needed")
    if not isinstance(asked, dict):
        raise BadFile(f"{name}: not a JSON object; the body of the request is needed")
    return Request("POST", "", (), asked)
