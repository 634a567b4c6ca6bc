"""indexes of kept messages alone

Revision ID: 0018
Revises: 0032
"""

from alembic import op
from sqlalchemy import text

revision = '0018'
down_revision = '0032'
branch_labels = None
depends_on = None

KEPT = text("state = 'kept'")


def upgrade() -> None:
    op.drop_index('ix_incoming_kept', 'incoming')
    op.create_index('ix_incoming_kept', 'incoming', ['name', 'key'], sqlite_where=KEPT, postgresql_where=KEPT)
    op.create_index('ix_incoming_expires', 'incoming', ['expires_at'], sqlite_where=KEPT, postgresql_where=KEPT)


def downgrade() -> None:
    op.drop_index('ix_incoming_expires', 'incoming')
    op.drop_index('ix_incoming_kept', 'incoming')
    op.create_index('ix_incoming_kept', 'incoming', ['name', 'key', 'state'])
