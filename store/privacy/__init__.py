"""Privacy policies: what each way of running the same store collects, keeps, shares and exposes."""
