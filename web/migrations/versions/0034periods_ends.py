"""why a person ended a special period early

Revision ID: 0034periods
"""

import sqlalchemy as sa
from alembic import op

revision = '0034periods'
down_revision = '0034links'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('special_period', schema=None) as batch_op:
        batch_op.add_column(sa.Column('end_reason', sa.String(length=200), server_default='', nullable=False))
        batch_op.add_column(sa.Column('ended_by', sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('special_period', schema=None) as batch_op:
        batch_op.drop_column('ended_by')
        batch_op.drop_column('end_reason')
