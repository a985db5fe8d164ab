"""Draws a MuJoCo model through any calibrated pinhole: colour, depth and who is where, in one OpenGL context."""

from __future__ import annotations

import os
import weakref
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.errors import MissingLibrary
from sim.graphics import choose_backend
from sim.store_geometry import GROUP_HIDDEN

NEAR_M, FAR_M = 0.05, 40.0
SKIN = int(mujoco.mjtObj.mjOBJ_SKIN)


@dataclass(frozen=True, slots=True)
class Pinhole:
    """An undistorted view.

    Args:
        position: (3,) metres; rotation: (3, 3) world to camera, OpenCV axes.
        focal: pixels; width, height: pixels, the optical axis goes through the middle.
    """

    position: NDArray[np.float64]
    rotation: NDArray[np.float64]
    focal: float
    width: int
    height: int

    def scaled(self, factor: int) -> Pinhole:
        """The same view with `factor` times as many pixels each way."""
        return Pinhole(self.position, self.rotation, self.focal * factor, self.width * factor, self.height * factor)


@dataclass(frozen=True, slots=True)
class Window:
    """A part of an upside-down picture: first and last column and row, the last ones excluded."""

    left: int
    low: int
    right: int
    high: int

    def scaled(self, factor: int) -> Window:
        """The same part of a picture with `factor` times as many pixels each way."""
        return Window(self.left * factor, self.low * factor, self.right * factor, self.high * factor)

    def of(self, picture: NDArray[Any]) -> NDArray[Any]:
        """That part of a picture (H, W, ...), as a view."""
        return picture[self.low : self.high, self.left : self.right]


class Pencil:
    """One OpenGL context that draws one model; close it, or use it in a `with` block."""

    def __init__(self, model: Any, width: int, height: int, samples: int = 0) -> None:
        """Opens the context with room for pictures up to `width` x `height`.

        Raises:
            MissingLibrary: no OpenGL library can be loaded, or it gives no context.
        """
        # Mesa's worker threads fight with the rest of a run for the cores; drawing in the caller's thread is faster.
        os.environ.setdefault("LP_NUM_THREADS", "0")
        backend = choose_backend()
        self.model = model
        model.vis.global_.offwidth, model.vis.global_.offheight = width, height
        model.vis.quality.offsamples = samples
        try:
            # By name: MuJoCo's own choice was made when it was first imported, perhaps before ours.
            self._context: Any = import_module(f"mujoco.{backend}").GLContext(width, height)
            self._context.make_current()
            self._mjr: Any = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
        except (RuntimeError, ImportError, AttributeError, mujoco.FatalError) as error:
            raise MissingLibrary(
                f"no OpenGL context ({error}): install Mesa (Debian, Ubuntu: apt install libosmesa6 or libegl1)"
            ) from error
        # Also at the interpreter's end: a context that outlives its library crashes or complains there.
        self._free = weakref.finalize(self, _free, self._context, self._mjr)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._mjr)
        self._mjr.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        self.scene = mujoco.MjvScene(model, maxgeom=model.ngeom + model.nskin + 200)
        self._camera = mujoco.MjvCamera()
        self._option = mujoco.MjvOption()
        self._option.geomgroup[:] = 1
        self._option.geomgroup[GROUP_HIDDEN] = 0
        self._option.skingroup[:] = 1
        self._option.skingroup[GROUP_HIDDEN] = 0
        self._flags = self.scene.flags

    def load(self, data: Any, categories: int) -> None:
        """Takes over the geometry of one instant; `categories` is a sum of `mjtCatBit`."""
        mujoco.mjv_updateScene(self.model, data, self._option, None, self._camera, categories, self.scene)

    def _aim(self, view: Pinhole, window: Window) -> None:
        """Points the scene's camera at a part of a view."""
        pixel = NEAR_M / view.focal
        for eye in self.scene.camera:
            eye.pos[:] = view.position
            eye.forward[:] = view.rotation[2]
            eye.up[:] = -view.rotation[1]
            eye.frustum_center = ((window.left + window.right) / 2 - view.width / 2) * pixel
            eye.frustum_width = (window.right - window.left) / 2 * pixel
            eye.frustum_bottom = (window.low - view.height / 2) * pixel
            eye.frustum_top = (window.high - view.height / 2) * pixel
            eye.frustum_near, eye.frustum_far = NEAR_M, FAR_M
        for light in self.scene.lights[: self.scene.nlight]:
            if light.headlight:
                light.pos[:], light.dir[:] = view.position, view.rotation[2]

    def draw(self, view: Pinhole, window: Window | None = None) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """RGB (H, W, 3) and raw depth (H, W), larger is nearer and 0 is nothing; both upside down as in OpenGL.

        With a `window`, only that part of the view.
        """
        self._flags[mujoco.mjtRndFlag.mjRND_SHADOW] = 0
        self._flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = 0
        self._flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = 0
        self._flags[mujoco.mjtRndFlag.mjRND_IDCOLOR] = 0
        return self._render(view, window)

    def segment(self, view: Pinhole) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Skin number of each pixel (H, W), -1 where there is none, and raw depth; upside down."""
        self._flags[mujoco.mjtRndFlag.mjRND_SHADOW] = 0
        self._flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = 1
        self._flags[mujoco.mjtRndFlag.mjRND_IDCOLOR] = 1
        picture, depth = self._render(view)
        code = picture[..., 0].astype(np.int32) + (picture[..., 1].astype(np.int32) << 8)
        skin_of = np.full(self.scene.ngeom + 2, -1, np.int32)
        for shape in self.scene.geoms[: self.scene.ngeom]:
            if shape.segid >= 0 and shape.objtype == SKIN:
                skin_of[shape.segid + 1] = shape.objid
        return skin_of[np.clip(code, 0, len(skin_of) - 1)], depth

    def _render(self, view: Pinhole, window: Window | None = None) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        self._context.make_current()
        window = window or Window(0, 0, view.width, view.height)
        self._aim(view, window)
        width, height = window.right - window.left, window.high - window.low
        area = mujoco.MjrRect(0, 0, width, height)
        picture = np.empty((height, width, 3), np.uint8)
        depth = np.empty((height, width), np.float32)
        mujoco.mjr_render(area, self.scene, self._mjr)
        mujoco.mjr_readPixels(picture, depth, area, self._mjr)
        return picture, depth

    def skin_vertices(self, skin: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """World positions and normals (V, 3) of a skin's vertices, as last loaded."""
        start, count = int(self.scene.skinvertadr[skin]), int(self.scene.skinvertnum[skin])
        part = slice(3 * start, 3 * (start + count))
        vertices = np.asarray(self.scene.skinvert).ravel()[part].reshape(-1, 3)
        normals = np.asarray(self.scene.skinnormal).ravel()[part].reshape(-1, 3)
        return vertices.astype(np.float64), normals.astype(np.float64)

    def close(self) -> None:
        """Frees the context."""
        self._free()

    def __enter__(self) -> Pencil:
        """The pencil itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self.close()


def _free(context: Any, mjr: Any) -> None:
    context.make_current()
    mjr.free()
    context.free()


def metres(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Distance along the optical axis of raw depths (any shape); `FAR_M` where nothing was drawn."""
    return np.asarray(FAR_M * NEAR_M / (depth * (FAR_M - NEAR_M) + NEAR_M), dtype=np.float32)
