"""A matcher preset: published error rates of one operating point, their sources, and whom they were measured on."""

import math
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from store.privacy.files import load_model, names
from store.privacy.policy import ContradictionError

PRESETS = Path(__file__).parent / "presets"

Percent = Annotated[float, Field(ge=0, le=100)]
Rate = Annotated[float, Field(gt=0, lt=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ErrorRate(_Section):
    """An operating point of 1:N search: one fixed threshold, one gallery size, and the two errors there.

    As NIST defines them: FPIR is the share of searches of people who are not enrolled that return anybody at or above
    the threshold; FNIR is the share of searches of enrolled people whose mate is not returned at or above it.
    """

    fpir: Rate = Field(description="searches of people not enrolled that return somebody, share")
    gallery: int = Field(ge=1, le=1_000_000_000, description="people enrolled")
    fnir: float = Field(gt=0, lt=0.5, description="searches of people enrolled that do not return them, share")
    assumed: tuple[Literal["fpir", "fnir"], ...] = Field((), description="which of the two nobody published")

    @property
    def fmr(self) -> float:
        """False-match rate of one comparison: FPIR = 1 - (1 - FMR)^N (Daugman)."""
        return _one_of(self.gallery, self.fpir)


class GroupRatio(_Section):
    """A demographic group and its false positives at the same threshold."""

    name: str = Field(min_length=1, description="the group, in the source's own words")
    share: float = Field(gt=0, le=1, description="share of the people searched")
    ratio: float = Field(gt=0, le=1000, description="FPIR over the first group's, at one threshold")


class Usable(_Section):
    """What a capture must reach before a matcher is asked at all; 40 pixels is Rekognition's documented minimum."""

    face_px: float = Field(40.0, gt=0, le=4000, description="least width of the face, pixels")
    yaw_deg: float = Field(60.0, gt=0, le=90, description="largest turn of the head, degrees")
    pitch_deg: float = Field(45.0, gt=0, le=90, description="largest nod, degrees")
    occluded: float = Field(0.5, ge=0, le=1, description="largest hidden share of the face")
    blur_share: float = Field(0.13, gt=0, le=10, description="largest motion blur, as a share of the face's width")


class Preset(_Section):
    """A matcher preset: published error rates and their sources."""

    name: str = Field(min_length=1)
    title: str = Field(min_length=1)
    sources: tuple[str, ...] = Field(min_length=1)
    assumptions: tuple[str, ...] = ()
    published: ErrorRate
    kiosk: ErrorRate | None = Field(None, description="the same algorithm on kiosk pictures")
    percent: Percent | None = Field(None, description="the operating point on the percent scale")
    scale: tuple[tuple[Percent, Rate], ...] = Field((), description="(percent, false-match rate), rising percent")
    usable: Usable = Usable()
    groups: tuple[GroupRatio, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for field, found, allowed in _contradictions(self):
            raise ContradictionError(field, found, allowed)
        return self

    @property
    def mean_ratio(self) -> float:
        """Mean of the groups' ratios, weighed by their shares."""
        return sum(group.share * group.ratio for group in self.groups)

    def group_fpir(self, group: GroupRatio) -> float:
        """A group's FPIR at the published point: its ratio's part of the published rate, which stays the average."""
        return self.published.fpir * group.ratio / self.mean_ratio

    def group_fmr(self, group: GroupRatio) -> float:
        """A group's false-match rate of one comparison at the published point."""
        return _one_of(self.published.gallery, self.group_fpir(group))


def load_preset(name_or_path: str | Path) -> Preset:
    """A built-in preset by name, or a preset file by path. Raises `PolicyError`."""
    return load_model(Preset, name_or_path, PRESETS, "preset")


def list_presets() -> list[str]:
    """Names of the built-in presets, sorted."""
    return names(PRESETS)


def _one_of(gallery: int, rate: float) -> float:
    """Rate of one comparison, from the rate of a search of `gallery` people."""
    return -math.expm1(math.log1p(-rate) / gallery)


def _contradictions(preset: Preset) -> list[tuple[str, object, str]]:
    """Field, value and remedy of every contradiction in a preset."""
    found = [*_scale_contradictions(preset), *_group_contradictions(preset)]
    if preset.kiosk is not None and preset.kiosk.fnir <= preset.published.fnir:
        found.append(("kiosk.fnir", preset.kiosk.fnir, f"more than published.fnir, {preset.published.fnir}"))
    if preset.kiosk is not None and preset.kiosk.fmr < preset.published.fmr:
        rule = "a gallery no larger, for its fpir, than the published point's (kiosk pictures score lower)"
        found.append(("kiosk.gallery", preset.kiosk.gallery, rule))
    return found


def _scale_contradictions(preset: Preset) -> list[tuple[str, object, str]]:
    found: list[tuple[str, object, str]] = []
    if len(preset.scale) == 1:
        found.append(("scale", preset.scale, "no point, or two or more"))
    if any(low[0] >= high[0] or low[1] <= high[1] for low, high in pairwise(preset.scale)):
        found.append(("scale", preset.scale, "rising percent with falling false-match rate"))
    point = dict(preset.scale).get(preset.percent) if preset.percent is not None else None
    if preset.scale and point is None:
        found.append(("percent", preset.percent, f"a percent of the scale: {[row[0] for row in preset.scale]}"))
    if point is not None and not math.isclose(point, preset.published.fmr, rel_tol=0.01):
        implied = f"{preset.published.fmr:.3g}, which published.fpir in published.gallery implies at that percent"
        found.append(("scale", point, implied))
    return found


def _group_contradictions(preset: Preset) -> list[tuple[str, object, str]]:
    found: list[tuple[str, object, str]] = []
    named = [group.name for group in preset.groups]
    total = sum(group.share for group in preset.groups)
    if abs(total - 1.0) > 1e-6:
        found.append(("groups", total, "shares that add up to 1"))
    if len(set(named)) < len(named):
        found.append(("groups", named, "each group once"))
    worst = max(preset.group_fpir(group) for group in preset.groups)
    if worst >= 1.0:
        found.append(("groups", worst, "ratios that leave each group's FPIR below 1"))
    return found
