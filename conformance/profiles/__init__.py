"""What a named router or provider promises, as data."""
