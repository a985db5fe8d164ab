"""What one camera remembers from frame to frame: the empty store, who was there, and so where to look next.

Searching a whole frame for people costs many times what a second look at somebody known costs. So a frame is searched
wherever something is new that nobody explains, and everywhere something is new only every few frames; who was there a
moment ago is looked for where they should be by now (Bergmann et al., "Tracking without bells and whistles", 2019).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tracking.background import Background, Scenery, fade
from tracking.box_overlap import overlaps
from tracking.camera import Camera
from tracking.knock import KnockSettings, KnockWatch, places_before
from tracking.observation import Detection
from tracking.windows import Windows, busy_windows

Frame = NDArray[np.uint8]
_SAME_PERSON = 0.3
_SURELY_SAME, _ALONE = 0.6, 0.3
_FOUND_AGAIN = 0.55
_SMOOTHING = 0.5
_EXPLAINED_MARGIN = 0.12
_FRESH = 0.3
"""Share of what is new in one piece that was not new at the last search, from which it is searched before the next."""
_NOWHERE = np.zeros((0, 4), np.float32)


class LookoutSettings(BaseModel):
    """How often a camera is searched."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    search_every: int = Field(
        default=3, ge=1, le=100, description="frames from one search of everything new to the next; 1: every frame"
    )
    searches_missed: int = Field(
        default=1, ge=0, le=100, description="searches that may miss somebody whom second looks still confirm"
    )
    describe_every: int = Field(
        default=5, ge=1, le=100, description="frames for which the look of somebody alone in their box is kept"
    )


@dataclass(slots=True)
class _Seen:
    """Somebody in a camera's last frame.

    Args:
        detection: after the second look.
        move: (4,) px by which the box is expected to move until the next frame.
        missed: searches that have not found them since one did.
        look: (D,) unit vector, None before somebody described them.
        look_age: frames since that was taken.
    """

    detection: Detection
    move: NDArray[np.float32] = field(default_factory=lambda: np.zeros(4, np.float32))
    missed: int = 0
    look: NDArray[np.float32] | None = None
    look_age: int = 0

    @property
    def expected(self) -> NDArray[np.float32]:
        """(4,) px: their box in the next frame."""
        return np.asarray(self.detection.box + self.move, np.float32)


class Lookout:
    """One camera's memory; make one for each camera.

    Call `look` with a frame, search the windows it gives, hand what was found to `candidates`, those who remain after a
    second look to `remember`, and take how they look from `describe`.
    """

    def __init__(
        self,
        settings: LookoutSettings,
        phase: int,
        knows_empty: bool,
        looks_twice: bool,
        knocks: KnockSettings | None = None,
    ) -> None:
        """Nothing seen yet.

        Args:
            settings: how often to search.
            phase: at which frame to begin searching, so that cameras take turns.
            knows_empty: whether to learn the empty store and dim it; else frames are shown as they are.
            looks_twice: whether there is a second look, which can find people again without a search.
            knocks: when the camera counts as turned; that is watched for only where the empty store is known.
        """
        knocks = knocks or KnockSettings()
        self._background = Background() if knows_empty else None
        self._knocks = KnockWatch(knocks) if knows_empty and knocks.watch else None
        self._every = settings.search_every if knows_empty and looks_twice else 1
        self._describe_every = settings.describe_every if looks_twice else 1
        self._frames = phase
        self._people: list[_Seen] = []
        self._seen_at: float | None = None
        self._patience, self._searched = settings.searches_missed, True
        self._found = _NOWHERE
        #: What was new (h, w) where it has been searched since, and including, the last search of everything.
        self._looked_through: NDArray[np.uint8] | None = None

    @property
    def new(self) -> NDArray[np.uint8]:
        """What is new in the frame last shown (h, w) uint8; everything where the empty store is not known."""
        return np.full((1, 1), 255, np.uint8) if self._background is None else self._background.new

    @property
    def scenery(self) -> Scenery | None:
        """The empty store behind the frame last shown; None where it is not known."""
        return None if self._background is None else self._background.scenery

    def learn(self, frame: Frame) -> None:
        """Take in a (H, W, 3) frame of the empty store."""
        if self._background is not None:
            self._background.learn(frame)

    def look(self, frame: Frame) -> tuple[Frame, Windows]:
        """The frame as the detector shall see it, and the windows (N, 4) px in it to be searched.

        Where there is no window, the frame is given as it is.
        """
        self._frames += 1
        if self._background is None:
            return frame, np.array([(0, 0, frame.shape[1], frame.shape[0])], np.float32)
        if not self._background.learnt:
            # Nobody showed this camera the empty store: its first frame is the best there is.
            self._background.learn(frame)
        new, size = self._background.foreground(frame), (frame.shape[1], frame.shape[0])
        self._searched = self._frames % self._every == 0
        if self._searched:
            self._looked_through = new.copy()
            windows = busy_windows(new, self._expected(), size)
        else:
            windows = busy_windows(self._newcomers(new, size[0]), _NOWHERE, size)
        return fade(frame, new) if len(windows) else frame, windows

    def turned(self, t: float, camera: Camera, frame: Frame) -> Camera | None:
        """The camera as it hangs now, if the frame last shown, of `t` seconds, says that it was turned; else None.

        What is remembered is taken along, so the frame is to be shown again.
        """
        if self._knocks is None or self._background is None:
            return None
        after = self._knocks.look(t, camera, frame, self._background, _boxes([one.detection for one in self._people]))
        if after is not None:
            size = (self._background.new.shape[1], self._background.new.shape[0])
            self._background.move(frame, places_before(camera, after, size))
            # They are elsewhere in the picture now, so a search must find them.
            self._people, self._looked_through = [], None
        return after

    def candidates(self, found: Sequence[Detection]) -> list[Detection]:
        """Whoever was found in the frame, and whoever was there before and was not found again."""
        self._found = _boxes(found)
        if self._every == 1:
            return list(found)
        where = self._expected()
        again = overlaps(where, self._found).max(1, initial=0) >= _FOUND_AGAIN
        missing = [
            Detection(box, one.detection.confidence, one.detection.keypoints)
            for one, box, seen in zip(self._people, where, again, strict=True)
            # The second look follows whatever it is shown, also what is between two people; only a search tells.
            if not seen and one.missed + self._searched <= self._patience and (box[2:] > box[:2] + 1).all()
        ]
        return [*found, *missing]

    def remember(self, t: float, frame: Frame, people: Sequence[Detection]) -> None:
        """Take in who is in the frame of `t` seconds that was last shown, after the second look."""
        boxes, before = _boxes(people), _boxes([one.detection for one in self._people])
        match = overlaps(boxes, before)
        same = _surely_same(boxes, match)
        found = overlaps(boxes, self._found).max(1, initial=0) >= _FOUND_AGAIN
        self._people = [
            self._recalled(one, match[row], int(same[row]), bool(found[row])) for row, one in enumerate(people)
        ]
        if self._background is not None:
            elapsed = 0.0 if self._seen_at is None else max(0.0, t - self._seen_at)
            self._background.adapt(frame, boxes, elapsed)
        self._seen_at = t

    def describe(self, embed: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> NDArray[np.float32]:
        """How those look who were last remembered: (N, D) unit rows. `embed` is asked only about those it is due for.

        Looks change slowly, so those of somebody who stands alone are kept for a few frames; where boxes overlap,
        somebody else may be in the next one, so there everybody is looked at every time.
        """
        due = [one for one in self._people if one.look is None or one.look_age >= self._describe_every]
        if due:
            for one, look in zip(due, embed(_boxes([one.detection for one in due])), strict=True):
                one.look, one.look_age = look, 0
        looks = [one.look for one in self._people if one.look is not None]
        return np.stack(looks).astype(np.float32) if looks else np.zeros((0, 1), np.float32)

    def _recalled(self, detection: Detection, match: NDArray[np.float64], same: int, found: bool) -> _Seen:
        """What is remembered of somebody detected now.

        `match` (M,) are overlaps with those before; `same` is who of them it surely is, -1 unknown.
        """
        seen = _Seen(detection)
        if len(match) and match.max() >= _SAME_PERSON:
            before = self._people[int(match.argmax())]
            step = detection.box - before.detection.box
            seen.move = np.asarray(_SMOOTHING * step + (1 - _SMOOTHING) * before.move, np.float32)
            seen.missed = before.missed + self._searched
        if found:
            seen.missed = 0
        if same >= 0:
            seen.look, seen.look_age = self._people[same].look, self._people[same].look_age + 1
        return seen

    def _expected(self) -> NDArray[np.float32]:
        return np.array([one.expected for one in self._people], np.float32).reshape(-1, 4)

    def _newcomers(self, new: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
        """What is new (h, w) that no known person explains and that has not been looked through yet.

        A shadow, or an item gone from its shelf, is looked through once from one search of everything to the next.
        """
        rest = _unexplained(new, self._expected() * (new.shape[1] / width))
        if self._looked_through is None:
            self._looked_through = np.zeros_like(rest)
        fresh = cv2.compare(rest, self._looked_through, cv2.CMP_GT)
        if not fresh.any():
            return np.zeros_like(rest)
        _, pieces, stats, _ = cv2.connectedComponentsWithStats(rest)
        newer = np.bincount(pieces[fresh > 0], minlength=len(stats))
        wanted = newer >= _FRESH * stats[:, cv2.CC_STAT_AREA]
        wanted[0] = False  # what is not new
        rest[~wanted[pieces]] = 0
        cv2.max(self._looked_through, rest, dst=self._looked_through)
        return rest


def _surely_same(boxes: NDArray[np.float32], match: NDArray[np.float64]) -> NDArray[np.int64]:
    """(N,) which of the people before each of the boxes (N, 4) is, -1 where that is not sure.

    `match` (N, M) are the overlaps with the boxes before.
    """
    if not match.size:
        return np.full(len(boxes), -1, np.int64)
    crowd = overlaps(boxes, boxes)
    np.fill_diagonal(crowd, 0)
    sure = (match.max(1) >= _SURELY_SAME) & (crowd.max(1) < _ALONE)
    return np.where(sure, match.argmax(1), -1)


def _unexplained(new: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.uint8]:
    """What is new (h, w) outside of boxes (N, 4) px, which are taken a little larger."""
    rest = new.copy()
    for x1, y1, x2, y2 in boxes:
        aside, above = _EXPLAINED_MARGIN * (x2 - x1) + 3, _EXPLAINED_MARGIN * (y2 - y1) + 3
        rest[max(0, int(y1 - above)) : max(0, int(y2 + above)), max(0, int(x1 - aside)) : max(0, int(x2 + aside))] = 0
    return rest


def _boxes(people: Sequence[Detection]) -> NDArray[np.float32]:
    return np.array([one.box for one in people], np.float32).reshape(-1, 4)
