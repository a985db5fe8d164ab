"""What the store's computers conclude and keep: accounts, carts, receipts, the ledger and the privacy policies.

Sees events, never pixels, and never the simulation. `Shop` takes what happens and bills those who leave.
"""
