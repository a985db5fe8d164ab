"""Checksums of large files: of blocks sampled over the file, quick enough for every opening, and of every byte."""

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

_BLOCK, _SAMPLES, _STRIDE = 4096, 64, 1 << 22


class Fingerprint(BaseModel):
    """A file's length and checksums."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bytes: int = Field(ge=0, description="length of the file")
    sampled: str = Field(description="BLAKE2b over up to 65 blocks of 4 KiB, the first and the last among them")
    whole: str = Field(description="BLAKE2b over every byte; empty where it was not asked for")


def fingerprint(path: Path, whole: bool = False) -> Fingerprint:
    """Length and checksums of a file; `whole` reads every byte. Raises OSError."""
    size = path.stat().st_size
    sampled, full = hashlib.blake2b(digest_size=16), hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        for number in range(_SAMPLES + 1):
            file.seek(max(0, size - _BLOCK) * number // _SAMPLES)
            sampled.update(file.read(_BLOCK))
        file.seek(0)
        while whole and (part := file.read(_STRIDE)):
            full.update(part)
    return Fingerprint(bytes=size, sampled=sampled.hexdigest(), whole=full.hexdigest() if whole else "")
