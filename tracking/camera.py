"""A calibrated camera: floor and space to pixels and back, with the uncertainty of the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import yaml
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field

from tracking.errors import BadInput
from tracking.yaml_file import read_yaml

Array = NDArray[np.float64]

# Undistortion is a fixed-point iteration; 60 rounds bring wide lenses under a thousandth of a pixel.
_UNDISTORT = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 60, 1e-12)
_NEAREST_M = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """One calibrated camera in OpenCV's convention (x right, y down, z forward).

    The centre of the top-left pixel is (0, 0). A world point X (metres, floor frame, z up) lies at
    `rotation @ X + translation` in the camera's frame.

    Args:
        name: unique name.
        width, height: size of its frames in pixels.
        matrix: (3, 3) float64 intrinsic matrix K, pixels.
        distortion: (5,) float64 OpenCV coefficients k1, k2, p1, p2, k3.
        rotation: (3, 3) float64, world to camera.
        translation: (3,) float64 metres, world to camera.
    """

    name: str
    width: int
    height: int
    matrix: Array
    distortion: Array
    rotation: Array
    translation: Array

    def __post_init__(self) -> None:
        """Store read-only float64 copies, so that a camera can be shared and never changes."""
        shapes = {"matrix": (3, 3), "distortion": (5,), "rotation": (3, 3), "translation": (3,)}
        for field, shape in shapes.items():
            array: Array = np.array(getattr(self, field), dtype=np.float64)
            if array.shape != shape or not np.isfinite(array).all():
                raise ValueError(f"camera {self.name!r}: {field} must be {shape} finite numbers, found {array.shape}")
            array.setflags(write=False)
            object.__setattr__(self, field, array)

    @classmethod
    def look_at(
        cls,
        name: str,
        position: Sequence[float],
        target: Sequence[float],
        horizontal_fov_deg: float,
        width: int,
        height: int,
        distortion: Sequence[float] = (0.0, 0.0, 0.0, 0.0, 0.0),
    ) -> Camera:
        """A level camera at `position` (metres) whose optical axis goes through `target`.

        Square pixels, principal point in the middle; `horizontal_fov_deg` is that of the lens without distortion.
        """
        where: Array = np.asarray(position, dtype=np.float64)
        forward: Array = np.asarray(target, dtype=np.float64) - where
        distance = float(np.linalg.norm(forward))
        if distance < 1e-9 or not 0 < horizontal_fov_deg < 180:
            raise ValueError(f"camera {name!r}: needs a target away from it and 0 < fov < 180, found {target}")
        forward = forward / distance
        right: Array = np.cross(forward, [0.0, 0.0, 1.0])
        if float(np.linalg.norm(right)) < 1e-9:
            # Straight up or down: no horizon to be level with, so the picture's top points along y.
            right = np.array([1.0, 0.0, 0.0])
        right = right / np.linalg.norm(right)
        rotation = np.stack([right, np.cross(forward, right), forward])
        focal = width / 2 / np.tan(np.radians(horizontal_fov_deg) / 2)
        matrix = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])
        return cls(name, width, height, matrix, np.asarray(distortion, np.float64), rotation, -rotation @ where)

    @property
    def centre(self) -> Array:
        """(3,) metres: where the camera is in the world."""
        return -self.rotation.T @ self.translation

    def project(self, points: ArrayLike) -> Array:
        """Pixels (N, 2) of world points (N, 3) metres.

        nan where a point lies behind the camera or so far outside the view that the lens polynomial folds back
        (there it would put points into the picture that the lens never sees).
        """
        world: Array = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        local = world @ self.rotation.T + self.translation
        depth = local[:, 2]
        seen = depth > _NEAREST_M
        pixels = np.full((len(world), 2), np.nan)
        radius = np.full(len(world), np.inf)
        radius[seen] = np.hypot(local[seen, 0], local[seen, 1]) / depth[seen]
        seen &= radius < _fold_radius(*self.distortion.tolist())
        if seen.any():
            flat, _ = cv2.projectPoints(local[seen], np.zeros(3), np.zeros(3), self.matrix, self.distortion)
            pixels[seen] = flat.reshape(-1, 2)
        return pixels

    def normalised(self, pixels: ArrayLike) -> Array:
        """(N, 2) undistorted coordinates x/z, y/z in the camera's frame of pixels (N, 2)."""
        points: Array = np.asarray(pixels, dtype=np.float64).reshape(-1, 1, 2)
        if len(points) == 0:
            return np.zeros((0, 2))
        flat = cv2.undistortPoints(points, self.matrix, self.distortion, criteria=_UNDISTORT)
        return np.asarray(flat, dtype=np.float64).reshape(-1, 2)

    def ray(self, pixels: ArrayLike) -> Array:
        """(N, 3) unit vectors in the world from `centre` through pixels (N, 2)."""
        flat = self.normalised(pixels)
        local = np.concatenate([flat, np.ones((len(flat), 1))], axis=1)
        local /= np.linalg.norm(local, axis=1, keepdims=True)
        return local @ self.rotation

    def back_project(self, pixels: ArrayLike, height_m: ArrayLike = 0.0) -> Array:
        """(N, 2) metres: where the rays of pixels (N, 2) meet the level plane `height_m` (one or N) above the floor.

        nan where a ray does not meet that plane in front of the camera.
        """
        rays = self.ray(pixels)
        centre = self.centre
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = (np.asarray(height_m, dtype=np.float64) - centre[2]) / rays[:, 2]
        steps = np.where(np.isfinite(steps) & (steps > 0), steps, np.nan)
        return np.asarray(centre[:2] + rays[:, :2] * steps[:, None], dtype=np.float64)

    def floor_covariance(self, pixel: ArrayLike, sd_px: ArrayLike, height_m: float = 0.0) -> Array:
        """(2, 2) m^2: covariance of `back_project(pixel, height_m)` for independent pixel errors.

        Args:
            pixel: (2,) pixels.
            sd_px: standard deviation in pixels, one number or (2,) for x and y.
            height_m: height of the plane.
        """
        sds = np.broadcast_to(np.asarray(sd_px, dtype=np.float64), (2,))
        return np.asarray(self.floor_covariances(pixel, sds, height_m)[0], dtype=np.float64)

    def floor_covariances(self, pixels: ArrayLike, sds_px: ArrayLike, height_m: ArrayLike = 0.0) -> Array:
        """(N, 2, 2) m^2: `floor_covariance` of pixels (N, 2) with standard deviations (N, 2) pixels at once."""
        points: Array = np.asarray(pixels, dtype=np.float64).reshape(-1, 2)
        count = len(points)
        heights: Array = np.broadcast_to(np.asarray(height_m, dtype=np.float64), (count,))
        moved = np.concatenate([points + step for step in ([0.5, 0], [-0.5, 0], [0, 0.5], [0, -0.5])])
        floor = self.back_project(moved, np.tile(heights, 4)).reshape(4, count, 2)
        jacobian = np.stack([floor[0] - floor[1], floor[2] - floor[3]], axis=-1)
        scaled = jacobian * np.asarray(sds_px, dtype=np.float64).reshape(-1, 1, 2)
        return np.asarray(scaled @ scaled.transpose(0, 2, 1), dtype=np.float64)


@lru_cache(maxsize=256)
def _fold_radius(k1: float, k2: float, _p1: float, _p2: float, k3: float) -> float:
    """The undistorted radius x/z up to which the radial polynomial grows, so that the lens is one-to-one."""
    roots = np.roots([7 * k3, 0, 5 * k2, 0, 3 * k1, 0, 1.0])
    positive = [float(root.real) for root in roots if abs(root.imag) < 1e-9 and root.real > 0]
    return min(positive, default=float("inf"))


class _CameraRow(BaseModel):
    model_config = ConfigDict(extra="forbid")

    width: int = Field(ge=16, le=16384, description="pixels")
    height: int = Field(ge=16, le=16384, description="pixels")
    matrix: list[list[float]] = Field(description="3 x 3 intrinsic matrix, pixels")
    distortion: list[float] = Field(default=[0.0] * 5, description="k1, k2, p1, p2, k3 of OpenCV")
    rotation: list[list[float]] = Field(description="3 x 3, world to camera")
    translation: list[float] = Field(description="3 metres, world to camera")


class _CalibrationFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cameras: dict[str, _CameraRow] = Field(min_length=1)


def load_calibration(path: Path | str) -> dict[str, Camera]:
    """Cameras by name of a calibration file in YAML; BadInput names the field that is wrong."""
    rows = read_yaml(path, _CalibrationFile)
    return {name: _camera(str(path), name, row) for name, row in rows.cameras.items()}


def _camera(path: str, name: str, row: _CameraRow) -> Camera:
    try:
        rotation: Array = np.asarray(row.rotation, np.float64)
        camera = Camera(
            name,
            row.width,
            row.height,
            np.asarray(row.matrix, np.float64),
            np.asarray(row.distortion, np.float64),
            rotation,
            np.asarray(row.translation, np.float64),
        )
    except ValueError as problem:
        raise BadInput(path, f"cameras.{name}", str(problem), "arrays of the shapes given") from problem
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-4) or np.linalg.det(rotation) < 0:
        raise BadInput(path, f"cameras.{name}.rotation", row.rotation, "a rotation: orthonormal rows, determinant 1")
    return camera


def save_calibration(path: Path | str, cameras: Mapping[str, Camera]) -> None:
    """Write cameras as the YAML that `load_calibration` reads, to the last digit."""
    rows = {
        name: {
            "width": camera.width,
            "height": camera.height,
            "matrix": camera.matrix.tolist(),
            "distortion": camera.distortion.tolist(),
            "rotation": camera.rotation.tolist(),
            "translation": camera.translation.tolist(),
        }
        for name, camera in cameras.items()
    }
    text = yaml.safe_dump({"cameras": rows}, sort_keys=False, default_flow_style=None)
    Path(path).write_text(text, encoding="utf-8")
