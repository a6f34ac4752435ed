"""Makes the database of a hub that has none, in the working directory, as JupyterHub 5 does at its start."""

import sqlite3
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
"""

with closing(sqlite3.connect("jupyterhub.sqlite")) as connection:
    connection.executescript(TABLES)
