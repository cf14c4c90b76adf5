"""Which client programs can use a router: what it sent is played to them again."""
