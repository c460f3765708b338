"""How hard a check was, and whether it tells apart who can do the rest.

Both figures are those of the quiz statistics of Moodle, there called facility and
discrimination index (``question/classes/statistics/questions/calculator.php``;
https://docs.moodle.org/dev/Quiz_statistics_calculations).
"""

import statistics
from collections.abc import Sequence

# A correlation of fewer works says nothing.
MIN_WORKS = 5


def difficulty(marks: Sequence[float], most: float) -> float | None:
    """Return the mean of a check's marks, of the points that it earns at most.

    It is 0 where nobody has a point, 1 where everybody has all. None without marks.
    """
    return statistics.fmean(marks) / most if marks and most else None


def discrimination(
    marks: Sequence[float], of_the_rest: Sequence[float]
) -> float | None:
    """Return Pearson's correlation of a check's marks with those of all other checks.

    For a check that is held or not it is the point-biserial correlation, corrected: the
    check itself is no part of what it is compared with. It is near 1 where those who
    hold the check are those who do well elsewhere; below 0 where they do worse.

    Args:
        marks: a check's points, by work.
        of_the_rest: the points in all other checks, of the same works.

    Returns:
        None where there are fewer than ``MIN_WORKS`` works, or all have the same.
    """
    if len(marks) < MIN_WORKS:
        return None
    # So that sums in another order do not differ where they are equal.
    rest = [round(points, 9) for points in of_the_rest]
    try:
        return statistics.correlation(marks, rest)
    except statistics.StatisticsError:
        return None
