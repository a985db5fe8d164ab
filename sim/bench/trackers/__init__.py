"""Trackers side by side on the same detections: `aisle bench trackers`.

Read in the order of use: `recording` (a day as the networks saw it, in files), `filming` (makes one), `replay` (our
tracking on it, `errors_of` in metres), `peers` (trackers from elsewhere), `linking` (their tracks on one floor),
`comparison` (all of them and the ceilings), `table`, `command`.
"""
