"""The store's cameras: frames at the price of what moves, and what each of them truly sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.drawing import NEAR_M, Pencil, Pinhole, Window, metres
from sim.face_capture import FaceMotion, FaceView, face_views
from sim.lens import Lens, SensorNoise
from sim.light import LightLevel
from sim.scene import SceneState
from sim.stage import Stage
from sim.visibility import Bodies, TruthBox, skin_areas, truth_boxes
from tracking.camera import Camera

if TYPE_CHECKING:
    from sim.people import Person
    from sim.props.prop import Prop
    from sim.store_plan import StorePlan

Picture = NDArray[np.uint8]
Depth = NDArray[np.float32]
_FLESH_M = 0.36  # nothing of a person, bag and held item is farther from the nearest bone
_NEAR_BONE_M = 0.25  # somebody nearer to the camera fills its view
_ITEM_M = 0.3  # no item reaches further from its middle
_STATIC, _DYNAMIC = int(mujoco.mjtCatBit.mjCAT_STATIC), int(mujoco.mjtCatBit.mjCAT_DYNAMIC)


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """How frames are made.

    noise_sd: sensor noise in grey levels. supersample: how many times finer the empty store is drawn, each way.
    contact_shadow: how much darker the floor is under a person, 0 to 1. exposure_s: for motion blur of faces.
    refresh: whether the picture of the empty store follows the shelves.
    """

    noise_sd: float = 3.0
    supersample: int = 2
    contact_shadow: float = 0.3
    exposure_s: float = 1 / 60
    refresh: bool = True


@dataclass(slots=True)
class _View:
    """One camera's lens, its empty store, and its last instant.

    colour, depth: the empty store as OpenGL draws it, upside-down RGB and raw depth. floor: 255 where that is bare
    floor. bent: the empty store as the camera records it, upright BGR.
    """

    lens: Lens
    colour: Picture
    depth: Depth
    floor: Picture
    bent: Picture
    people: Window | None = None
    people_depth: Depth | None = None
    whole_depth: Depth | None = None
    stale: bool = False

    def scene_depth(self) -> Depth:
        """Raw depth of the last instant, people included."""
        if self.people is None or self.people_depth is None:
            return self.depth
        if self.whole_depth is None:
            self.whole_depth = self.depth.copy()
            part = self.people.of(self.whole_depth)
            np.maximum(part, self.people_depth, out=part)
        return self.whole_depth

    def set_people(self, window: Window | None, depth: Depth | None) -> None:
        """Takes the part of the picture in which people are, and their raw depth there; None where nobody is."""
        self.people, self.people_depth, self.whole_depth, self.stale = window, depth, None, False


class StoreRenderer:
    """Renders a store's cameras; close it, or use it in a `with` block.

    The store is drawn once a camera, in colour and depth, and again where items came or went; a frame then costs the
    people alone, who are put before or behind it by depth.
    """

    def __init__(
        self,
        plan: StorePlan,
        people: Mapping[str, Person],
        cameras: Mapping[str, Camera],
        rng: np.random.Generator,
        settings: RenderSettings = RenderSettings(),
        moving: Sequence[Lens] = (),
        props: Sequence[Prop] = (),
    ) -> None:
        """Compiles the scene and draws every camera's empty store.

        `moving`: lenses that `look` will be asked for. `props`: things that scenes may place, drawn with the people.

        Raises:
            MissingLibrary: the machine cannot draw.
        """
        self.settings, self.cameras = settings, dict(cameras)
        self.stage = Stage(plan, people, props)
        lenses = {name: Lens.of(camera) for name, camera in self.cameras.items()}
        fine = settings.supersample
        self._pencil = Pencil(
            self.stage.model,
            max([lens.pinhole.width * fine for lens in lenses.values()] + [lens.pinhole.width for lens in moving]),
            max([lens.pinhole.height * fine for lens in lenses.values()] + [lens.pinhole.height for lens in moving]),
        )
        everywhere = [*self.cameras.values(), *(lens.camera for lens in moving)]
        largest = max(camera.width * camera.height for camera in everywhere)
        self._noise = SensorNoise(settings.noise_sd, rng, largest)
        self._areas = {
            skin: skin_areas(self.stage.model, skin) for person in people.values() for skin in person.skin_ids
        }
        self._shown: SceneState | None = None
        self._motion = FaceMotion(settings.exposure_s)
        self.faces = self._motion.faces(0.0, {}, {})
        self._pencil.load(self.stage.data, _STATIC)
        self._views = {name: self._empty_view(lens) for name, lens in lenses.items()}

    def render(self, scene: SceneState, only: Sequence[str] | None = None) -> dict[str, Picture]:
        """A frame (H, W, 3) uint8 BGR of every camera, or of those named in `only`."""
        self._show(scene)
        return {name: self._frame(view, scene) for name, view in self._chosen(only)}

    def render_empty(self, only: Sequence[str] | None = None) -> dict[str, Picture]:
        """Every camera's picture of the store without people, as the shelves are now; or of those in `only`."""
        return {name: self._noise.add(view.bent.copy()) for name, view in self._chosen(only)}

    def truth_boxes(self, scene: SceneState, only: Sequence[str] | None = None) -> dict[str, list[TruthBox]]:
        """What each camera, or those in `only`, sees of each person: amodal box, visible fraction, COCO keypoints."""
        self._show(scene)
        bodies = self._bodies()
        result: dict[str, list[TruthBox]] = {}
        for name, view in self._chosen(only):
            self._ensure_depth(view)
            result[name] = truth_boxes(view.lens, view.scene_depth(), bodies)
        return result

    def face_captures(self, scene: SceneState, only: Sequence[str] | None = None) -> list[FaceView]:
        """Every face that is turned towards a camera, or one of those in `only`, that shows some of it."""
        self._show(scene)
        views: list[FaceView] = []
        for camera, view in self._chosen(only):
            self._ensure_depth(view)
            views += face_views(camera, view.lens, view.scene_depth(), self.faces)
        return views

    def who(self, camera: str) -> NDArray[np.int16]:
        """Number of the person, in the stage's order, that each pixel (H, W) of the last frame shows, else -1."""
        view = self._views[camera]
        skin, depth = self._pencil.segment(view.lens.pinhole)
        owner = np.full(self.stage.model.nskin + 1, -1, np.int16)
        for number, person in enumerate(self.stage.people.values()):
            owner[list(person.skin_ids)] = number
        return view.lens.bend_labels(np.where(depth > view.depth, owner[skin], np.int16(-1)).astype(np.int16))

    def look(self, lens: Lens, scene: SceneState, bearer: str) -> tuple[Picture, Depth]:
        """What a moving camera sees: its frame (H, W, 3) uint8 BGR, and raw depth of its pinhole picture, upside down.

        Everything is drawn anew, as nothing of a moving view can be kept. `bearer`, who wears it, is not drawn.
        """
        colour, depth = self.draw_whole(lens.pinhole, scene, bearer)
        return self._noise.add(lens.bend(colour)), depth

    def draw_whole(
        self, view: Pinhole, scene: SceneState, bearer: str | None = None, window: Window | None = None
    ) -> tuple[Picture, Depth]:
        """RGB and raw depth of any view of the scene, or a part of it, upside down as OpenGL draws; without noise."""
        self._show(scene)
        if bearer is not None:
            self.stage.hide(bearer)
        self._pencil.load(self.stage.data, _STATIC | _DYNAMIC)
        drawn = self._pencil.draw(view, window)
        if bearer is not None:
            self.stage.reveal(bearer)
        self._pencil.load(self.stage.data, _DYNAMIC)
        return drawn

    def relight(self, level: LightLevel) -> None:
        """Draws every camera's empty store anew under another light, in which people stand from now on."""
        self.stage.light(level)
        self._pencil.load(self.stage.data, _STATIC)
        for view in self._views.values():
            self._draw_empty(view, Window(0, 0, view.lens.pinhole.width, view.lens.pinhole.height))
        self._pencil.load(self.stage.data, _DYNAMIC)

    def close(self) -> None:
        """Frees the drawing context."""
        self._pencil.close()

    def __enter__(self) -> StoreRenderer:
        """The renderer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self.close()

    def _chosen(self, only: Sequence[str] | None) -> list[tuple[str, _View]]:
        return [(name, self._views[name]) for name in (self._views if only is None else only)]

    def _show(self, scene: SceneState) -> None:
        """Sets the stage, once for the same scene, and redraws the empty store where it changed."""
        if scene is self._shown:
            return
        changed = self.stage.show(scene)
        if changed and self.settings.refresh:
            self._pencil.load(self.stage.data, _STATIC)
            for view in self._views.values():
                window = _window_around(view, changed)
                if window is not None:
                    self._draw_empty(view, window)
        self._pencil.load(self.stage.data, _DYNAMIC)
        for view in self._views.values():
            view.stale = True
        self.faces = self._motion.faces(scene.t, self.stage.people, self.stage.poses)
        self._shown = scene

    def _empty_view(self, lens: Lens) -> _View:
        shape = (lens.pinhole.height, lens.pinhole.width)
        view = _View(
            lens=lens,
            colour=np.zeros((*shape, 3), np.uint8),
            depth=np.zeros(shape, np.float32),
            floor=np.zeros(shape, np.uint8),
            bent=np.zeros((lens.camera.height, lens.camera.width, 3), np.uint8),
        )
        self._draw_empty(view, Window(0, 0, lens.pinhole.width, lens.pinhole.height))
        view.floor = _floor_mask(view)
        return view

    def _draw_empty(self, view: _View, window: Window) -> None:
        """Draws a part of the empty store into the view's colour and depth."""
        fine = self.settings.supersample
        colour, depth = self._pencil.draw(view.lens.pinhole.scaled(fine), window.scaled(fine))
        target = window.of(view.colour)
        target[:] = cv2.resize(colour, (target.shape[1], target.shape[0]), interpolation=cv2.INTER_AREA)
        window.of(view.depth)[:] = depth[fine // 2 :: fine, fine // 2 :: fine]
        view.bent = view.lens.bend(view.colour)

    def _frame(self, view: _View, scene: SceneState) -> Picture:
        frame = view.bent.copy()
        moving = self._draw_people(view)
        if moving is not None and view.people is not None and view.people_depth is not None:
            picture = view.colour.copy()
            for person in scene.people:
                _darken_floor(picture, view, person.x, person.y, self.settings.contact_shadow)
            for prop in scene.props:
                if prop.z == 0:
                    _darken_floor(picture, view, prop.x, prop.y, self.settings.contact_shadow)
            nearer = cv2.compare(view.people_depth, np.ascontiguousarray(view.people.of(view.depth)), cv2.CMP_GT)
            cv2.copyTo(moving, nearer, view.people.of(picture))
            view.lens.bend_part(picture, view.people, frame)
        return self._noise.add(frame)

    def _draw_people(self, view: _View) -> Picture | None:
        """Draws the part of the view in which people may be, None where nobody is near it."""
        bodies = [pose[:, :3, 3] for pose in self.stage.poses.values()]
        window = _window_of_all(view.lens.pinhole, bodies + list(self.stage.prop_points.values()))
        if window is None:
            view.set_people(None, None)
            return None
        moving, depth = self._pencil.draw(view.lens.pinhole, window)
        view.set_people(window, depth)
        return moving

    def _ensure_depth(self, view: _View) -> None:
        if view.stale:
            self._draw_people(view)

    def _bodies(self) -> Bodies:
        """Everybody's surface and keypoints, as last loaded."""
        people, names = self.stage.people, tuple(self.stage.poses)
        skins = [people[name].worn_skin for name in names]
        parts = [self._pencil.skin_vertices(skin) for skin in skins]
        counts = [len(vertices) for vertices, _ in parts]
        nothing = [np.zeros((0, 3))]
        return Bodies(
            names=names,
            starts=np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64) if names else np.zeros(0, np.int64),
            vertices=np.concatenate([vertices for vertices, _ in parts] or nothing),
            normals=np.concatenate([normals for _, normals in parts] or nothing),
            areas=np.concatenate([self._areas[skin] for skin in skins] or [np.zeros(0)]),
            keypoints=np.array([people[name].keypoints(self.stage.poses[name]) for name in names], np.float64),
        )


def _window_of_all(pinhole: Pinhole, things: list[NDArray[np.float64]]) -> Window | None:
    """The part of the view that holds all people and props, points (N, 3) each, None where nothing is near it."""
    whole = Window(0, 0, pinhole.width, pinhole.height)
    parts = [part for part in (_window_of_one(pinhole, points) for points in things) if part is not None]
    if not parts:
        return None
    return Window(
        max(whole.left, min(part.left for part in parts)),
        max(whole.low, min(part.low for part in parts)),
        min(whole.right, max(part.right for part in parts)),
        min(whole.high, max(part.high for part in parts)),
    )


def _window_of_one(pinhole: Pinhole, bones: NDArray[np.float64]) -> Window | None:
    """The part of the view around bones (B, 3) or corners, with room for flesh, clothes, bag and shadow."""
    pixels = _pixel(pinhole, bones)
    before = pixels[:, 2] > _NEAR_BONE_M
    if not before.any():
        return None
    if not before.all():
        return Window(0, 0, pinhole.width, pinhole.height)
    margin = _FLESH_M * pinhole.focal / pixels[:, 2] + 10
    left, low = (int(np.floor((pixels[:, i] - margin).min())) for i in (0, 1))
    right, high = (int(np.ceil((pixels[:, i] + margin).max())) + 1 for i in (0, 1))
    if right <= 0 or high <= 0 or left >= pinhole.width or low >= pinhole.height:
        return None
    return Window(left, low, right, high)


def _pixel(pinhole: Pinhole, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 3): column and row in the upside-down picture, and depth in metres, of world points (N, 3)."""
    local = (points - pinhole.position) @ pinhole.rotation.T
    z = np.maximum(local[:, 2], 1e-6)
    columns = pinhole.focal * local[:, 0] / z + (pinhole.width - 1) / 2
    rows = pinhole.height - 1 - (pinhole.focal * local[:, 1] / z + (pinhole.height - 1) / 2)
    return np.stack([columns, rows, local[:, 2]], 1)


def _window_around(view: _View, places: list[NDArray[np.float64]]) -> Window | None:
    """The part of the view in which items at these places (3,) may show, None where nobody sees them.

    An item may show where nothing stands more than `_ITEM_M` before it.
    """
    height, width = view.depth.shape
    pixels = _pixel(view.lens.pinhole, np.array(places))
    columns, rows = (np.clip(pixels[:, i], 0, size - 1).astype(int) for i, size in ((0, width), (1, height)))
    margin = view.lens.pinhole.focal * _ITEM_M / np.maximum(pixels[:, 2], 0.2)
    seen = (pixels[:, 2] > NEAR_M) & (metres(view.depth[rows, columns]) > pixels[:, 2] - 2 * _ITEM_M)
    seen &= (np.abs(pixels[:, 0] - columns) <= margin) & (np.abs(pixels[:, 1] - rows) <= margin)
    if not seen.any():
        return None
    low = np.floor((pixels[:, :2] - margin[:, None])[seen].min(0)).astype(int)
    high = np.ceil((pixels[:, :2] + margin[:, None])[seen].max(0)).astype(int) + 1
    return Window(max(low[0], 0), max(low[1], 0), min(high[0], width), min(high[1], height))


def _floor_mask(view: _View) -> Picture:
    """255 where the empty store's pixel (H, W) is bare floor."""
    pinhole = view.lens.pinhole
    columns = (np.arange(pinhole.width) - (pinhole.width - 1) / 2) / pinhole.focal
    rows = ((pinhole.height - 1) / 2 - np.arange(pinhole.height)) / pinhole.focal
    down = pinhole.rotation[:, 2]
    slope = columns[None] * down[0] + rows[:, None] * down[1] + down[2]
    z = pinhole.position[2] + metres(view.depth) * slope
    return np.asarray(np.where(np.abs(z) < 0.03, 255, 0), np.uint8)


_RING = np.stack([np.cos(np.linspace(0, 2 * np.pi, 16)), np.sin(np.linspace(0, 2 * np.pi, 16)), np.zeros(16)], 1)


def _darken_floor(picture: Picture, view: _View, x: float, y: float, strength: float) -> None:
    """A soft shadow of light from everywhere: the floor under a person is a little darker."""
    ring = _pixel(view.lens.pinhole, _RING * 0.34 + np.array([x, y, 0.0]))
    if strength <= 0 or ring[:, 2].min() < 0.3:
        return
    height, width = view.depth.shape
    low = np.maximum(np.floor(ring[:, :2].min(0)).astype(int) - 8, 0)
    high = np.minimum(np.ceil(ring[:, :2].max(0)).astype(int) + 9, (width, height))
    if (high - low).min() < 3:
        return
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    cv2.fillConvexPoly(mask, np.rint(ring[:, :2] - low).astype(np.int32), int(255 * strength))
    size = int(max(3, min(mask.shape) // 4)) | 1
    part = (slice(low[1], high[1]), slice(low[0], high[0]))
    mask = np.asarray(cv2.bitwise_and(cv2.blur(mask, (size, size)), view.floor[part]), np.uint8)
    light = cv2.cvtColor(255 - mask, cv2.COLOR_GRAY2BGR)
    picture[part] = cv2.multiply(picture[part], light, scale=1 / 255)
