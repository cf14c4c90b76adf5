"""The failures a router's owner expects: `expected-failures.toml`, what it excuses, its upkeep."""
