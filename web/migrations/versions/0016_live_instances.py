"""live instances by id

Revision ID: 0016
Revises: 0014
"""

from alembic import op
from sqlalchemy import text

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

LIVE = text("state = 'live'")


def upgrade() -> None:
    op.create_index('ix_instance_live', 'instance', ['id'], sqlite_where=LIVE, postgresql_where=LIVE)


def downgrade() -> None:
    op.drop_index('ix_instance_live', 'instance')
