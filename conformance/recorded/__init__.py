"""What others have kept of answers: files in, exchanges out; no network."""
