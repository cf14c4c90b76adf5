"""An argument parser whose complaints are one line and end as wrong usage does."""

import argparse
from typing import NoReturn

from conformance.exits import Exit


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(Exit.USAGE, f"{self.prog}: {message}\n")
