"""Does with the hub's database, in the working directory, what JupyterHub 5 does at its start.

hub-database.py [VERSION]   of the hub: makes a database where there is none, brings an older one up to this version, and
                            refuses one of a newer version
"""

import re
import sqlite3
import sys
from contextlib import closing

# https://github.com/jupyterhub/jupyterhub/blob/5.5.0/jupyterhub/orm.py, of which only what a hub without users needs.
TABLES = """
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name VARCHAR(255) UNIQUE,
    admin BOOLEAN,
    created DATETIME,
    last_activity DATETIME,
    cookie_id VARCHAR(255) NOT NULL UNIQUE,
    state TEXT,
    encrypted_auth_state BLOB
);
CREATE TABLE IF NOT EXISTS servers (
    id INTEGER PRIMARY KEY,
    proto VARCHAR(15),
    ip VARCHAR(255),
    port INTEGER,
    base_url VARCHAR(255),
    cookie_name VARCHAR(255)
);
CREATE TABLE IF NOT EXISTS spawners (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
    server_id INTEGER REFERENCES servers (id) ON DELETE SET NULL,
    state TEXT,
    name VARCHAR(255),
    started DATETIME,
    last_activity DATETIME,
    user_options TEXT
);
CREATE TABLE IF NOT EXISTS alembic_version (
    version_num VARCHAR(32) NOT NULL
);
"""

# The user whom no migration can take over; a test that wants one to fail makes it.
UNMIGRATABLE = "unmigratable"
FORMER_USERS = "_alembic_tmp_users"


def bring_up_to(version, connection):
    """Each version has a form of its own here, although real ones often share one."""
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if found is None:
        connection.execute("INSERT INTO alembic_version VALUES (?)", (version,))
    elif numbers(found[0]) > numbers(version):
        sys.exit(f"the database is of version {found[0]}, which hub {version} does not know")
    elif found[0] != version:
        migrate(connection)
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    connection.commit()


def migrate(connection):
    """Fills a new table in place of the former one, as SQLite needs it; what is done before a failure stays done."""
    # References of other tables stay with the name.
    connection.executescript(f"PRAGMA legacy_alter_table = ON; ALTER TABLE users RENAME TO {FORMER_USERS}; {TABLES}")
    for row in connection.execute(f"SELECT * FROM {FORMER_USERS} ORDER BY id").fetchall():
        if UNMIGRATABLE in row:
            sys.exit(f"the user {UNMIGRATABLE} can't be migrated")
        connection.execute(f"INSERT INTO users VALUES ({', '.join('?' * len(row))})", row)
        connection.commit()
    connection.execute(f"DROP TABLE {FORMER_USERS}")


def numbers(version):
    return [int(number) for number in version.split(".")]



with closing(sqlite3.connect("jupyterhub.sqlite")) as connection:
    connection.executescript(TABLES)
    # An image of the operator's own may have any tag.
    for version in filter(re.compile(r"\d+(\.\d+)*").fullmatch, sys.argv[1:]):
        bring_up_to(version, connection)
