"""COCO's keypoint annotations of a rendered data set, from its label files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2

from sim.errors import BadInput

KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip
SKELETON = (
    (16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8), (7, 9), (8, 10), (9, 11),
    (2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7),
)  # fmt: skip


def write_coco(out: Path, folder: str) -> Path:
    """Writes `annotations/person_keypoints_FOLDER.json`; people who do not count are there with `iscrowd` 1."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    size: tuple[int, int] | None = None
    for path in sorted((out / "images" / folder).glob("*.jpg")):
        size = size or _size(path)
        width, height = size
        image = {"id": len(images) + 1, "file_name": path.name, "width": width, "height": height}
        images.append(image)
        for kind, crowd in (("labels", 0), ("ignore", 1)):
            lines = (out / kind / folder / f"{path.stem}.txt").read_text().splitlines()
            annotations += [_annotation(line, image, crowd, len(annotations) + i + 1) for i, line in enumerate(lines)]
    category = {"id": 1, "name": "person", "supercategory": "person", "keypoints": KEYPOINTS, "skeleton": SKELETON}
    target = out / "annotations" / f"person_keypoints_{folder}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "info": {"description": "Rendered by Glass Aisle", "version": "1.0"}, "licenses": [],
        "images": images, "annotations": annotations, "categories": [category],
    }  # fmt: skip
    target.write_text(json.dumps(content), encoding="utf-8")
    return target


def _size(path: Path) -> tuple[int, int]:
    """Width and height of a picture; all pictures of a folder are alike."""
    picture = cv2.imread(str(path))
    if picture is None:
        raise BadInput(path, "picture", "no readable picture", "a JPEG file")
    return picture.shape[1], picture.shape[0]


def _annotation(line: str, image: dict[str, Any], crowd: int, number: int) -> dict[str, Any]:
    """A label line (`pose_line` or `ignore_line`) as COCO's annotation."""
    values = [float(value) for value in line.split()]
    width, height = image["width"], image["height"]
    x, y, w, h = values[1] * width, values[2] * height, values[3] * width, values[4] * height
    points = [] if crowd else values[5:]
    keypoints = [value * (width, height, 1)[i % 3] for i, value in enumerate(points)] or [0.0] * 51
    return {
        "id": number,
        "image_id": image["id"],
        "category_id": 1,
        "iscrowd": crowd,
        "bbox": [round(value, 2) for value in (x - w / 2, y - h / 2, w, h)],
        "area": round(w * h, 2),
        "segmentation": [],
        "keypoints": [round(value, 2) for value in keypoints],
        "num_keypoints": sum(value > 0 for value in keypoints[2::3]),
    }
