"""A head and a body in one file, as `curl -i -N` prints them, in; the answer out."""

import re

from conformance.exchange import End, Headers
from conformance.recorded.files import BadFile
from conformance.recorded.recording import Kept
from conformance.wire import http

STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (?P<status>\d{3})(?: [^\r\n]*)?\r?\n")
END = re.compile(rb"\r?\n\r?\n")


def is_head(data: bytes) -> bool:
    return data.startswith(b"HTTP/")


def answer(name: str, data: bytes) -> Kept:
    """Return the last answer: interim ones, a proxy's and redirects stand ahead of it."""
    while True:
        begins, ends = STATUS.match(data), END.search(data)
        if not begins or not ends:
            shown = data.partition(b"\n")[0].decode(errors="replace").strip()
            raise BadFile(f"{name}: {shown!r}: no HTTP head; a status line, header lines and an "
                          "empty line are needed")  # fmt: skip
        body = data[ends.end() :]
        if not is_head(body):
            headers = _headers(data[begins.end() : ends.start()])
            return _kept(name, int(begins["status"]), headers, body)
        data = body


def _kept(name: str, status: int, headers: Headers, body: bytes) -> Kept:
    told = {name.lower(): value for name, value in headers}
    length = told.get("content-length", "")
    short = length.isdecimal() and len(body) < int(length)
    # With --compressed curl has undone the coding and shows its header all the same.
    undone = http.undo(http.words(told.get("content-encoding")), body)
    return Kept(
        name, body if undone.trouble else undone.data, None, status,
        tuple(pair for pair in headers if pair[0].lower() != "content-encoding"),
        End.CUT if short else End.COMPLETE,
    )  # fmt: skip


def _headers(head: bytes) -> Headers:
    lines = (line.partition(":") for line in head.decode("latin-1").splitlines())
    return tuple((name.strip(), value.strip()) for name, _, value in lines)
