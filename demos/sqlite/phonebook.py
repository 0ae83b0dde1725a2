# run: cyclone run phonebook.py

import os
import sqlite3

import cyclone.web
from cyclone.sqlite import SQLitePool, dict_row
from cyclone_storage.dbsafe import dbsafe

SCHEMA = """
CREATE TABLE IF NOT EXISTS people (
    name TEXT PRIMARY KEY,
    number TEXT NOT NULL CHECK (length(number) BETWEEN 3 AND 20)
);
"""
Row = dict[str, object]


class BaseHandler(cyclone.web.RequestHandler):
    @property
    def pool(self) -> SQLitePool[Row]:
        """The database of the application."""
        pool: SQLitePool[Row] = self.settings.pool
        return pool


class PeopleHandler(BaseHandler):
    """All people, or those whose name begins with the argument `name`."""

    @dbsafe
    async def get(self) -> None:
        # A parameter, whatever is in it: it never becomes a part of the statement.
        rows = await self.pool.runQuery(
            "SELECT name, number FROM people WHERE substr(name, 1, length(:name)) = :name ORDER BY name",
            {"name": self.get_argument("name", "")},
        )
        self.write({"people": rows})


class PersonHandler(BaseHandler):
    """One person."""

    @dbsafe
    async def get(self, name: str) -> None:
        rows = await self.pool.runQuery("SELECT name, number FROM people WHERE name = ?", name)
        if not rows:
            raise cyclone.web.HTTPError(404)
        self.write(rows[0])

    @dbsafe
    async def put(self, name: str) -> None:
        number = self.get_argument("number")
        try:
            async with self.pool.transaction() as t:
                known = await t.runQuery("SELECT number FROM people WHERE name = ?", name)
                await t.runOperation("INSERT OR REPLACE INTO people VALUES (?, ?)", name, number)
        except sqlite3.IntegrityError as error:
            raise cyclone.web.HTTPError(400, "%s", error, reason="No Such Number") from None
        self.set_status(200 if known else 201)
        self.write({"before": known[0]["number"] if known else None})

    @dbsafe
    async def delete(self, name: str) -> None:
        await self.pool.runOperation("DELETE FROM people WHERE name = ?", name)
        self.set_status(204)


class Application(cyclone.web.Application):
    def __init__(self) -> None:
        pool = SQLitePool(os.environ.get("PHONEBOOK", "phonebook.db"), row_factory=dict_row)
        # Nothing waits for it: writes run in the order in which they were given.
        pool.runScript(SCHEMA)
        handlers = [("/people", PeopleHandler), ("/people/([^/]+)", PersonHandler)]
        super().__init__(handlers, pool=pool)
