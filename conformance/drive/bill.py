"""Asks a router what a request cost, until that is settled."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from conformance.drive.client import Broken, Client
from conformance.drive.target import Target
from conformance.exchange import Bill, Exchange, Json
from conformance.profiles.bill import BillSource
from conformance.wire import sse
from conformance.wire.json import BadJson, parse

FIRST_WAIT, LONGEST_WAIT = 0.02, 1.0  # seconds between two questions
OK = 200


class NoBill(ValueError):
    """There is none, or none yet; the message says why."""


async def billed(source: BillSource, exchange: Exchange, target: Target, http: Client) -> Bill:
    """Return the bill of an exchange; where there is none, why."""
    if source.id and not exchange.header(source.id):
        return Bill(trouble=f"the answer has no header {source.id} to ask by", unnamed=True)
    clock = asyncio.get_running_loop().time
    deadline, wait = clock() + source.seconds, FIRST_WAIT
    while True:
        try:
            async with asyncio.timeout(source.seconds):
                row = await _row(source, exchange, target, http)
            bill = read(source, row)
            if bill.status not in source.unsettled:
                return bill
            trouble = f"still {bill.status!r} after {source.seconds:g} s"
        except TimeoutError:
            trouble = f"nothing was said of it within {source.seconds:g} s"
        except NoBill as why:
            trouble = str(why)
        if clock() + wait > deadline or source.source in ("header", "body"):
            return Bill(trouble=trouble)
        await asyncio.sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT)


def read(source: BillSource, row: Mapping[str, Json]) -> Bill:
    """Return what a row says, wherever it says it."""
    found = {name: _at(row, place) for name, place in source.fields.items()}
    tokens: dict[str, Any] = {name: value for name, value in found.items() if _is_count(value)}
    said = found.get("status")
    status = "" if said is None else str(said)
    failed = status in source.failed if source.failed and status else None
    cost = _money(found.get("cost"))
    return Bill(**{**tokens, "cost": cost, "status": status, "failed": failed})


def _at(row: Json, place: str) -> Json:
    if isinstance(row, dict) and place in row:
        return row[place]
    for name in place.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return row


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _money(value: Json) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        raise NoBill(f"the cost is {value!r}, which is no number") from None


async def _row(
    source: BillSource, exchange: Exchange, target: Target, http: Client
) -> Mapping[str, Json]:
    name = exchange.header(source.id) or "" if source.id else ""
    match source.source:
        case "header":
            return {name.lower(): _number(value) for name, value in exchange.headers}
        case "body":
            return _of_the_body(source, exchange)
        case "lookup":
            return await _looked_up(source.where[0], name, target, http)
        case "file":
            return _of_the_file(source, name)
    return await _printed([part.replace("{id}", name) for part in source.where])


def _number(text: str) -> Json:
    return int(text) if text.isdecimal() else text


def _of_the_body(source: BillSource, exchange: Exchange) -> Mapping[str, Json]:
    texts: Iterable[str] = [exchange.body.decode(errors="replace")]
    if exchange.mode == "stream":
        texts = [each.data for each in sse.decode(exchange.body) if isinstance(each, sse.Event)]
    for text in reversed(list(texts)):
        value = _object(text)
        if any(_at(value, place) is not None for place in source.fields.values()):
            return value
    raise NoBill(f"nothing in the body has {', '.join(source.fields.values())}")


def _object(text: str) -> dict[str, Json]:
    try:
        value = parse(text)
    except BadJson:
        value = None
    return value if isinstance(value, dict) else {}


async def _looked_up(url: str, id: str, target: Target, http: Client) -> Mapping[str, Json]:
    where = url.replace("{base}", target.url).replace("{id}", id)
    headers = (("authorization", f"Bearer {target.key}"), *target.headers)
    try:
        async with http.send("GET", where, headers, b"") as (head, body):
            text = b"".join([piece async for piece in body]).decode(errors="replace")
    except Broken as error:
        raise NoBill(f"{where}: {error}") from None
    if head.status != OK:
        raise NoBill(f"{where} answered {head.status}")
    if not (row := _object(text)):
        raise NoBill(f"{where} answered no JSON object: {text[:60]!r}")
    return row


def _of_the_file(source: BillSource, id: str) -> Mapping[str, Json]:
    path = source.where[0]
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NoBill(f"{path}: {error}") from None
    for line in reversed(lines):
        if _at(row := _object(line), source.match) == id:
            return row
    raise NoBill(f"{path} has no line whose {source.match} is {id!r}")


async def _printed(command: list[str]) -> Mapping[str, Json]:
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
    if process.returncode or not (row := _object(out.decode(errors="replace"))):
        said = (err or out).decode(errors="replace").strip()[:120]
        raise NoBill(f"{json.dumps(command)} ended with {process.returncode} and {said!r}")
    return row
