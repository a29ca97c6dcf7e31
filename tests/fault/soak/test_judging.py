"""What the judge of long runs finds in figures that are made up."""

from collections import Counter

from tests.fault.soak.judging import Soaked, found, growth, slope
from tests.fault.soak.watching import Seen

FILES = ["consent.db", "N.counts"]
FIRST = Counter(socket=1)


def seen(kept=0.0, descriptors=0.0, threads=10, databases=9, times=1):
    """What was seen of one process: so many KiB and descriptors more with each request."""
    return [
        Seen(
            answered,
            # Something always comes and goes.
            50_000 + answered * kept + (3_000 if answered % 500 == 0 else 0),
            25_000,
            70_000,
            threads,
            databases,
            Counter(pipe=4, null=1 + int(answered * descriptors)),
        )
        for answered in range(100 * times, 2100 * times, 100 * times)
    ]


def soaked(*generations, first=((50_000, FIRST),) * 2, files=(FILES,) * 3):
    return Soaked(1, list(generations), list(first), list(files))


def test_a_slope_is_that_of_most_points():
    assert slope([(1, 2.0), (2, 4.0), (3, 90.0), (4, 8.0), (5, 10.0)]) == 2.0


def test_nothing_is_found_where_things_come_and_go():
    assert found(soaked(seen(), seen())) == []


def test_a_kibibyte_of_each_request_is_found():
    kept = soaked(seen(kept=1.0), seen(kept=1.0))

    assert 900 < growth(kept, "small") < 1100
    assert [told.partition(":")[0] for told in found(kept)] == ["memory, small"]


def test_what_grows_more_slowly_is_found_with_more_requests():
    assert found(soaked(seen(kept=0.1), seen(kept=0.1))) == []
    assert len(found(soaked(seen(kept=0.1, times=10), seen(kept=0.1, times=10)))) == 1


def test_one_generation_of_many_does_not_count_as_growth():
    assert found(soaked(seen(), seen(kept=9.0), seen(), seen())) == []


def test_descriptors_threads_and_connections_are_found():
    told = found(soaked(seen(descriptors=0.01), seen(threads=99), seen(databases=99)))

    assert [line.partition(" ")[0] for line in told[:3]] == [
        "descriptors",
        "threads",
        "connections",
    ]


def test_what_stays_after_reloads_is_found():
    more = Counter(socket=2)
    told = found(
        soaked(
            seen(),
            first=((50_000, FIRST), *((50_000 + 300 * times, more) for times in range(3))),
            files=(FILES, FILES, [*FILES, "left"]),
        )
    )

    assert [line.partition(":")[0] for line in told] == [
        "descriptors of the first process",
        "memory",
        "files",
    ]
