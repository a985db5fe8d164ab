"""Imports `sim` before any test module imports `mujoco`, which reads its choice of OpenGL library only once."""

import sim  # noqa: F401
