"""Nothing, or a database of an earlier version -> the schema of this version.

Append only: a step that has shipped is never edited. `PRAGMA user_version` is the number of steps
applied, `PRAGMA application_id` marks the file as ours; both change in the transaction of the step.
Every table and column is described in docs/schema.md, which a test compares with this schema.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from aggregator.store.schema import FIRST

APPLICATION_ID = 0x48454144
"""`HEAD` in ASCII; `file` and SQLite's own tools show it."""

migrations = Migrations("aggregator")


@migrations(name="m001_create")
def _create(db: Database) -> None:
    """The first schema."""
    for statement in FIRST:
        db.conn.execute(statement)


STEPS = ("m001_create",)
SCHEMA_VERSION = len(STEPS)


def migrate(db: Database, steps: Migrations = migrations) -> None:
    """Applies what is missing, all in one transaction; the caller holds the database's lock.

    sqlite-utils alone would begin a deferred transaction for each step, and two starters would
    meet in the middle ("database is locked").
    """
    db.conn.execute("BEGIN IMMEDIATE")
    try:
        steps.apply(db)
        db.conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.conn.execute(f"PRAGMA user_version = {len(steps.applied(db))}")
        db.conn.execute("COMMIT")
    except BaseException:
        db.conn.rollback()
        raise
