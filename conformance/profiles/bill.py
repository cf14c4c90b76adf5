"""How to ask a router what a request cost: the `[bill]` table of a profile."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

from conformance.exchange import Bill, Json

#: source -> the member that says where.
SOURCES: Mapping[str, str] = {
    "header": "",  # of the answer itself
    "body": "",  # of the answer itself: its last event that has the members
    "lookup": "url",  # one more request; {id} in it is what names the request
    "spend-log": "url",  # one more request, for a list in which the request is one row
    "file": "file",  # JSON lines
    "command": "command",  # a program and its arguments, which prints JSON; {id} as above
    "key-usage": "url",  # a counter of the key, which rises by what is charged
    "balance": "url",  # one that falls
}
#: Sources that are asked over HTTP, and so may want something posted.
ASKED = frozenset({"lookup", "spend-log", "key-usage", "balance"})
#: What names a request where nothing in its answer does: the word of our own in its prompt.
NONCE = "prompt:nonce"
#: Sources that tell what a key has cost so far, and which way they go.
METERS: Mapping[str, int] = {"key-usage": 1, "balance": -1}
FIELDS = tuple(
    name for name in Bill.__dataclass_fields__ if name not in {"trouble", "failed", "unnamed"}
)
#: What may have a price of its own.
CLASSES = ("input", "output", "cached", "cache_write", "reasoning")
#: What rules are about that not every router offers: its prices, a key with a limit of tokens, a
#: header that tells clients the cost of a plain answer.
OFFERS = frozenset({"prices", "token-limit", "cost-header"})
MEMBERS = {"source", "id", "url", "post", "file", "command", "match", "rows", "unsettled",
           "failed", "seconds", "settle", "key", "asking-key", "limited-key", *OFFERS,
           *FIELDS}  # fmt: skip
#: The probe of a limit uses more tokens than this in one request.
HIGHEST_LIMIT = 1_000_000


class BadBill(ValueError):
    """A table that cannot be right; the message names the member, its value and what is right."""


@dataclass(frozen=True, slots=True)
class BillSource:
    source: str
    fields: Mapping[str, str]  # what a bill says -> where: members with dots between, or a header
    where: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()  # what of the answer names the request: headers, or body:MEMBER
    match: str = "id"  # the member of a line or row that holds it
    rows: str = ""  # the member that holds the list of rows; empty where the answer is that list
    unsettled: frozenset[str] = field(default_factory=frozenset)  # words for: ask again
    failed: frozenset[str] = field(default_factory=frozenset)  # words for: it did not succeed
    seconds: float = 5.0  # until it is settled
    settle: float = 2.0  # seconds in which a counter has moved, if it will
    key: str = ""  # with which nothing else is asked than what is billed
    asking_key: str = ""  # with which the bill is asked for
    limited_key: str = ""
    offers: Mapping[str, Json] = field(default_factory=dict)
    post: Json = None  # what is posted to ask; None: we ask with GET

    @property
    def meter(self) -> bool:
        return self.source in METERS

    @property
    def secrets(self) -> tuple[str, ...]:
        return self.key, self.asking_key, self.limited_key.partition("{")[0]

    @property
    def told(self) -> dict[str, Json]:
        """What rules may know of it."""
        return {"bill": tuple(self.fields), **self.offers}


def read(told: Json) -> BillSource:
    if not isinstance(told, dict):
        raise BadBill(f"bill {told!r}: a table is needed")
    for name in told.keys() - MEMBERS:
        raise BadBill(f"bill.{name}: no such member; there are {', '.join(sorted(MEMBERS))}")
    source = str(told.get("source"))
    if source not in SOURCES:
        raise BadBill(f"bill.source {source!r}: one of {', '.join(SOURCES)} is needed")
    made = BillSource(
        source, _fields(source, told), _where(source, told), _ids(told),
        _text(told, "match") or "id", _text(told, "rows"), _words(told, "unsettled"),
        _words(told, "failed"), _seconds(told, "seconds", 5.0), _seconds(told, "settle", 2.0),
        _key(told, "key"), _key(told, "asking-key"), _key(told, "limited-key"), _offers(told),
        _post(source, told),
    )  # fmt: skip
    if made.meter and made.settle >= made.seconds:
        raise BadBill(f"bill.settle {made.settle:g}: less than bill.seconds ({made.seconds:g})")
    if source == "spend-log" and not made.ids:
        raise BadBill("bill.id is missing: what names the request is needed to find its row")
    return made


def _fields(source: str, told: Json) -> dict[str, str]:
    fields = {name: told[name] for name in FIELDS if name in told}
    for name, place in fields.items():
        if not isinstance(place, str) or not place:
            raise BadBill(f"bill.{name} {place!r}: the name of a header or member is needed")
    if not fields:
        raise BadBill(f"bill: nothing is said of where {', '.join(FIELDS)} are")
    if source in METERS and "status" in fields:
        raise BadBill(f"bill.status {fields['status']!r}: a counter has none")
    return fields


def _where(source: str, told: Json) -> tuple[str, ...]:
    name = SOURCES[source]
    said = told.get(name) if name else []
    listed = said if isinstance(said, list) else [said]
    if not all(isinstance(each, str) and each for each in listed):
        raise BadBill(f"bill.{name} {said!r}: a text is needed where the source is {source!r}")
    asked = (*listed, str(told.get("post")))
    if any("{id}" in each for each in asked) and not told.get("id"):
        raise BadBill("bill.id is missing: the header that names the request is needed for {id}")
    return tuple(str(Path(each).expanduser()) if name == "file" else each for each in listed)


def _ids(told: Json) -> tuple[str, ...]:
    said = told.get("id", [])
    listed = [said] if isinstance(said, str) else said
    if not isinstance(listed, list) or not all(isinstance(each, str) and each for each in listed):
        right = f"a header, body:MEMBER, {NONCE}, or a list of these"
        raise BadBill(f"bill.id {said!r}: {right} is needed")
    return tuple(listed)


def _post(source: str, told: Json) -> Json:
    said = told.get("post")
    if said is not None and not isinstance(said, dict):
        raise BadBill(f"bill.post {said!r}: a table is needed, which is posted as JSON")
    if said is not None and source not in ASKED:
        right = ", ".join(sorted(ASKED))
        raise BadBill(f"bill.post {said!r}: nothing is asked of {source!r}; {right} are")
    return said


def _text(told: Json, name: str) -> str:
    said = told.get(name, "")
    if not isinstance(said, str):
        raise BadBill(f"bill.{name} {said!r}: a text is needed")
    return said


def _words(told: Json, name: str) -> frozenset[str]:
    said = told.get(name, [])
    if not isinstance(said, list) or not all(isinstance(each, str) for each in said):
        raise BadBill(f"bill.{name} {said!r}: a list of texts is needed")
    return frozenset(said)


def _seconds(told: Json, name: str, usual: float) -> float:
    said = told.get(name, usual)
    if not isinstance(said, int | float) or isinstance(said, bool) or not 0 < said < math.inf:
        raise BadBill(f"bill.{name} {said!r}: a number of seconds above 0 is needed")
    return float(said)


def _key(told: Json, name: str) -> str:
    """Return a key, from the environment where it is a $NAME."""
    said = _text(told, name)
    if not said.startswith("$"):
        return said
    if not (key := os.environ.get(said[1:])):
        raise BadBill(f"bill.{name} {said!r}: there is no such variable in the environment")
    return key


def _offers(told: Json) -> dict[str, Json]:
    offers: dict[str, Json] = {"prices": _prices(told["prices"])} if "prices" in told else {}
    if ("token-limit" in told) != ("limited-key" in told):
        raise BadBill("bill.limited-key and bill.token-limit: one goes with the other")
    if "token-limit" in told:
        limit = told["token-limit"]
        if not isinstance(limit, int) or not 0 < limit <= HIGHEST_LIMIT:
            right = f"a number of tokens from 1 to {HIGHEST_LIMIT}"
            raise BadBill(f"bill.token-limit {limit!r}: {right} is needed")
        offers["token-limit"] = limit
    if header := _text(told, "cost-header"):
        offers["cost-header"] = header
    return offers


def _prices(said: Json) -> dict[str, Decimal]:
    if not isinstance(said, dict) or not {"input", "output"} <= said.keys():
        raise BadBill(f"bill.prices {said!r}: a table with input and output is needed")
    for name in said.keys() - set(CLASSES):
        raise BadBill(f"bill.prices.{name}: no such class; there are {', '.join(CLASSES)}")
    return {name: _price(name, text) for name, text in said.items()}


def _price(name: str, said: Json) -> Decimal:
    try:
        price = Decimal(said) if isinstance(said, str) else None
    except InvalidOperation:
        price = None
    if price is None or not price.is_finite() or price < 0:
        right = "what one token costs, as a text such as '0.000002',"
        raise BadBill(f"bill.prices.{name} {said!r}: {right} is needed")
    return price
