"""What the store's cameras see: detection, per-camera tracking, re-identification and fusion on the floor.

Sees frames and calibrations, never the simulation, and works on any calibrated cameras.
"""
