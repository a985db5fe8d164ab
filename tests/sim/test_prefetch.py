"""Working ahead changes nothing but the time it takes."""

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.prefetch import Prefetch


@settings(max_examples=30, deadline=None)
@given(items=st.lists(st.integers(), max_size=30), ahead=st.integers(1, 5))
def test_items_come_in_the_order_in_which_they_are_made(items: list[int], ahead: int) -> None:
    with Prefetch(lambda: iter(items), ahead) as received:
        assert list(received) == items


def test_an_error_reaches_whoever_waits_for_the_next_item() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("the camera fell down")

    with Prefetch(failing) as received:
        assert next(received) == 1
        with pytest.raises(ValueError, match="the camera fell down"):
            next(received)


def test_leaving_early_stops_the_thread_and_closes_the_iterator_in_its_own_thread() -> None:
    closed_by: list[int] = []

    def endless() -> Iterator[int]:
        try:
            number = 0
            while True:
                yield number
                number += 1
        finally:
            closed_by.append(threading.get_ident())

    with Prefetch(endless, ahead=2) as received:
        assert next(received) == 0
        assert next(received) == 1
    assert len(closed_by) == 1
    assert closed_by[0] != threading.get_ident()
