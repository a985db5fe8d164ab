"""The world outside the store's computers, and the driver of every run.

Floor plans, people, physics, cameras and ground truth live here; so do scenario runs, experiments and the `aisle`
command. `sim` hands what `tracking` found to `store` as the store's own event types.
"""
