"""What the harness waits for before it lets a provider go on."""

from conformance.drive.trial import SIGN, holds

CALL = {"id": "call_1", "name": "add", "arguments": ["[3", "]"]}


def test_a_hold_waits_for_the_last_word_ahead_of_it() -> None:
    script = {
        "step": [
            {"say": "Umbel"},
            {"hold": "said"},
            {"call": CALL},
            {"hold": "called"},
            {"arguments": "7", "of": "call_1"},
            {"hold": "went on"},
        ]
    }

    assert holds(script) == [("said", "Umbel"), ("called", "]"), ("went on", "7")]


def test_a_ping_may_come_out_as_anything_and_a_terminator_as_the_end() -> None:
    script = {
        "step": [
            {"ping": True},
            {"hold": "idle"},
            {"raw": 'event: message_stop\ndata: {"type":"message_stop"}\n\n'},
            {"hold": "over"},
        ]
    }

    assert holds(script) == [("idle", SIGN), ("over", None)]
