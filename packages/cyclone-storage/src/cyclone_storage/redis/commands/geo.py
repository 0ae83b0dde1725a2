"""Commands on places on Earth, which a sorted set holds."""

from collections.abc import Iterable
from typing import Any

from twisted.internet.defer import Deferred, fail

from cyclone_storage.redis.commands.replies import score
from cyclone_storage.redis.commands.runner import CommandRunner
from cyclone_storage.redis.commands.shapes import shaped
from cyclone_storage.redis.commands.words import listed, option
from cyclone_storage.redis.errors import InvalidData
from cyclone_storage.redis.types import Key, Value

__all__ = ["GeoCommands"]


def _position(pair: list[Any]) -> tuple[float, float]:
    longitude, latitude = pair
    return float(longitude), float(latitude)


@shaped("a list of longitudes and latitudes")
def as_positions(reply: Any) -> object:  # noqa: ANN401 -- a reply
    """Make a pair of floats of each position, also where numbers are not converted."""
    return [each and _position(each) for each in reply]


class GeoCommands(CommandRunner):
    """Commands on places on Earth, which a sorted set holds."""

    __slots__ = ()

    def geoadd(
        self, key: Key, longitude: float, latitude: float, member: Value, *args: Value
    ) -> Deferred[int]:
        """Put places into a sorted set.

        Args:
            key: The key.
            longitude: Degrees east.
            latitude: Degrees north.
            member: The place's name.
            args: Further longitudes, latitudes and names in turn.

        Returns:
            How many are new.
        """
        return self._run("execute_command", "GEOADD", key, longitude, latitude, member, *args)

    def geodist(
        self, key: Key, member: Value, other: Value, unit: str = "m"
    ) -> Deferred[float | None]:
        """Give the distance of two places.

        Args:
            key: The key.
            member: The member.
            other: The other one.
            unit: `"m"`, `"km"`, `"mi"` or `"ft"`.

        Returns:
            The distance, or None if one of them is not there.
        """
        return self._run("execute_command", "GEODIST", key, member, other, unit, post_proc=score)

    def geohash(
        self, key: Key, members: Value | Iterable[Value], *args: Value
    ) -> Deferred[list[str | None]]:
        """Give the Geohash texts of places.

        Args:
            key: The key.
            members: A member or several.
            args: Further ones.

        Returns:
            A text of each, None for those that are not there.
        """
        return self._run("execute_command", "GEOHASH", key, *listed(members, args))

    def geopos(
        self, key: Key, members: Value | Iterable[Value], *args: Value
    ) -> Deferred[list[tuple[float, float] | None]]:
        """Give the positions of places.

        Args:
            key: The key.
            members: A member or several.
            args: Further ones.

        Returns:
            Longitude and latitude of each, None for those that are not there.
        """
        return self._run(
            "execute_command", "GEOPOS", key, *listed(members, args), post_proc=as_positions
        )

    def geosearch(
        self,
        key: Key,
        *,
        member: Value | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        unit: str = "m",
        sort: str | None = None,
        count: int | None = None,
    ) -> Deferred[list[Value]]:
        """Find places in a circle or a box (Redis 6.2).

        Args:
            key: The key.
            member: The place in the middle, or else:
            longitude: Degrees east of the middle.
            latitude: Degrees north of the middle.
            radius: That of a circle, or else:
            width: That of a box.
            height: That of a box.
            unit: `"m"`, `"km"`, `"mi"` or `"ft"`.
            sort: `"ASC"`, the nearest first, or `"DESC"`.
            count: How many.

        Returns:
            Their names.

        Raises:
            InvalidData: The middle or the size is missing, or there are two.
        """
        middles = (member is not None, longitude is not None and latitude is not None)
        sizes = (radius is not None, width is not None and height is not None)
        if sum(middles) != 1 or sum(sizes) != 1:
            return fail(
                InvalidData(
                    "geosearch(): give `member` or both `longitude` and `latitude`, and `radius` or both "
                    "`width` and `height`"
                )
            )
        middle = ("FROMMEMBER", member) if middles[0] else ("FROMLONLAT", longitude, latitude)
        size = ("BYRADIUS", radius, unit) if sizes[0] else ("BYBOX", width, height, unit)
        return self._run(
            "execute_command",
            "GEOSEARCH",
            key,
            *middle,
            *size,
            *listed(sort or ()),
            *option("COUNT", count),
        )
