"""who will provide what a benefit pays for

Revision ID: 0040aid
"""

import sqlalchemy as sa
from alembic import op

revision = '0040aid'
down_revision = '0039notices'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('aid', schema=None) as batch_op:
        batch_op.add_column(sa.Column('provider_id', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_aid_provider_id'), ['provider_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_aid_provider_id_provider'), 'provider', ['provider_id'], ['id'])


def downgrade() -> None:
    with op.batch_alter_table('aid', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_aid_provider_id_provider'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_aid_provider_id'))
        batch_op.drop_column('provider_id')
