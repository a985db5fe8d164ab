"""What can go wrong in `tracking`.

TrackingError
├── BadInput          a file holds something that is not allowed: file, field, found, allowed
├── UnknownCamera     a frame or an observation names a camera that has no calibration
├── BadFrame          a frame is not a BGR picture of the size its calibration says
└── MissingWeights    a network's weights are not where they should be
"""


class TrackingError(Exception):
    """Root of everything that this package raises on purpose."""


class BadInput(TrackingError):
    """A file holds a value that is not allowed.

    Args:
        file: the file as the user named it.
        field: dotted path of the field inside the file.
        found: the value found there.
        allowed: what would have been allowed, in words.
    """

    def __init__(self, file: str, field: str, found: object, allowed: str) -> None:
        super().__init__(f"{file}: {field}: found {found!r}, allowed: {allowed}")
        self.file = file
        self.field = field
        self.found = found
        self.allowed = allowed


class UnknownCamera(TrackingError):
    """A frame or an observation names a camera that has no calibration."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"camera {name!r} has no calibration; known cameras: {', '.join(known)}")
        self.name = name
        self.known = known


class BadFrame(TrackingError):
    """A frame is not a BGR uint8 picture of the size its camera's calibration says."""


class MissingWeights(TrackingError):
    """A network's weights are not where they should be."""
