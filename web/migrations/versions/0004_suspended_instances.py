"""suspended instances

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('instance_state', schema=None) as batch_op:
        batch_op.add_column(sa.Column('held', sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table('work', schema=None) as batch_op:
        batch_op.add_column(sa.Column('held_for', engine.db.Id(length=16), nullable=True))
        batch_op.create_index('ix_work_held_for', ['held_for'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('work', schema=None) as batch_op:
        batch_op.drop_index('ix_work_held_for')
        batch_op.drop_column('held_for')
    with op.batch_alter_table('instance_state', schema=None) as batch_op:
        batch_op.drop_column('held')
