"""operations on many

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('bulk_run',
    sa.Column('id', engine.db.Id(length=16), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('detail', engine.db.Document(), nullable=False),
    sa.Column('units', engine.db.Document(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('by', sa.Integer(), nullable=True),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('begun_at', engine.db.Instant(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bulk_run'))
    )
    op.create_index('ix_bulk_run_begun', 'bulk_run', ['begun_at'])
    op.create_table('bulk_item',
    sa.Column('run_id', engine.db.Id(length=16), nullable=False),
    sa.Column('instance_id', engine.db.Id(length=16), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('zh', sa.Text(), nullable=True),
    sa.Column('en', sa.Text(), nullable=True),
    sa.Column('at', engine.db.Instant(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('run_id', 'instance_id', name=op.f('pk_bulk_item'))
    )
    op.create_index('ix_bulk_item_state', 'bulk_item', ['run_id', 'state'])


def downgrade() -> None:
    op.drop_table('bulk_item')
    op.drop_table('bulk_run')
