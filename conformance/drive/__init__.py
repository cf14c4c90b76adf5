"""The only part of the judge that touches the network."""
