"""One package per surface. A new dialect is added to DIALECTS only."""

from conformance.selfcheck.router.dialects.chat.dialect import CHAT
from conformance.selfcheck.router.dialects.gemini.dialect import GEMINI
from conformance.selfcheck.router.dialects.messages.dialect import MESSAGES
from conformance.selfcheck.router.dialects.responses.dialect import RESPONSES
from conformance.selfcheck.router.relay import Dialect

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect for dialect in (CHAT, RESPONSES, MESSAGES, GEMINI)
}
