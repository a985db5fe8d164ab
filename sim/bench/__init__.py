"""Benches: the speed of a run and of judging, galleries beside their peers, and the matcher beside published errors."""
