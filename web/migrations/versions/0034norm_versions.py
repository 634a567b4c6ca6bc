"""the norm of visiting work in versions

Revision ID: 0034norm
"""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = '0034norm'
down_revision = '0034handed'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('visiting_norm',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('from_on', sa.Date(), nullable=False),
    sa.Column('texts', engine.db.Document(), nullable=False),
    sa.Column('note', sa.String(length=400), nullable=False),
    sa.Column('by', sa.Integer(), nullable=False),
    sa.Column('at', engine.db.Instant(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['by'], ['staff.id'], name=op.f('fk_visiting_norm_by_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_visiting_norm')),
    sa.UniqueConstraint('number', name=op.f('uq_visiting_norm_number'))
    )


def downgrade() -> None:
    op.drop_table('visiting_norm')
