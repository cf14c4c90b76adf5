"""What a probe may say of itself: what it asks for, and which rules judge it."""

from conformance.drive.target import Target, request
from conformance.plan import cases
from conformance.probes import PROBES
from conformance.probes.probe import Probe, Send
from conformance.rules import RULES


def test_a_member_asked_for_as_none_is_left_out() -> None:
    send = Send("plain", {"stream": None, "n": 2})

    asked = request(Target("http://router/v1"), "chat", send, "Hi")

    assert asked.body == {
        "model": "mock-model",
        "messages": [{"role": "user", "content": "Hi"}],
        "n": 2,
    }


def test_a_rule_for_every_probe_judges_every_probe() -> None:
    probe = Probe("odd", "tag-of-no-other", "text")

    judging = {case.rule.id for case in cases(RULES.values(), [probe])}

    assert judging == {"http.answered"}


def test_every_rule_has_a_probe_to_judge() -> None:
    judging = {case.rule.id for case in cases(RULES.values(), PROBES.values())}

    assert judging == set(RULES)
