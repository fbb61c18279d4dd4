"""The author that a person names for a mail that does not say who wrote it"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("raw_mail", sa.Column("attributed_to", sa.String(), nullable=True))
