"""Service: what a policy does for customers and owner: getting in, paying, computing, cost."""
