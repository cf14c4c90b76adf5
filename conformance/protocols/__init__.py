"""What each API's bytes mean: grammars as tables, and the outcome a client ends up with."""
