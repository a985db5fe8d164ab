"""Trackers side by side on the same detections: `recording` a day's detections, `replay` of ours, peers, ceilings."""
