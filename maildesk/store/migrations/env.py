"""Run by Alembic; the connection and its transaction come from store.migrate."""

from alembic import context
from sqlmodel import SQLModel

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    transaction_per_migration=False,
    transactional_ddl=True,
)
context.run_migrations()
