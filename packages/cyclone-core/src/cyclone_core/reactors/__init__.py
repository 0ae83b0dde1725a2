"""Finding the reactor on which a program runs, also where `asyncio.run` runs it."""

from cyclone_core.reactors.finding import WrongReactor, find_reactor

__all__ = ["WrongReactor", "find_reactor"]
