"""who stands on a family's list

Revision ID: 0041family
"""

import sqlalchemy as sa
from alembic import op

revision = '0041family'
down_revision = '0040aid'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('supporter', sa.Column('listed', sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    op.drop_column('supporter', 'listed')
