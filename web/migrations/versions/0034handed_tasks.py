"""which tasks a handing over gave to others

Revision ID: 0034handed
"""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = '0034handed'
down_revision = '0034cards'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('handover', schema=None) as batch_op:
        batch_op.add_column(sa.Column('handed', engine.db.Document(), server_default='[]', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('handover', schema=None) as batch_op:
        batch_op.drop_column('handed')
