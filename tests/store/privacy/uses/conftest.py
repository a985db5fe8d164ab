import pytest
from made_up import made_up_period

from store.privacy import Period


@pytest.fixture(scope="session")
def period() -> Period:
    """Three days of nine regulars who come every day; every third one with the one before."""
    return made_up_period(days=3, people=9, comes=1.0, seed=4)


@pytest.fixture(scope="session")
def now_and_then() -> Period:
    """Five days of eighteen regulars who come on most days, so that households do not always come whole."""
    return made_up_period()
