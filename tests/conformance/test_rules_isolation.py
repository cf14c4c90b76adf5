"""The rule on clients side by side: answers and journals that break it, and that do not."""

from dataclasses import replace

import pytest

from conformance.exchange import End, Exchange, Json
from conformance.probes import PROBES
from conformance.protocols.outcome import Usage
from conformance.rules import isolation
from tests.conformance.made import REFUSED, Case, answered, body, label, said, text, told, unbroken

RUN = "r1-0."
SHORT = "the end where ' end' was expected"


def asked(headers: Json = (), content: str = "") -> Json:
    return {"request": {"target": "/v1", "headers": list(headers), "body": content}}


def client(name: str, *words: str, headers: Json = (), **members: Json) -> Exchange:
    return text(*words, nonce=RUN + name, headers=headers, **members)


ALONE = client("alone", f"{RUN}alone/0", " end")
ONE, TWO = (client(name, f"{RUN}{name}/0", " end") for name in ("text", "text.1"))


def crowd(*clients: Exchange, alone: Exchange = ALONE) -> dict[str, Exchange]:
    named = {each.nonce.removeprefix(RUN).replace("_", "-"): each for each in clients}
    return {"alone": alone, **named}


CASES: list[Case] = [
    ("isolation.no-cross-talk", "each its own", crowd(ONE, TWO), []),
    (
        "isolation.no-cross-talk",
        "its own in every place",
        crowd(
            client(
                "text.1", f"{RUN}text.1/0", " end",
                headers=(("x-request-id", f"req_{RUN}text.1-1"),),
                journal=(asked([["x-client", f"{RUN}text.1"]], f"#{RUN}text.1]]"),),
            )
        ),
        [],
    ),
    (
        "isolation.no-cross-talk",
        "a word of another's",
        crowd(client("text.1", f"{RUN}text.10/0", " end")),
        ["r1-0.text.10 in the body of r1-0.text.1"],
    ),
    (
        "isolation.no-cross-talk",
        "a header of another's",
        crowd(client("text", f"{RUN}text/0", " end", headers=(("set-cookie", f"p={RUN}left"),))),
        ["r1-0.left in the head of r1-0.text"],
    ),
    (
        "isolation.no-cross-talk",
        "a cookie of another's at the provider",
        crowd(replace(ONE, journal=(asked([["cookie", f"session={RUN}text.1"]]),))),
        ["r1-0.text.1 in the request upstream of r1-0.text"],
    ),
    (
        "isolation.no-cross-talk",
        "one who left had a word of another's",
        crowd(replace(client("left", f"{RUN}text/0"), end=End.LEFT)),
        ["r1-0.text in the body of r1-0.left"],
    ),
    (
        "isolation.no-cross-talk",
        "a word is missing",
        crowd(client("text", f"{RUN}text/0")),
        [f"choice 0: text departs at character 3: {SHORT}, as it is alone"],
    ),
    (
        "isolation.no-cross-talk",
        "the usage is another's",
        crowd(
            ONE,
            alone=replace(
                ALONE,
                body=body([
                    *said(f"{RUN}alone/0", " end"),
                    {**answered({}), "choices": [], "usage": {"prompt_tokens": 1}},
                ]),
            ),
        ),
        [f"usage is None, alone it is {Usage(input=1)}"],
    ),
    (
        "isolation.no-cross-talk",
        "the usage is made up, of the prompt",
        crowd(
            ONE,
            alone=replace(
                ALONE,
                scenario={"step": [{"finish": "stop"}]},
                body=body([
                    *said(f"{RUN}alone/0", " end"),
                    {**answered({}), "choices": [], "usage": {"prompt_tokens": 1}},
                ]),
            ),
        ),
        [],
    ),
    (
        "isolation.no-cross-talk",
        "alone it fails too",
        crowd(client("text", f"{RUN}text/0"), alone=replace(REFUSED, nonce=f"{RUN}alone")),
        [],
    ),
    (
        "isolation.no-cross-talk",
        "who is not served is another rule's",
        crowd(replace(REFUSED, nonce=f"{RUN}text")),
        [],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=label)
def test_each_client_has_its_own_or_the_rule_says_so(case: Case) -> None:
    assert told(case) == case[-1]


def test_the_rule_is_broken_by_one_and_not_by_another() -> None:
    assert unbroken(CASES, isolation) == set()


def test_every_client_of_a_crowd_is_told_what_does_not_hang_on_its_mark() -> None:
    probe = PROBES["crowd"]
    counted = {
        name: any("usage" in step for step in probe.document(name)["step"]) for name in probe.sends
    }

    assert counted == dict.fromkeys(probe.sends, True)
