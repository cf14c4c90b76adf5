"""The page, in a real browser: what a person sees of the streams, and can do about them."""

import json
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock, StartMock

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
    # As if the DNS of a stranger had been changed to point to this machine.
    "--host-resolver-rules=MAP rebound.example 127.0.0.1",
)  # fmt: skip
HOSTILE = "</script><img src=x onerror=document.title='owned'><b>bold</b>"
# What a browser says of an answer that is no success, or did not come.
EXPECTED = "Failed to load resource"
Show = Callable[["Mock"], Page]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run a browser that is installed here; CI sets a variable to have one."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        assert not os.environ.get("BROWSER_REQUIRED"), f"none of {PROGRAMS} is installed"
        pytest.skip(f"the page is tried in a browser, and none of {PROGRAMS} is installed")
    # A loaded machine is no failure.
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    """Return what opens the page of a mock; it may not complain of anything in its console."""
    context, complaints = browser.new_context(), list[str]()
    context.grant_permissions(["clipboard-read", "clipboard-write"])

    def shown(mock: "Mock") -> Page:
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{mock.told['control_url']}/_mock/")
        return page

    yield shown
    context.close()
    assert [each for each in complaints if not each.startswith(EXPECTED)] == []


@pytest.fixture(scope="module")
def own(start_mock: "StartMock") -> "Iterator[Mock]":
    with start_mock() as running:
        yield running


@contextmanager
def held(mock: "Mock", nonce: str) -> "Iterator[None]":
    """Have a stream that waits at its first hold."""
    client = mock.start("holds", nonce)
    mock.entry(nonce, "hold:first")
    yield
    client.leave("fin")


def stream(page: Page, nonce: str) -> Locator:
    return page.get_by_role("article", name=nonce, exact=True)


def test_a_stream_is_seen_while_it_is_held_and_goes_on_when_released(
    own: "Mock", show: Show
) -> None:
    page, nonce = show(own), own.nonce()
    client = own.start("holds", nonce)
    shown = stream(page, nonce)

    expect(shown).to_contain_text("waits at first")
    expect(shown).to_contain_text("scenario holds")
    for name in ("first", "second", "third"):
        shown.get_by_role("button", name=f"Release hold {name} of {nonce}").click()
        expect(shown).to_contain_text(f"hold {name}was released after")
    answer = client.read()

    expect(shown).to_contain_text("complete after")
    expect(shown.get_by_role("button")).to_have_count(0)
    end = own.entry(nonce)["end"]
    assert (answer.whole, end["kind"]) == (True, "complete")
    expect(shown).to_contain_text(
        f"{end['events']} events, all {end['acked']:,} bytes acknowledged"
    )


@pytest.mark.parametrize("how", ["FIN", "RST"])
def test_a_stream_is_aborted(own: "Mock", show: Show, how: str) -> None:
    page, nonce = show(own), own.nonce()
    client = own.start("stall", nonce)

    stream(page, nonce).get_by_role("button", name=f"Abort with {how}: {nonce}").click()
    answer = client.rest()

    expect(stream(page, nonce)).to_contain_text("aborted after")
    assert answer.end == how.lower()


def test_every_surface_and_ending_is_told_in_words(own: "Mock", show: Show) -> None:
    page = show(own)
    told = {
        "cut": "cut after", "reset": "reset after", "error-429": "429, complete",
        "text": "complete after",
    }  # fmt: skip
    for script, words in told.items():
        nonce = own.nonce()
        own.start(script, nonce).rest() if script in ("cut", "reset") else own.ask(script, nonce)
        expect(stream(page, nonce)).to_contain_text(words)

    nonce, client = own.nonce(), own.connect()
    marker = own.marker("text", nonce)
    body = {"model": "gpt-any", "input": f"say it {marker}", "stream": True}
    client.send(own.post(json.dumps(body).encode(), path="/v1/responses"))
    client.read()
    expect(stream(page, nonce)).to_contain_text("responses, stream · model gpt-any")


def test_writes_are_listed(own: "Mock", show: Show) -> None:
    page, nonce = show(own), own.nonce()
    own.ask("text", nonce)
    shown = stream(page, nonce)

    shown.get_by_text("Writes").click()
    text = shown.get_by_role("region", name=f"Writes of {nonce}").inner_text()

    rows = [
        [int(cell.replace(",", "")) for cell in line.split()[2:]] for line in text.split("\n")[1:]
    ]
    assert rows == [write[1:] for write in own.entry(nonce)["writes"]]
    expect(shown.get_by_role("img")).to_have_accessible_name(
        re.compile(f"^{len(rows)} writes over ")
    )


def test_complaints_headers_and_text_are_shown(own: "Mock", show: Show) -> None:
    page, nonce = show(own), own.nonce()
    own.ask("text", nonce, temperature=7)
    shown = stream(page, nonce)

    expect(shown).to_contain_text("body.temperature Invalid 'temperature'")
    shown.get_by_text("Headers and text").click()

    request = shown.get_by_role("region", name=f"Request of {nonce}")
    expect(request).to_contain_text("POST /v1/chat/completions HTTP/1.1")
    expect(request).to_contain_text("authorization: [redacted]")
    expect(request).to_contain_text('"temperature": 7')


def test_what_came_from_outside_is_text_and_nothing_else(own: "Mock", show: Show) -> None:
    page, client = show(own), own.connect()
    body = {"model": HOSTILE, "messages": [{"role": "user", "content": f"[[mock:x#{HOSTILE}]]"}]}
    path = "/v1/<img/src=x/onerror=document.title='owned'>"
    client.send(own.post(json.dumps(body).encode(), path=path, x_evil=HOSTILE))
    client.read()
    client = own.connect()
    scenario = "/as/<b>bold</b>/v1/chat/completions"
    client.send(own.post(json.dumps(body).encode(), path=scenario))
    client.read()

    shown = page.get_by_role("article").filter(has_text=path)
    shown.get_by_text("Headers and text").click()
    expect(shown.get_by_role("region")).to_contain_text(f"x-evil: {HOSTILE}")
    expect(shown).to_contain_text(f"model {HOSTILE}")
    expect(page.get_by_role("article").filter(has_text=scenario)).to_be_visible()

    assert page.locator("#streams img, #streams b b, #streams script").count() == 0
    assert page.title() != "owned"


def test_not_even_its_own_script_may_put_in_markup(own: "Mock", browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{own.told['control_url']}/_mock/")

    refused = page.evaluate(
        "() => { try { document.body.innerHTML = '<b>'; } catch (error) { return error.name; } }"
    )
    page.close()
    headers = own.control.get("/_mock/").headers

    assert refused == "TypeError"
    assert headers["cache-control"] == "no-store"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["content-security-policy"].startswith("default-src 'none'; base-uri 'none'; ")


def test_a_page_of_another_origin_cannot_end_a_stream(own: "Mock", browser: Browser) -> None:
    nonce, page = own.nonce(), browser.new_page()
    url = f"{own.told['control_url']}/_mock/abort/{nonce}"
    with held(own, nonce):
        page.evaluate("url => fetch(url, {method: 'POST', mode: 'no-cors', body: '{}'})", url)
        page.close()
        end = own.entry(nonce, "started")["end"]

    assert end is None


def test_a_name_that_was_rebound_to_this_machine_shows_nothing(
    own: "Mock", browser: Browser
) -> None:
    page, port = browser.new_page(), httpx.URL(own.told["control_url"]).port
    page.goto(f"http://rebound.example:{port}/_mock/")

    expect(page.get_by_text("the control plane is not known as 'rebound.example")).to_be_visible()
    status = page.evaluate("fetch('journal').then(answer => answer.status)")
    page.close()

    assert status == 403


def test_an_empty_page_says_how_to_begin_and_that_works(
    start_mock: "StartMock", show: Show
) -> None:
    with start_mock() as fresh:
        page = show(fresh)
        expect(page.get_by_role("heading", name="Nothing has come yet")).to_be_visible()
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_text("copied", exact=True)).to_be_visible()

        line = page.evaluate("navigator.clipboard.readText()")
        words = shlex.split(line.replace("\\\n", ""))
        told = [words[at + 1] for at, word in enumerate(words) if word == "-H"]
        headers = {name: value for name, _, value in (each.partition(": ") for each in told)}
        client = fresh.connect()
        client.send(fresh.post(words[-1].encode(), path=httpx.URL(words[2]).path, **headers))

        expect(stream(page, "try-1")).to_contain_text("waits at first")
        expect(page.get_by_role("heading", name="Nothing has come yet")).to_be_hidden()
        assert words[2].startswith(fresh.told["data_url"])
        assert words[:2] == ["curl", "-N"]


def test_the_token_is_asked_for_and_kept_nowhere(start_mock: "StartMock", show: Show) -> None:
    with start_mock("--token", "open-sesame") as guarded:
        page = show(guarded)
        box = page.get_by_label("Token", exact=True)
        expect(box).to_be_focused()
        box.fill("open-barley")
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_role("alert").filter(has_text="That is not its token.")).to_be_visible()
        box.fill("open-sesame")
        box.press("Enter")

        client = guarded.start("holds", "t-1")
        stream(page, "t-1").get_by_role("button", name="Release hold first of t-1").click()
        expect(stream(page, "t-1")).to_contain_text("waits at second")

        kept = page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]")
        assert kept == ["", 0, 0]
        assert "sesame" not in page.content() + page.url
        client.leave("fin")


def test_the_streams_of_several_workers_are_on_one_page(
    start_mock: "StartMock", show: Show
) -> None:
    with start_mock("--workers", "2") as team:
        page, workers, nonces = show(team), set[int](), list[str]()
        while len(workers) < 2:
            nonces.append(team.nonce())
            team.start("holds", nonces[-1])
            workers.add(team.entry(nonces[-1], "hold:first")["worker"])
        for nonce in nonces[-2:]:
            shown = stream(page, nonce)
            shown.get_by_role("button", name=f"Release hold first of {nonce}").click()
            expect(shown).to_contain_text("waits at second")
            shown.get_by_role("button", name=f"Abort with RST: {nonce}").click()
            expect(shown).to_contain_text("aborted after")
        expect(page.get_by_text(", 2 workers")).to_be_visible()
        page.close()


def test_the_keyboard_is_enough(own: "Mock", show: Show) -> None:
    page, nonce = show(own), own.nonce()
    with held(own, nonce):
        release = stream(page, nonce).get_by_role("button", name=f"Release hold first of {nonce}")
        expect(release).to_be_visible()
        page.get_by_label("Filter").focus()
        page.keyboard.type(nonce)
        expect(page.get_by_role("article")).to_have_count(1)
        while not release.evaluate("button => button === document.activeElement"):
            page.keyboard.press("Tab")
        seen = release.evaluate("button => getComputedStyle(button).outlineStyle")
        page.keyboard.press("Enter")
        expect(stream(page, nonce)).to_contain_text("waits at second")

        # What was pressed is gone; the keyboard is still at its stream.
        assert page.evaluate("document.activeElement.className") == "stream waits"
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        expect(page.locator("li.stream details[open]")).to_have_count(1)

    expect(page.get_by_role("status").filter(has_text=f"{nonce}: peer-")).to_have_count(1)
    assert seen == "solid"


def test_streams_are_sifted_by_nonce_run_scenario_and_ending(own: "Mock", show: Show) -> None:
    page, cut, text = show(own), own.nonce(), own.nonce()
    own.start("cut", cut).rest()
    own.ask("text", text)
    expect(stream(page, text)).to_be_visible()
    box, ending = page.get_by_label("Filter"), page.get_by_label("Show")

    box.fill(text.partition("-")[0])
    expect(stream(page, cut)).to_be_hidden()
    expect(stream(page, text)).to_be_visible()
    box.fill("CUT")
    expect(stream(page, text)).to_be_hidden()
    expect(stream(page, cut)).to_be_visible()
    box.fill("")
    ending.select_option("complete")
    expect(stream(page, cut)).to_be_hidden()
    expect(stream(page, text)).to_be_visible()
    box.fill("like no other")
    page.get_by_role("button", name="Show all").click()
    expect(stream(page, cut)).to_be_visible()
    expect(box).to_be_focused()


def test_while_it_is_paused_no_stream_comes(own: "Mock", show: Show) -> None:
    page, before, during = show(own), own.nonce(), own.nonce()
    with held(own, before):
        expect(stream(page, before)).to_be_visible()
        pause = page.get_by_role("button", name="Pause")
        pause.click()
        own.ask("text", during)
        expect(page.get_by_text("paused, 1 new")).to_be_visible()
        expect(pause).to_have_attribute("aria-pressed", "true")
        expect(stream(page, during)).to_have_count(0)
        stream(page, before).get_by_role("button", name=f"Release hold first of {before}").click()
        expect(stream(page, before)).to_contain_text("waits at second")

        pause.click()
        expect(page.get_by_text("paused, ")).to_be_hidden()
        expect(stream(page, during)).to_contain_text("complete after")


def test_what_was_forgotten_is_not_shown_any_more(own: "Mock", show: Show) -> None:
    page, nonce = show(own), own.nonce()
    own.ask("text", nonce)
    expect(stream(page, nonce)).to_be_visible()

    own.call("DELETE", f"/runs/{nonce.partition('-')[0]}")

    expect(stream(page, nonce)).to_have_count(0)


def test_another_mock_on_the_same_port_is_taken_up(start_mock: "StartMock", show: Show) -> None:
    with start_mock() as first:
        port = str(httpx.URL(first.told["control_url"]).port)
        page = show(first)
        first.ask("text", "old-1")
        expect(stream(page, "old-1")).to_be_visible()
    expect(page.get_by_text("connection lost, trying again")).to_be_visible()

    with start_mock("--control-port", port) as second:
        second.ask("text", "new-1")
        expect(stream(page, "new-1")).to_be_visible()
        expect(stream(page, "old-1")).to_have_count(0)
        expect(page.get_by_text("live", exact=True)).to_be_visible()
        page.close()


def test_the_newest_are_shown_and_the_rest_is_in_the_journal(
    start_mock: "StartMock", show: Show
) -> None:
    with start_mock() as busy:
        for number in range(207):
            busy.ask("error-429", f"many-{number}")
        page = show(busy)
        expect(page.get_by_text("earlier ones are in the journal")).to_be_visible()
        busy.ask("error-429", "late-1")

        expect(stream(page, "late-1")).to_be_visible()
        expect(stream(page, "many-7")).to_have_count(0)
        expect(page.get_by_role("article")).to_have_count(200)
        page.close()


def test_a_narrow_page_is_not_wider_than_it_is(own: "Mock", show: Show) -> None:
    page, nonce = show(own), own.nonce()
    page.set_viewport_size({"width": 360, "height": 740})
    own.ask("text", f"{nonce}{'x' * 50}", temperature=7)
    expect(stream(page, f"{nonce}{'x' * 50}")).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") == 360
