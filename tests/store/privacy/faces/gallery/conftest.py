from pathlib import Path

import numpy as np
import pytest

from store.privacy.faces.gallery import stranger_chunks
from store.privacy.faces.matcher import Vectors

SIZE, SEED = 30_000, 7


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this folder's tests build their indexes, each once."""
    return tmp_path_factory.mktemp("galleries")


@pytest.fixture(scope="session")
def originals() -> Vectors:
    """The strangers as they were drawn, in 32 bits."""
    return np.concatenate(list(stranger_chunks(SIZE, SEED)))
