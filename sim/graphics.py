"""Chooses the OpenGL library that MuJoCo draws with; must run before `mujoco` is first imported."""

import ctypes
import os

from sim.errors import MissingLibrary

_LIBRARIES = {"osmesa": ("libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so"), "egl": ("libEGL.so.1", "libEGL.so")}


def choose_backend() -> str:
    """Sets `MUJOCO_GL` unless the user has set it, and returns it.

    OSMesa comes first: it draws on any machine without a display or a graphics card.

    Raises:
        MissingLibrary: neither OSMesa nor EGL can be loaded.
    """
    chosen = os.environ.get("MUJOCO_GL", "").lower()
    candidates = {chosen: _LIBRARIES.get(chosen, ())} if chosen else _LIBRARIES
    for backend, names in candidates.items():
        if not names or any(_loads(name) for name in names):
            os.environ["MUJOCO_GL"] = backend
            return backend
    raise MissingLibrary("no OpenGL library for drawing: install Mesa (Debian, Ubuntu: apt install libosmesa6)")


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
