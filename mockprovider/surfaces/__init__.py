"""The wire protocols a client speaks, each a table of how it is spoken."""
