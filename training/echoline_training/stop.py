"""Being asked to stop: SIGTERM ends a run at its next step, after a checkpoint, so that nothing is lost.

In several processes it ends them at once: they would wait for each other. Those go on from their last checkpoint.
"""

from __future__ import annotations

import signal

from .checkpoint import TrainingError

_asked = False


class StoppedError(TrainingError):
    """The run was asked to stop, and did."""


def _ask(*_: object) -> None:
    global _asked
    _asked = True


def listen(processes: int) -> None:
    """From now on SIGTERM asks."""
    global _asked
    _asked = False
    if processes == 1:
        signal.signal(signal.SIGTERM, _ask)


def asked() -> bool:
    """Whether the run was asked to stop."""
    return _asked
