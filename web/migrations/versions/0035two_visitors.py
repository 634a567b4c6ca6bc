"""visits by two

Revision ID: 0035two
"""

import sqlalchemy as sa
from alembic import op

import engine.vault

revision = '0035two'
down_revision = '0034periods'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('elder', schema=None) as batch_op:
        batch_op.add_column(sa.Column('two_visitors', sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table('visit', schema=None) as batch_op:
        batch_op.add_column(sa.Column('second_visitor', engine.vault.Encrypted(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('visit', schema=None) as batch_op:
        batch_op.drop_column('second_visitor')
    with op.batch_alter_table('elder', schema=None) as batch_op:
        batch_op.drop_column('two_visitors')
