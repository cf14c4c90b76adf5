"""Where a router says what a request cost: read from a profile, asked, and read again."""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from conformance.drive.bill import Billed, Books
from conformance.drive.client import Client
from conformance.drive.target import Target
from conformance.exchange import Bill, Exchange, Json
from conformance.profiles import bill
from conformance.profiles.bill import BadBill, BillSource
from conformance.profiles.profile import BadProfile, read

HEADERS = (("x-request-id", "r1"), ("x-cost", "0.0021"), ("x-output", "5"))
STREAM = b'data: {"usage":{"out":1}}\n\ndata: {"usage":{"out":5,"cost":0.5}}\n\ndata: [DONE]\n\n'
ROW: Json = {"id": "r1", "tokens": {"out": 5}, "cost": 0.25, "state": "done"}
FIELDS: Json = {"output": "tokens.out", "cost": "cost", "status": "state"}
NOWHERE = "http://127.0.0.1:1/v1"
EXCHANGE = Exchange("chat", "stream", status=200, headers=HEADERS, body=STREAM)
DONE = Bill(output=5, cost=Decimal("0.25"), status="done", failed=False)


def asked(told: Json, url: str = NOWHERE, **members: Json) -> Bill:
    given = {"status": 200, "headers": HEADERS, "body": STREAM, **members}
    exchange = Exchange("chat", "stream", **given)

    async def use(billed: Billed) -> Bill:
        return await billed(exchange)

    return asyncio.run(opened(told, use, url))


async def opened(
    told: Json, use: Callable[[Billed], Coroutine[Any, Any, Bill]], url: str = NOWHERE
) -> Bill:
    books = Books(bill.read(told))
    async with Client() as http, books.opened(Target(url), http) as billed:
        return await use(billed)


def test_a_bill_may_be_in_the_headers() -> None:
    told = asked({"source": "header", "cost": "x-cost", "output": "x-output"})

    assert told == Bill(output=5, cost=Decimal("0.0021"))


def test_a_bill_may_be_in_the_last_event_that_has_one() -> None:
    told = asked({"source": "body", "output": "usage.out", "cost": "usage.cost"})

    assert told == Bill(output=5, cost=Decimal("0.5"))


def lines(*rows: Json) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def test_a_bill_may_be_a_line_that_a_file_grows_by(tmp_path: Path) -> None:
    path = tmp_path / "spend.jsonl"
    path.write_text(lines({**ROW, "cost": 7}))
    source: Json = {"source": "file", "file": str(path), "id": "x-request-id", "failed": ["lost"]}
    begun, rest = lines({"id": "r0"}, ROW, {"id": "r2"})[:60], lines({"id": "r0"}, ROW)[60:]

    async def use(billed: Billed) -> Bill:
        asking = asyncio.ensure_future(billed(EXCHANGE))
        with path.open("a") as file:
            file.write(begun)
        await asyncio.sleep(0)
        with path.open("a") as file:
            file.write(rest)
        return await asking

    assert asyncio.run(opened({**source, **FIELDS}, use)) == DONE


def test_a_file_may_be_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "spend.jsonl"
    path.write_text(lines({"id": "r0", "note": "a long line " * 40}))
    source: Json = {"source": "file", "file": str(path), "id": "x-request-id", "failed": ["lost"]}

    async def use(billed: Billed) -> Bill:
        path.write_text(lines(ROW))
        return await billed(EXCHANGE)

    assert asyncio.run(opened({**source, **FIELDS}, use)) == DONE


def test_a_bill_may_be_what_a_command_prints() -> None:
    script = f"import sys; print({json.dumps(json.dumps(ROW))} if sys.argv[1] == 'r1' else '')"
    command = [sys.executable, "-c", script, "{id}"]
    source: Json = {"source": "command", "command": command, "id": "x-request-id"}

    told = asked({**source, **FIELDS, "failed": ["lost"]})

    assert told == DONE


Serve = Callable[[list[tuple[int, Json]]], str]


@pytest.fixture
def books() -> Iterator[Serve]:
    """Yield what serves these answers one after the other, the last one for ever."""
    with ExitStack() as stack:

        def serve(answers: list[tuple[int, Json]]) -> str:
            class Answering(BaseHTTPRequestHandler):
                def do_POST(self) -> None:
                    size = int(self.headers["content-length"])
                    answers[0] = (200, {"posted": json.loads(self.rfile.read(size))})
                    self.do_GET()

                def do_GET(self) -> None:
                    status, row = answers.pop(0) if len(answers) > 1 else answers[0]
                    body = json.dumps(row).encode()
                    self.send_response(status)
                    self.send_header("content-length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

                def log_message(self, *told: object) -> None:
                    """Say nothing."""

            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Answering))
            Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield serve


LOOKUP: Json = {
    "source": "lookup", "url": "{base}/usage/{id}", "id": "x-request-id", **FIELDS,
    "unsettled": ["open"], "failed": ["lost"], "seconds": 1,
}  # fmt: skip


def test_a_bill_is_looked_up_until_it_is_settled(books: Serve) -> None:
    url = books([(404, {}), (200, {**ROW, "state": "open"}), (200, ROW)])

    assert asked(LOOKUP, f"{url}/v1") == DONE


@pytest.mark.parametrize(("attempts", "status"), [(1, "lost"), (2, "done")])
def test_a_failure_may_be_that_of_a_first_attempt(books: Serve, attempts: int, status: str) -> None:
    url = books([(200, {**ROW, "state": "lost"}), (200, ROW)])

    assert asked(LOOKUP, f"{url}/v1", journal=({},) * attempts).status == status


def test_a_request_whose_every_attempt_failed_is_billed_as_that(books: Serve) -> None:
    url = books([(200, {**ROW, "state": "lost"})])

    told = asked({**LOOKUP, "settle": 0.1}, f"{url}/v1", journal=({}, {}))

    assert (told.status, told.failed, told.trouble) == ("lost", True, "")


def test_a_bill_may_be_asked_for_with_what_is_posted(books: Serve) -> None:
    source: Json = {
        "source": "lookup", "url": "{origin}/search", "id": "prompt:nonce",
        "post": {"filter": ["#{id}]"], "usage": {"a.b": '[{"n": 5}]'}},
        "output": "posted.usage.a.b.0.n", "status": "posted.filter.0",
    }  # fmt: skip

    told = asked(source, f"{books([(404, {})])}/gateway/v1", nonce="herb/1")

    assert told == Bill(output=5, status="#herb/1]")


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        ((404, {}), "{url}/v1/usage/r1 answered 404"),
        ((200, []), "{url}/v1/usage/r1 answered '[]'; right is a JSON object with members"),
        ((200, {**ROW, "state": "open"}), "still 'open' after 0.1 s"),
        ((200, {**ROW, "cost": "dear"}), "the cost is 'dear', which is no number"),
    ],
)
def test_what_is_no_bill_is_said(books: Serve, answer: tuple[int, Json], trouble: str) -> None:
    url = books([answer])

    told = asked({**LOOKUP, "seconds": 0.1}, f"{url}/v1")

    assert told == Bill(trouble=trouble.format(url=url))


@pytest.mark.parametrize(
    ("told", "members", "trouble"),
    [
        (LOOKUP, {"headers": ()}, "the answer has no x-request-id to ask by"),
        ({"source": "body", "cost": "cost"}, {}, "nothing in the body has cost"),
        (
            {"source": "command", "command": ["/none/such"], "cost": "cost"},
            {},
            "/none/such: No such file or directory",
        ),
        (
            {"source": "command", "command": [sys.executable, "-c", "raise SystemExit('broke')"],
             "cost": "cost"},
            {},
            f'["{sys.executable}", "-c", "raise SystemExit(\'broke\')"] ended with 1 and \'broke\'',
        ),
    ],
)  # fmt: skip
def test_where_there_is_no_bill_it_is_said_why(told: Json, members: Json, trouble: str) -> None:
    assert asked({**told, "seconds": 0.5}, **members).trouble == trouble


def test_a_file_without_the_line_is_said(tmp_path: Path) -> None:
    path = tmp_path / "spend.jsonl"
    source: Json = {"source": "file", "file": str(path), "id": "x-request-id", "seconds": 0.1}

    async def use(billed: Billed) -> Bill:
        path.write_text("{}\nnot JSON\n")
        return await billed(EXCHANGE)

    absent = asked({**source, "cost": "cost"})
    told = asyncio.run(opened({**source, "cost": "cost"}, use))

    assert told.trouble == f"{path} has no new line whose id is 'r1'"
    assert absent.trouble == f"{path}: No such file or directory"


LOG: Json = {
    "source": "spend-log", "url": "{root}/spend/logs?request_id={id}", "id": "x-request-id",
    **FIELDS, "unsettled": ["open"], "failed": ["lost"], "seconds": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("members", "answer"),
    [
        ({}, [{"id": "r0"}, {**ROW, "cost": 7}, ROW]),
        ({"rows": "data.rows"}, {"data": {"rows": [ROW, {"id": "r2"}]}}),
        ({"match": "request_id"}, [{**ROW, "id": "row-9", "request_id": "r1"}]),
    ],
)
def test_a_bill_may_be_a_row_of_a_spend_log(books: Serve, members: Json, answer: Json) -> None:
    url = books([(404, {}), (200, []), (200, answer)])

    assert asked({**LOG, **members}, f"{url}/v1") == DONE


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        ([], "has 0 rows, none whose id is 'r1'"),
        ([ROW | {"id": "r0"}, 5], "has 2 rows, none whose id is 'r1'"),
        ({"rows": []}, "answered no JSON list: '{\"rows\": []}'"),
    ],
)
def test_a_spend_log_without_the_row_is_said(books: Serve, answer: Json, trouble: str) -> None:
    url = books([(200, answer)])

    told = asked({**LOG, "seconds": 0.1}, f"{url}/v1")

    assert told == Bill(trouble=f"{url}/spend/logs?request_id=r1 {trouble}")


def test_a_request_is_named_by_the_first_place_that_names_it(books: Serve) -> None:
    url = books([(200, [{**ROW, "id": "gen 7"}])])
    source: Json = {**LOG, "id": ["x-none", "body:response.id"], "seconds": 0.1}
    body = b'data: {"x":1}\n\ndata: {"response":{"id":"gen 7"}}\n\n'

    assert asked(source, f"{url}/v1", body=body) == DONE
    number = b'data: {"response":{"id":7}}\n\n'
    assert asked(source, f"{books([(200, [{**ROW, 'id': 7}])])}/v1", body=number) == DONE
    unnamed = asked(source, f"{url}/v1")
    assert unnamed.trouble == "the answer has no x-none or body:response.id to ask by"


WRONG: list[tuple[Json, str]] = [
    (1, "bill 1: a table is needed"),
    ({"source": "oracle"}, "bill.source 'oracle': one of header, body, lookup, spend-log, file,"),
    ({"source": "body"}, "bill: nothing is said of where input, output, cached, cache_write,"),
    ({"source": "body", "costs": "x"}, "bill.costs: no such member; there are asking-key, cache"),
    ({"source": "body", "cost": 3}, "bill.cost 3: the name of a header or member is needed"),
    ({"source": "lookup", "cost": "x"}, "bill.url None: a text is needed where the source is"),
    ({"source": "lookup", "cost": "x", "url": "{id}"}, "bill.id is missing: the header that names"),
    (
        {"source": "lookup", "cost": "x", "url": "u", "post": {"a": ["{id}"]}},
        "bill.id is missing: the header that names the request is needed for {id}",
    ),
    (
        {"source": "lookup", "cost": "x", "url": "u", "post": "all"},
        "bill.post 'all': a table is needed, which is posted as JSON",
    ),
    (
        {"source": "header", "cost": "x", "post": {}},
        "bill.post {}: nothing is asked of 'header'; balance, key-usage, lookup, spend-log",
    ),
    (
        {"source": "body", "cost": "x", "id": 3},
        "bill.id 3: a header, body:MEMBER, prompt:nonce, or a list of",
    ),
    ({"source": "body", "cost": "x", "match": 3}, "bill.match 3: a text is needed"),
    (
        {"source": "spend-log", "cost": "x", "url": "u"},
        "bill.id is missing: what names the request",
    ),
    (
        {"source": "balance", "cost": "x", "url": "u", "status": "s"},
        "bill.status 's': a counter has none",
    ),
    (
        {"source": "balance", "cost": "x", "url": "u", "settle": 9},
        "bill.settle 9: less than bill.seconds (5)",
    ),
    (
        {"source": "body", "cost": "x", "key": "$NONE_SUCH"},
        "bill.key '$NONE_SUCH': there is no such variable in the environment",
    ),
    (
        {"source": "body", "cost": "x", "token-limit": 9},
        "bill.limited-key and bill.token-limit: one goes with the other",
    ),
    (
        {"source": "body", "cost": "x", "token-limit": 0, "limited-key": "k"},
        "bill.token-limit 0: a number of tokens from 1 to 1000000 is needed",
    ),
    (
        {"source": "body", "cost": "x", "prices": {"input": "1"}},
        "bill.prices {'input': '1'}: a table with input and output is needed",
    ),
    (
        {"source": "body", "cost": "x", "prices": {"input": "1", "output": "2", "air": "3"}},
        "bill.prices.air: no such class; there are input, output, cached, cache_write, reasoning",
    ),
    (
        {"source": "body", "cost": "x", "prices": {"input": "1", "output": 0.2}},
        "bill.prices.output 0.2: what one token costs, as a text such as '0.000002', is needed",
    ),
    (
        {"source": "body", "cost": "x", "prices": {"input": "dear", "output": "2"}},
        "bill.prices.input 'dear': what one token costs",
    ),
    (
        {"source": "body", "cost": "x", "failed": "no"},
        "bill.failed 'no': a list of texts is",
    ),
    ({"source": "body", "cost": "x", "seconds": 0}, "bill.seconds 0: a number of seconds above 0"),
]


@pytest.mark.parametrize(("told", "complaint"), WRONG)
def test_a_table_that_cannot_be_right_is_refused(told: Json, complaint: str) -> None:
    with pytest.raises(BadBill) as error:
        bill.read(told)

    assert str(error.value).startswith(complaint)


def test_a_key_may_be_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILL_KEY", "sk-mine")

    assert bill.read({"source": "body", "cost": "x", "key": "$BILL_KEY"}).key == "sk-mine"


def test_prices_are_exact() -> None:
    prices = {"input": "0.0000001", "output": "0.0000003"}

    assert bill.read({"source": "body", "cost": "x", "prices": prices}).offers == {
        "prices": {"input": Decimal("1e-7"), "output": Decimal("3e-7")}
    }


def test_a_profile_says_where_its_table_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('title = "Mine"\nsource = "me"\n[bill]\nsource = "oracle"\n')

    with pytest.raises(BadProfile) as error:
        read(path)

    assert str(error.value).startswith(f"{path}: bill.source 'oracle': one of header")


def test_a_profile_has_its_table(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('title = "Mine"\nsource = "me"\n[bill]\nsource = "header"\ncost = "x-cost"\n')

    assert read(path).bill == BillSource("header", {"cost": "x-cost"})
    assert "bill" in read(path).declared
