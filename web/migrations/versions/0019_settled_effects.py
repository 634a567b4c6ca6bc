"""settled effects

Revision ID: 0019
"""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = '0019'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('settled_effect',
    sa.Column('outgoing_id', engine.db.Id(length=16), nullable=False),
    sa.Column('channel', sa.String(length=60), nullable=False),
    sa.Column('instance_id', engine.db.Id(length=16), nullable=True),
    sa.Column('what', sa.String(length=10), nullable=False),
    sa.Column('who', sa.Integer(), nullable=True),
    sa.Column('why', sa.Text(), nullable=False),
    sa.Column('at', engine.db.Instant(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('outgoing_id', name=op.f('pk_settled_effect'))
    )
    op.create_index('ix_settled_effect_at', 'settled_effect', ['at'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_settled_effect_at', table_name='settled_effect')
    op.drop_table('settled_effect')
