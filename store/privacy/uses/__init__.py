"""Uses beyond billing: what the same cameras and records are turned into, whom that finds and whom it wrongs."""
