"""What the store's computers conclude and keep: accounts, carts, receipts, the ledger and the privacy policies.

Sees events, never pixels, and never the simulation.
"""
