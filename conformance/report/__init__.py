"""Writes a run down and shows it: `run.jsonl` is the source, everything else a projection."""
