"""Where a router says what one request cost: a row of members, or why there is none."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import quote, urlsplit

from conformance.drive.client import Client
from conformance.drive.connection import Broken
from conformance.drive.target import Target
from conformance.exchange import Exchange, Json
from conformance.profiles.address import BASE
from conformance.profiles.bill import NONCE, BillSource
from conformance.wire import sse
from conformance.wire.json import BadJson, parse, with_texts

OK = 200
OF_THE_BODY = "body:"
JSON = ("content-type", "application/json")

Row = Mapping[str, Json]


class NoBill(ValueError):
    """There is none, or none yet; the message says why."""


def at(row: Json, place: str) -> Json:
    """Return what is at a place: a member by its name, or members with dots between.

    Names may have dots of their own; a row of a list has its number, and a text may be JSON.
    """
    row = _json(row) if isinstance(row, str) else row
    members = {str(n): each for n, each in enumerate(row)} if isinstance(row, list) else row
    if not isinstance(members, dict):
        return None
    if place in members:
        return members[place]
    names = place.split(".")
    for end in range(1, len(names)):
        if (head := ".".join(names[:end])) in members:
            return at(members[head], ".".join(names[end:]))
    return None


def amount(value: Json, name: str) -> Decimal:
    """Return what a member says in numbers; a bill that says no number there is none."""
    try:
        told = Decimal(str(value))
    except InvalidOperation:
        told = Decimal("nan")
    if not told.is_finite():
        raise NoBill(f"{name} is {value!r}, which is no number")
    return told


def name_of(source: BillSource, exchange: Exchange) -> str:
    """Return what the router calls a request, by the first of the places that says it."""
    for place in source.ids:
        if place == NONCE:
            found = exchange.nonce
        elif place.startswith(OF_THE_BODY):
            member = place.removeprefix(OF_THE_BODY)
            found = next((at(value, member) for value in values(exchange) if at(value, member)), "")
        else:
            found = exchange.header(place) or ""
        if found:
            return str(found)
    return ""


def of_the_head(exchange: Exchange) -> Row:
    return {name.lower(): _number(value) for name, value in exchange.headers}


def _number(text: str) -> Json:
    return int(text) if text.isdecimal() else text


def of_the_body(source: BillSource, exchange: Exchange) -> Row:
    for value in reversed(values(exchange)):
        if any(at(value, place) is not None for place in source.fields.values()):
            return value
    raise NoBill(f"nothing in the body has {', '.join(source.fields.values())}")


def values(exchange: Exchange) -> list[dict[str, Json]]:
    """Return the JSON objects of an answer, in their order."""
    texts: Iterable[str] = [exchange.body.decode(errors="replace")]
    if exchange.mode == "stream":
        texts = [each.data for each in sse.decode(exchange.body) if isinstance(each, sse.Event)]
    return [object_of(text) for text in texts]


def object_of(text: str) -> dict[str, Json]:
    value = _json(text)
    return value if isinstance(value, dict) else {}


def _json(text: str) -> Json:
    try:
        return parse(text)
    except BadJson:
        return None


async def looked_up(source: BillSource, id: str, target: Target, http: Client) -> Row:
    where, text = await _got(source, id, target, http)
    if not (row := object_of(text)):
        raise NoBill(f"{where} answered {text[:60]!r}; right is a JSON object with members")
    return row


async def listed(source: BillSource, id: str, target: Target, http: Client) -> Row:
    """Return the last row with the request's name of a list that is asked for."""
    where, text = await _got(source, id, target, http)
    found = _json(text)
    found = at(found, source.rows) if source.rows else found
    if not isinstance(found, list):
        which = f"no list at {source.rows}" if source.rows else "no JSON list"
        raise NoBill(f"{where} answered {which}: {text[:60]!r}")
    for row in reversed(found):
        if isinstance(row, dict) and str(at(row, source.match)) == id:
            return row
    raise NoBill(f"{where} has {len(found)} rows, none whose {source.match} is {id!r}")


async def _got(source: BillSource, id: str, target: Target, http: Client) -> tuple[str, str]:
    """Return a URL and what is there."""
    where = source.where[0]
    for name, value in _names(id, target).items():
        where = where.replace(name, value)
    headers = (("authorization", f"Bearer {source.asking_key or target.key}"), *target.headers)
    method, sent = "GET", b""
    if source.post is not None:
        posted = with_texts(source.post, lambda text: text.replace("{id}", id))
        method, sent, headers = "POST", json.dumps(posted).encode(), (JSON, *headers)
    try:
        async with http.send(method, where, headers, sent) as (head, body):
            text = b"".join([piece async for piece in body]).decode(errors="replace")
    except Broken as error:
        raise NoBill(f"{where}: {error}") from None
    if head.status != OK:
        raise NoBill(f"{where} answered {head.status}")
    return where, text


def _names(id: str, target: Target) -> dict[str, str]:
    """Return what a URL may name."""
    parts = urlsplit(target.url)
    return {
        "{base}": target.url,
        "{root}": target.url.removesuffix({**BASE, **target.address.base}["chat"]),
        "{origin}": f"{parts.scheme}://{parts.netloc}",
        "{id}": quote(id, safe=""),
    }


class Lines:
    """A file of JSON lines that grows. What was in it before belongs to nobody we ask for."""

    def __init__(self, path: str, match: str) -> None:
        self._path, self._match = Path(path), match
        self._at = self._path.stat().st_size if self._path.is_file() else 0
        self._rest = b""  # a line whose end has not come
        self._rows: dict[str, Row] = {}

    def row(self, id: str) -> Row:
        try:
            self._read()
        except OSError as error:
            raise NoBill(f"{self._path}: {error.strerror}") from None
        if id not in self._rows:
            raise NoBill(f"{self._path} has no new line whose {self._match} is {id!r}")
        return self._rows[id]

    def _read(self) -> None:
        with self._path.open("rb") as file:
            if self._path.stat().st_size < self._at:  # begun anew
                self._at, self._rest = 0, b""
            file.seek(self._at)
            come = file.read()
        self._at += len(come)
        *lines, self._rest = (self._rest + come).split(b"\n")
        for line in (*lines, self._rest):
            row = object_of(line.decode(errors="replace"))
            self._rows[str(at(row, self._match))] = row


async def printed(command: list[str]) -> Row:
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
    except OSError as error:
        raise NoBill(f"{command[0]}: {error.strerror}") from None
    try:
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode or not (row := object_of(out.decode(errors="replace"))):
        said = (err or out).decode(errors="replace").strip()[:120]
        raise NoBill(f"{json.dumps(command)} ended with {process.returncode} and {said!r}")
    return row
