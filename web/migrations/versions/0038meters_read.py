"""what the registers of meters said lately

Revision ID: 0038meters
"""

import sqlalchemy as sa
from alembic import op

import engine.db
import engine.vault

revision = '0038meters'
down_revision = '0037answers'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('meter_state',
    sa.Column('meter_id', sa.Integer(), nullable=False),
    sa.Column('last_at', engine.db.Instant(timezone=True), nullable=False),
    sa.Column('readings', engine.vault.EncryptedDocument(), nullable=False),
    sa.ForeignKeyConstraint(['meter_id'], ['meter.id'], name=op.f('fk_meter_state_meter_id_meter')),
    sa.PrimaryKeyConstraint('meter_id', name=op.f('pk_meter_state'))
    )


def downgrade() -> None:
    op.drop_table('meter_state')
