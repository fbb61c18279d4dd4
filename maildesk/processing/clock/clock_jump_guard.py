"""Is the time of day to be believed? A clock that leaps must not close what waits for weeks."""

from datetime import datetime

LEAP_SECONDS = 60.0
PATIENCE_SECONDS = 300.0


class ClockJumpGuard:
    """Compares the clock on the wall with the time that has passed since the last look.

    After a leap, forward or back, nothing is struck until the new time has lasted for
    PATIENCE_SECONDS: a wrong time that is set right again does no harm, and a machine that slept
    is a few minutes late.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._leapt: tuple[float, float] | None = None

    def trusts(self, wall: datetime, passed: float) -> bool:
        """Whether deadlines may be struck now. `passed` are seconds that only go forward."""
        offset = wall.timestamp() - passed
        if self._offset is None or _near(offset, self._offset) or self._lasted(offset, passed):
            self._offset, self._leapt = offset, None
            return True
        if self._leapt is None or not _near(offset, self._leapt[0]):
            self._leapt = (offset, passed)
        return False

    def _lasted(self, offset: float, passed: float) -> bool:
        if self._leapt is None or not _near(offset, self._leapt[0]):
            return False
        return passed - self._leapt[1] >= PATIENCE_SECONDS


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= LEAP_SECONDS
