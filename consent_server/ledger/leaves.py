"""A set of leaves of a log: a bit each, so that millions of them take a few MB."""

from collections.abc import Iterable, Iterator

from consent_server.ledger.tiles import WIDTH


class Leaves:
    """Some leaves of a log, by index; as numbers in a set each would take a hundred bytes."""

    def __init__(self) -> None:
        #: Tile of leaves → a bit for each of its leaves that is in the set.
        self._tiles: dict[int, int] = {}

    def add(self, index: int) -> None:
        """Add a leaf."""
        tile, place = divmod(index, WIDTH)
        self._tiles[tile] = self._tiles.get(tile, 0) | 1 << place

    def discard_all(self, indexes: Iterable[int]) -> None:
        """Take leaves out, as far as they are in."""
        for tile, place in (divmod(index, WIDTH) for index in indexes):
            if left := self._tiles.get(tile, 0) & ~(1 << place):
                self._tiles[tile] = left
            else:
                self._tiles.pop(tile, None)

    def __contains__(self, index: int) -> bool:
        tile, place = divmod(index, WIDTH)
        return bool(self._tiles.get(tile, 0) >> place & 1)

    def __iter__(self) -> Iterator[int]:
        """Yield the leaves in their order."""
        for tile in sorted(self._tiles):
            bits = self._tiles[tile]
            yield from (tile * WIDTH + at for at in range(WIDTH) if bits >> at & 1)
