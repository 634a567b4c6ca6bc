"""published answers to complaints

Revision ID: 0037answers
"""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = '0037answers'
down_revision = '0035two'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('complaint', schema=None) as batch_op:
        batch_op.add_column(sa.Column('published', sa.String(length=600), nullable=True))
        batch_op.add_column(sa.Column('published_at', engine.db.Instant(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f('ix_complaint_published_at'), ['published_at'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('complaint', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_complaint_published_at'))
        batch_op.drop_column('published_at')
        batch_op.drop_column('published')
