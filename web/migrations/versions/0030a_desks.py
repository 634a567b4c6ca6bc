"""what desks keep, and who looks at which task

Revision ID: 0030a
"""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = '0030a'
down_revision = '0029'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('desk_kept',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=False),
    sa.Column("unit_path", sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"), nullable=True),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('body', sa.String(length=500), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_desk_kept'))
    )
    with op.batch_alter_table('desk_kept', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_desk_kept_owner_id'), ['owner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_desk_kept_unit_path'), ['unit_path'], unique=False)

    op.create_table('task_look',
    sa.Column('person_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('task_id', engine.db.Id(length=16), nullable=False),
    sa.Column('at', engine.db.Instant(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('person_id', name=op.f('pk_task_look'))
    )
    with op.batch_alter_table('task_look', schema=None) as batch_op:
        batch_op.create_index('ix_task_look_task_id', ['task_id', 'at'], unique=False)


def downgrade() -> None:
    op.drop_table('task_look')
    op.drop_table('desk_kept')
