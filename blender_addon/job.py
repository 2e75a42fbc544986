"""Work in a thread of its own, which can be watched and stopped. Knows nothing of Blender."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any


class Job:
    """Runs work(job) in a thread from the start on; the work reports progress and looks at is_cancelled.

    A scratch folder is removed when the job is cancelled, as soon as the work has ended.
    """

    def __init__(self, work: Callable[[Job], Any], scratch: Path | None = None) -> None:
        self.progress = 0.0
        """Part that is done, in [0, 1]."""
        self.label = "Listening"
        """What it does, for the bar."""
        self._cancelled = threading.Event()
        self._scratch = scratch
        pool = ThreadPoolExecutor(max_workers=1)
        self._future: Future[Any] = pool.submit(work, self)
        pool.shutdown(wait=False)  # the thread ends with its only work

    def report_progress(self, done: float) -> None:
        """Called by the work with the part that is done, in [0, 1]."""
        self.progress = done

    def cancel(self) -> None:
        """Ask the work to stop; nobody has to wait until it does."""
        if self.is_cancelled:
            return
        self._cancelled.set()
        if self._scratch:  # the work may have ended just before it could see this
            scratch = self._scratch
            self._future.add_done_callback(lambda _: shutil.rmtree(scratch, ignore_errors=True))

    @property
    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()

    @property
    def is_done(self) -> bool:
        return self._future.done()

    def result(self) -> Any:
        """What the work returned, waiting until it is done; raises what it raised."""
        return self._future.result()
