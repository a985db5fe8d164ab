"""Faces, simulated honestly: which views a matcher could use, what it would measure, and the galleries it searches."""
