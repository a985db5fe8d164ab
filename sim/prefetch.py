"""Runs an iterator in a thread of its own, a few items ahead, so that drawing and watching use a core each."""

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Prefetch(Generic[Item]):
    """Iterates over `make()` while a thread works ahead; order and items are those of `make()`.

    `make` is called inside the thread, because an OpenGL context belongs to the thread that made it. Leaving the
    `with` block stops the thread after its current item and closes the iterator there.

    Args:
        make: makes the iterator.
        ahead: items that may wait.
    """

    _END = object()

    def __init__(self, make: Callable[[], Iterator[Item]], ahead: int = 3) -> None:
        self._queue: queue.Queue[object] = queue.Queue(ahead)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(make,), daemon=True)

    def __enter__(self) -> Iterator[Item]:
        self._thread.start()
        return self._items()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        while self._thread.is_alive():
            try:
                self._queue.get(timeout=0.05)
            except queue.Empty:
                continue

    def _items(self) -> Iterator[Item]:
        while (item := self._queue.get()) is not self._END:
            if isinstance(item, _Failure):
                raise item.error
            yield item  # type: ignore[misc]  # the queue holds what _work put into it

    def _work(self, make: Callable[[], Iterator[Item]]) -> None:
        try:
            iterator = make()
            for item in iterator:
                self._queue.put(item)
                if self._stop.is_set():
                    close = getattr(iterator, "close", None)
                    if close:
                        close()
                    return
            self._queue.put(self._END)
        except BaseException as error:  # handed to the thread that waits for the items
            self._queue.put(_Failure(error))


class _Failure:
    def __init__(self, error: BaseException) -> None:
        self.error = error
