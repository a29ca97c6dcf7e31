"""A set of leaves is a set of numbers, in less memory."""

import random
import tracemalloc

from consent_server.ledger.leaves import Leaves


def test_it_holds_what_a_set_holds_after_the_same_steps():
    chance = random.Random(1)
    leaves, numbers = Leaves(), set()

    for _ in range(3_000):
        index = chance.randrange(1_200)
        if chance.random() < 0.6:
            leaves.add(index)
            numbers.add(index)
        else:
            some = [index, index + 1, index + 256]
            leaves.discard_all(some)
            numbers -= set(some)

    assert list(leaves) == sorted(numbers) != []
    assert [index in leaves for index in range(1_300)] == [
        index in numbers for index in range(1_300)
    ]


def test_a_hundred_thousand_leaves_take_less_than_a_byte_each():
    tracemalloc.start()
    leaves = Leaves()
    for index in range(100_000):
        leaves.add(index)
    taken = tracemalloc.get_traced_memory()[0]
    numbers = set(range(100_000))
    of_numbers = tracemalloc.get_traced_memory()[0] - taken
    tracemalloc.stop()

    assert taken < 100_000
    assert of_numbers > 30 * len(numbers)  # the control
