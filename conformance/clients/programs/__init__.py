"""Client programs, each run by itself: a line in for each answer, a line out."""
