"""The files of the journal that an outgoing mail carries"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("outgoing", sa.Column("files", sa.JSON(), nullable=True))
