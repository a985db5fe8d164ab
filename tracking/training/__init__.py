"""Training of the two networks and their measurement: a detector with keypoints, an embedder of appearances.

Everything here reads a folder of labelled pictures; none of it is needed to run a store.
"""
