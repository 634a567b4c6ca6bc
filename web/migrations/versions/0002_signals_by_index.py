"""signals by index

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

IS_SIGNAL = sa.text("kind = 'signal'")


def upgrade() -> None:
    op.create_index(
        'ix_wait_signal', 'wait', ['name', 'instance_id'], sqlite_where=IS_SIGNAL, postgresql_where=IS_SIGNAL
    )


def downgrade() -> None:
    op.drop_index('ix_wait_signal', 'wait')
