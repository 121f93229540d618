"""When things happen: the clock and the due work."""
