"""Governance: who asked for what and why, an audit log that shows tampering, people's rights, and legal triggers."""
