"""Profiles: what may be said, on what grounds, and what is complained about."""

from pathlib import Path

import pytest

from conformance.drive.target import request, target
from conformance.probes.probe import Send
from conformance.profiles.address import AUTH, Address
from conformance.profiles.grounds import BASES, Ground, ungrounded
from conformance.profiles.profile import BadProfile, Profile, load, names, read
from conformance.profiles.rows import Header, RateLimit
from conformance.rules import RULES

TOP = 'title = "Mine"\nsource = "me"\n'
SOURCES = '[sources]\nguide = { title = "Its guide", read = 2026-11-20 }\n'

FAILURES = "true, or a list of 5xx, connection, error, empty, timeout and of statuses such as 429"


def told(tmp_path: Path, text: str) -> Profile:
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    return read(path)


def test_a_value_may_have_grounds(tmp_path: Path) -> None:
    text = f"""{TOP}{SOURCES}
        [policy]
        role = {{ is = "first", basis = "documented", source = "guide" }}
        id   = "own"
        """

    profile = told(tmp_path, text)

    assert profile.policy["role"] == "first"
    assert profile.grounds["policy.role"] == Ground("documented", "guide")
    assert profile.grounds["policy.id"] == Ground("", "me")
    assert "policy.id" in list(ungrounded(profile.grounds))


def test_rows_are_read_with_their_grounds(tmp_path: Path) -> None:
    text = f"""{TOP}{SOURCES}
        [[header]]
        name = "x-cost"
        on = ["plain"]
        presence = "required"
        match = '\\d+'
        basis = "documented"
        source = "guide"

        [[rate-limit]]
        limit = "x-limit"
        remaining = "x-left"
        """

    profile = told(tmp_path, text)

    assert profile.policy["header"] == (Header("x-cost", ("plain",), "required", r"\d+"),)
    assert profile.policy["rate-limit"] == (RateLimit("x-limit", "x-left"),)
    assert profile.grounds["header[0].name"] == Ground("documented", "guide")
    assert profile.lacks({"header", "rate-limit"}) == ""
    assert profile.lacks({"header", "error"}) == "error"


def test_a_profile_may_start_from_another(tmp_path: Path) -> None:
    text = """
        profile = "reference"
        title = "Mine"
        idle-limit = 7

        [policy]
        cancel-upstream = "drains"

        [features]
        guard = "hemlock"
        """

    mine, reference = told(tmp_path, text), load("reference")

    assert (mine.title, mine.source) == ("Mine", reference.source)
    assert mine.bill == reference.bill
    assert mine.policy["idle-limit"] == 7
    assert mine.policy["cancel-upstream"] == "drains"
    assert mine.policy["cancel-bill"] == reference.policy["cancel-bill"]
    assert (reference.lacks({"guard"}), mine.lacks({"guard"})) == ("guard", "")


def test_a_feature_that_is_denied_is_not_declared(tmp_path: Path) -> None:
    assert told(tmp_path, f"{TOP}[features]\ncache = false").lacks({"cache"}) == "cache"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("polcy = {}", "no member 'polcy'; did you mean 'policy'?"),
        ("model = 7", "model 7: a text is needed"),
        ('profile = "referense"',
         "profile 'referense': no profile 'referense'; did you mean 'reference'?"),
        ('profile = ["x"]', "profile ['x']: a text is needed"),
        ("[features]\ncash = true",
         ("no feature 'cash'; there are fallback, cooldown, cache, guard, pinned-model, "
         "unknown-model, prefixed-model, pinned-provider, id-pattern, extra-members")),
        ('[features]\nfallback = ["6xx"]', f"feature fallback ['6xx']: {FAILURES} is needed"),
        ("[features]\nfallback = 5", f"feature fallback 5: {FAILURES} is needed"),
        ("[features]\nid-pattern = '('", ("feature id-pattern '(': missing ), unterminated "
         "subpattern at position 0")),
        ("[features]\nextra-members = 'x'", ("feature extra-members 'x': a list of what its "
         "answers have at the top beyond the API is needed")),
        ("[features]\nguard = true", ("feature guard True: a text that its guardrail forbids in "
         "answers is needed")),
        ("[features]\nextra-members = [{}]", ("feature extra-members [{}]: a list of what its "
         "answers have at the top beyond the API is needed")),
        ("[features]\npinned-provider = 'acme'", ("feature pinned-provider 'acme': a header, NAME: "
         "VALUE, that keeps a request to the first provider is needed")),
        ("features = 7", "features 7: a table is needed"),
        ("policy = 'strict'", "policy 'strict': a table is needed"),
        ("[policy]\nrole = 'last'", "policy 'role' = 'last': one of first, every, unspecified"),
        ("[policy]\nroll = 'first'", "policy 'roll' = 'first': no such policy"),
        ("deviations = ['done.present']", "deviations ['done.present']: a table is needed"),
        ("[base]\nsoap = '/v1'",
         "base.soap: no such surface; one of chat, responses, messages, gemini"),
        ("[base]\nchat = 'v1'", "base.chat 'v1': a path such as /v1 is needed"),
        ("base = 7", "base 7: a table is needed"),
        ("[auth]\nchat = []", ("auth.chat []: a list of bearer, names of headers, or ?NAME for the "
         "query is needed")),
        ("sources = 7", "sources 7: a table is needed"),
        ("[sources]\nguide = 'x'", "sources.guide 'x': title and read, a date, are needed"),
        (f"{SOURCES}[policy]\nrole = {{ is = 'first', basis = 'said', source = 'guide' }}",
         f"policy.role: basis 'said': one of {', '.join(BASES)}"),
        (f"{SOURCES}[policy]\nrole = {{ is = 'first', basis = 'sample', source = 'page' }}",
         "policy.role: source 'page': [sources] has guide"),
        (f"{SOURCES}[policy]\nrole = {{ is = 'first', source = ['guide'] }}",
         "policy.role: source ['guide']: [sources] has guide"),
        ("header = 7", "header 7: rows are needed, each under [[header]]"),
        ("[[header]]\non = ['plain']", "header[0]: 'name' is missing"),
        ("[[header]]\nname = 7", "header[0].name 7: a text is needed"),
        ("[[header]]\nname = 'x'\nnme = 'x'", ("header[0].nme: no such member; there are name, on, "
         "presence, match, equals, unique, stable, model")),
        ("[[header]]\nname = 'x'\non = ['soap']", ("header[0].on 'soap': one of stream, plain, "
         "error, chat, responses, messages, gemini")),
        ("[[header]]\nname = 'x'\nmatch = '('", ("header[0].match '(': missing ), unterminated "
         "subpattern at position 0; a regular expression is needed")),
        ("[[header]]\nname = 'x'\nunique = 1", "header[0].unique 1: true or false is needed"),
        ("[[endpoint]]\npath = 'models'\nstatus = ['200']",
         "endpoint[0].path 'models': a path such as /models is needed"),
        ("[[error]]\nstatus = true", "error[0].status True: a number is needed"),
        ("[[error]]\nhas = [7]", "error[0].has [7]: a list of texts is needed"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(BadProfile) as error:
        told(tmp_path, TOP + text)

    assert str(error.value) == f"{tmp_path}/mine.toml: {message}"


@pytest.mark.parametrize("name", names())
def test_every_shipped_profile_says_on_what_grounds(name: str) -> None:
    profile = load(name)

    assert list(ungrounded(profile.grounds)) == []
    assert set(profile.deviations) <= RULES.keys()


@pytest.mark.parametrize(
    ("url", "base", "where"),
    [
        ("http://h", {}, {"chat": "http://h/v1", "gemini": "http://h/v1beta"}),
        ("http://h/", {}, {"messages": "http://h/v1"}),
        ("http://h/x/v1", {}, {"chat": "http://h/x/v1", "gemini": "http://h/x/v1beta"}),
        ("http://h/x", {}, {"chat": "http://h/x", "gemini": "http://h/x/v1beta"}),
        ("http://h", {"messages": "/anthropic/v1"},
         {"chat": "http://h/v1", "messages": "http://h/anthropic/v1"}),
        ("http://h/x/anthropic/v1", {"messages": "/anthropic/v1"}, {"chat": "http://h/x/v1"}),
        ("http://h/x", {"chat": "/api/v1"}, {"chat": "http://h/x/api/v1"}),
    ],
)  # fmt: skip
def test_a_url_is_the_root_or_the_base_of_a_surface(
    url: str, base: dict[str, str], where: dict[str, str]
) -> None:
    bases = Address(base).bases(url)

    assert {surface: bases[surface] for surface in where} == where


@pytest.mark.parametrize(
    ("way", "header", "query"),
    [
        ("bearer", ("authorization", "Bearer sk-mine"), ""),
        ("x-api-key", ("x-api-key", "sk-mine"), ""),
        ("?key", None, "&key=sk-mine"),
    ],
)
def test_the_key_goes_as_the_router_wants_it(
    way: str, header: tuple[str, str] | None, query: str
) -> None:
    where = target("http://h", "sk-mine", "m", address=Address({}, {"gemini": (way,)}))

    asked = request(where, "gemini", Send(), "Hi")

    assert asked.url == f"http://h/v1beta/models/m:streamGenerateContent?alt=sse{query}"
    keyed = [pair for pair in asked.headers if "sk-mine" in pair[1]]
    assert keyed == ([header] if header else [])
    assert AUTH["gemini"] == ("x-goog-api-key",)
