"""recalculations

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'recalculation',
        sa.Column('id', engine.db.Id(length=16), nullable=False),
        sa.Column('about', sa.String(length=60), nullable=False),
        sa.Column('functions', engine.db.Document(), nullable=False),
        sa.Column('started_at', engine.db.Instant(timezone=True), nullable=False),
        sa.Column('started_by', sa.Integer(), nullable=True),
        sa.Column('found', sa.Integer(), nullable=False),
        sa.Column('all_found', sa.Boolean(), nullable=False),
        sa.Column('done', sa.Integer(), nullable=False),
        sa.Column('moved', sa.Integer(), nullable=False),
        sa.Column('kept', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_recalculation')),
    )
    op.create_index('ix_recalculation_started', 'recalculation', ['started_at'])


def downgrade() -> None:
    op.drop_index('ix_recalculation_started', 'recalculation')
    op.drop_table('recalculation')
