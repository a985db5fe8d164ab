"""Keeping: what a policy's store writes down of a day, until when, and how it forgets."""
