"""What LiteLLM logs of each request, as JSON lines: its rows of spend without a database."""  # noqa: INP001  (LiteLLM loads it)

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from litellm.integrations.custom_logger import CustomLogger  # type: ignore[import-not-found]

FILE = Path(__file__).with_suffix(".jsonl")
KEPT = ("litellm_call_id", "call_type", "status", "prompt_tokens", "completion_tokens",
        "response_cost")  # fmt: skip


class Bills(CustomLogger):  # type: ignore[misc]
    async def async_log_success_event(
        self, kwargs: Mapping[str, Any], response_obj: object, start_time: object, end_time: object
    ) -> None:
        logged = kwargs["standard_logging_object"]
        row = {name: logged.get(name) for name in KEPT}
        row["usage"] = logged["metadata"].get("usage_object")
        with FILE.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(row)}\n")

    async_log_failure_event = async_log_success_event


written = Bills()
