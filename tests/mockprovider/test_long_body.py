"""Bodies of more bytes than the kernel takes at once."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock

LONG = 'summary = ""\nstep = [{ say = "0123456789abcdef", times = 65536 }, { finish = "stop" }]'


def test_a_stream_goes_on_after_the_kernel_had_no_room(mock: "Mock") -> None:
    """Often enough for the kernel to have room again before anyone can wait for it."""
    answers = [mock.ask(LONG) for _ in range(20)]

    assert {(answer.status, answer.body.endswith(b"[DONE]\n\n")) for answer in answers} == {
        (200, True)
    }
