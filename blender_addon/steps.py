"""Jobs for which the main thread has something to do first: Blender is watched and renders nowhere else."""

# The bpy stubs make every data-block optional, and do not know that operators report.
# mypy: disable-error-code="attr-defined"

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import bpy

from . import operators
from .drawing import refuse
from .job import Job

STEP_SECONDS = 0.08
"""How long the interface stands still at a time; a single step may take longer."""


class SteppedOperator(operators.JobOperator):
    """A job that begins when the steps are done, which are taken a few at every tick."""

    def start_after(
        self,
        context: bpy.types.Context,
        label: str,
        steps: Generator[float, None, None],
        share: float,
        work: Callable[[Job], Any],
        scratch: Path,
    ) -> Any:
        """Take the steps, which yield the part that is done and move the bar up to share, then run work(job).

        The label says beside the bar what is done. Cancelled, steps and work leave no scratch folder.
        """
        self._steps, self._share, self._ready = steps, share, threading.Event()

        def work_when_ready(job: Job) -> Any:
            job.label = label
            while not self._ready.wait(0.05):
                if job.is_cancelled:
                    return None
            return work(job)

        return self.start(context, work_when_ready, scratch)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        job = operators.running_job()
        if job and event.type == "TIMER" and not (self._ready.is_set() or job.is_cancelled):
            try:
                self._take_steps(job)
            except ValueError as error:
                self.cancel(context)
                return refuse(self, error)
        return operators.JobOperator.modal(self, context, event)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender calls this too, when the window closes or another file is opened."""
        self._steps.close()  # so that the scene goes back to where it was
        operators.JobOperator.cancel(self, context)

    def _take_steps(self, job: Job) -> None:
        end = time.monotonic() + STEP_SECONDS
        for done in self._steps:
            job.report_progress(self._share * done)
            if time.monotonic() > end:
                return
        self._ready.set()
