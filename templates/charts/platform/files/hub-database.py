"""Copies the hub's database to where it outlives the cluster, and brings the newest good copy back where there is none.

copy [--if-any]  from $DATABASE into the folder $COPIES; with the flag it is no failure that there is no database
restore          from the folder $COPIES to $DATABASE, unless there is one
list             what is in the folder $COPIES
replace NAME     from the folder $COPIES to $DATABASE; what is there is copied first, or kept beside it if it is damaged

With $HUB_VALUES, the hub chart's values, the database is the one that they name, of PostgreSQL or MySQL; its copies are
files of SQLite all the same, with all rows of all tables.

What came of it is written to the file $RESULT, if there is one, as JSON.
"""

import json
import os
import re
import shutil
import sqlite3
import sys
import time
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path

# Of whoever has a database elsewhere there is none.
database = Path(os.environ.get("DATABASE", "/nonexistent")).resolve()
copies = Path(os.environ["COPIES"]).resolve()

# When it was made, in UTC, and the version of the hub's chart: names sort by time.
COPY = re.compile(r"jupyterhub-\d{8}T\d{6}Z-[0-9A-Za-z.+-]+\.sqlite")

# How long a copy waits for whoever keeps the database locked.
LONGEST_WAIT_SECONDS = 120
# Whoever writes a copy for that long is not at it any more.
LONGEST_WRITE_SECONDS = 3600


class Trouble(Exception):
    """What the operator must know, as one sentence."""


def copy(*flags):
    if not is_elsewhere() and not has_content(database):
        if "--if-any" not in flags:
            raise Trouble(f"there is no database at {database}")
        print(f"there is no database at {database}, and so nothing to copy")
        tell(copied=None)
        return
    made = datetime.now(timezone.utc)
    name = f"jupyterhub-{made:%Y%m%dT%H%M%SZ}-{os.environ['CHART_VERSION']}.sqlite"
    # Not straight into the folder: over the network it takes longer, and as long the hub can't write.
    snapshot = Path(os.environ["SCRATCH"]) / name
    try:
        dump_elsewhere(snapshot) if is_elsewhere() else take_snapshot(snapshot)
        problem = find_problem(snapshot)
        if problem is not None:
            raise Trouble(f"the database {database} is damaged: {problem}")
        try:
            with writing(copies / name) as partial:
                transfer(snapshot, partial)
        except OSError as error:
            raise Trouble(f"the copy could not be written to {copies}: {error.strerror}") from error
    finally:
        snapshot.unlink(missing_ok=True)
    print(f"copied to {name}")
    tell(copied=name)
    remove_old(int(os.environ["KEEP"]))


def restore():
    if has_content(database):
        print("the hub has its database")
        return
    found = list_copies()
    problem = None
    for name in found:
        problem = bring_back(copies / name)
        if problem is None:
            print(f"the database was restored from {name}")
            return
        print(f"{name} is of no use, so the one before it is taken: {problem}")
    if found:
        raise Trouble(
            f"none of the {len(found)} copies in {copies} could be restored ({problem}); the hub does not start with an"
            " empty database in their place. Put a good copy there, or take these away"
        )
    print("there is no database and no copy of one: the hub starts with an empty one")


def replace(name):
    if name not in list_copies():
        raise Trouble(f"there is no copy {name} in {copies}")
    # Out of the way of the copy that is made next, which may take the place of this very one.
    chosen = Path(os.environ["SCRATCH"]) / f"chosen-{name}"
    shutil.copyfile(copies / name, chosen)
    problem = find_problem(chosen)
    if problem is not None:
        raise Trouble(f"the copy {name} is damaged: {problem}")
    if is_elsewhere():
        copy()
        load_elsewhere(chosen)
        print(f"the database was replaced by {name}")
        tell(replaced=name)
        return
    try:
        copy("--if-any")
    except Trouble as trouble:
        aside = database.with_name(f"{database.name}.replaced-{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}")
        shutil.copyfile(database, aside)
        print(f"{trouble}; it is kept as {aside}")
    problem = bring_back(chosen)
    if problem is not None:
        raise Trouble(f"the copy {name} could not be put into place: {problem}")
    print(f"the database was replaced by {name}")
    tell(replaced=name)


def is_elsewhere():
    return "HUB_VALUES" in os.environ


def open_elsewhere():
    # Both come with the hub; who has the database on a disk does without them.
    import sqlalchemy
    import yaml

    hub = yaml.safe_load(Path(os.environ["HUB_VALUES"]).read_text()).get("hub") or {}
    url = ((hub.get("config") or {}).get("JupyterHub") or {}).get("db_url") or (hub.get("db") or {}).get("url")
    if not url:
        raise Trouble("the hub's values name no database (hub.db.url)")
    return sqlalchemy.create_engine(url)


@contextmanager
def telling_trouble(what):
    import sqlalchemy

    try:
        yield
    except sqlalchemy.exc.SQLAlchemyError as error:
        # Its first line only: the next ones hold rows.
        raise Trouble(f"{what}: {str(error).splitlines()[0]}") from None


def dump_elsewhere(target):
    """All rows of all tables as of one moment."""
    import sqlalchemy

    engine = open_elsewhere()
    output = sqlalchemy.create_engine(f"sqlite:///{target}")
    kept = sqlalchemy.MetaData()
    level = "SERIALIZABLE" if engine.dialect.name == "sqlite" else "REPEATABLE READ"
    with (
        telling_trouble("the hub's database can't be copied"),
        engine.connect().execution_options(isolation_level=level) as connection,
        output.begin() as into,
    ):
        for table in reflect(connection).sorted_tables:
            columns = [sqlalchemy.Column(column.name, column.type.as_generic()) for column in table.columns]
            copied = sqlalchemy.Table(table.name, kept, *columns)
            copied.create(into)
            insert_rows(into, copied, connection.execute(table.select()))


def load_elsewhere(file):
    """In one transaction: the hub has the copy, or what it had."""
    import sqlalchemy

    engine = open_elsewhere()
    with (
        telling_trouble("the copy could not be put into place"),
        sqlalchemy.create_engine(f"sqlite:///{file}").connect() as copied,
        engine.begin() as connection,
    ):
        theirs = reflect(copied)
        ours = reflect(connection)
        if schema_of(copied, theirs) != schema_of(connection, ours):
            raise Trouble("the copy was made by another version of the hub, whose tables are others; install that one first")
        for table in reversed(ours.sorted_tables):
            connection.execute(table.delete())
        for table in ours.sorted_tables:
            insert_rows(connection, table, copied.execute(theirs.tables[table.name].select()))
            count_on(connection, table)


def schema_of(connection, metadata):
    """What tells whether rows fit: tables, and the version that JupyterHub's migrations have brought them to."""
    import sqlalchemy

    version = "alembic_version"
    found = connection.execute(sqlalchemy.text(f"SELECT version_num FROM {version}")) if version in metadata.tables else []
    return sorted(metadata.tables), sorted(row[0] for row in found)


def count_on(connection, table):
    """PostgreSQL counts ids apart from the rows."""
    import sqlalchemy

    if connection.dialect.name != "postgresql":
        return
    for column in table.primary_key.columns:
        place = {"table": f'"{table.name}"', "column": column.name}
        sequence = connection.execute(sqlalchemy.text("SELECT pg_get_serial_sequence(:table, :column)"), place).scalar()
        if sequence is not None:
            highest = connection.execute(sqlalchemy.select(sqlalchemy.func.max(column))).scalar()
            known = {"sequence": sequence, "value": highest or 1, "used": highest is not None}
            connection.execute(sqlalchemy.text("SELECT setval(:sequence, :value, :used)"), known)


def reflect(connection):
    import sqlalchemy

    metadata = sqlalchemy.MetaData()
    metadata.reflect(connection)
    return metadata


def insert_rows(connection, table, rows):
    for part in rows.mappings().partitions(500):
        connection.execute(table.insert(), [dict(row) for row in part])


def tell_list():
    tell(copies=[{"name": name, "bytes": (copies / name).stat().st_size} for name in list_copies()])


def tell(**result):
    if "RESULT" in os.environ:
        Path(os.environ["RESULT"]).write_text(json.dumps(result))


def bring_back(file):
    """Why this copy can't be taken; None if it has been."""
    try:
        with writing(database) as partial:
            transfer(file, partial)
            problem = find_problem(partial)
            if problem is not None:
                raise Trouble(problem)
            # What a lost database left behind would be played into the new one.
            for suffix in ("-journal", "-wal", "-shm"):
                database.with_name(database.name + suffix).unlink(missing_ok=True)
    except Trouble as error:
        return str(error)
    except OSError as error:
        return error.strerror
    return None


def take_snapshot(target):
    """A state that the database really was in, though the hub goes on writing."""
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS

    def give_up_late(status, remaining, total):
        if time.monotonic() > deadline:
            raise Trouble(f"the database {database} was locked for {LONGEST_WAIT_SECONDS} s")

    try:
        # Writable, since what a killed hub left half done is first rolled back.
        with (
            closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True)) as source,
            closing(sqlite3.connect(target)) as destination,
        ):
            source.backup(destination, progress=give_up_late)
    except sqlite3.Error as error:
        raise Trouble(f"the database {database} can't be copied: {error}") from error


def find_problem(file):
    """Why a file that nobody writes to is not the hub's database; None if it is."""
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?immutable=1", uri=True)) as connection:
            verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if verdict != "ok":
                return verdict
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'users'").fetchone() is None:
                return "it has no table of users"
    except sqlite3.Error as error:
        return str(error)
    return None


@contextmanager
def writing(target):
    """Gives the place to write to; the target is there as a whole, or not at all."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        yield partial
        partial.rename(target)
        sync(target.parent)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def transfer(source, target):
    with source.open("rb") as original, target.open("wb") as output:
        shutil.copyfileobj(original, output, 1024 * 1024)
    sync(target)


def sync(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_old(keep):
    old = [copies / name for name in list_copies()[keep:]]
    unfinished = [
        file for file in copies.glob(".*.partial") if time.time() - file.stat().st_mtime > LONGEST_WRITE_SECONDS
    ]
    for file in old + unfinished:
        file.unlink(missing_ok=True)


def list_copies():
    """The newest first."""
    return sorted((name for name in os.listdir(copies) if COPY.fullmatch(name)), reverse=True)


def has_content(file):
    # A hub that was stopped in its first moment leaves an empty file.
    return file.exists() and file.stat().st_size > 0


# The hub's accounts are nobody else's to read.
os.umask(0o077)
action, *flags = sys.argv[1:]
try:
    {"copy": copy, "restore": restore, "list": tell_list, "replace": replace}[action](*flags)
except (Trouble, OSError) as error:
    sys.exit(str(error))
