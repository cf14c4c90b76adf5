"""What the programs share: questions from stdin, one JSON line each, and what came of them."""

import json
import sys
from collections.abc import Callable, Iterator


def loop(texts: Callable[[str, str, str], Iterator[str | None]]) -> None:
    """Answer each line with the text that was read, and with what ended the reading early."""
    for line in sys.stdin:
        told, text, error = json.loads(line), "", ""
        try:
            for piece in texts(told["url"], told["model"], told["key"]):
                text += piece or ""
        except Exception as broken:  # noqa: BLE001  (whatever ends the loop is what is to be told)
            error = f"{type(broken).__name__}: {broken}"
        print(json.dumps({"text": text, "error": error}), flush=True)
