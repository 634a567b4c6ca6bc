"""report codes

Revision ID: 0032
"""

import sqlalchemy as sa
from alembic import op

import care.personal
import engine.db
import engine.vault

revision = '0032'
down_revision = '0030'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('report_code',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_path', sa.String(length=120).with_variant(sa.String(length=120, collation='C'), 'postgresql'), nullable=False),
    sa.Column('place', sa.String(length=120), nullable=False),
    sa.Column('token', engine.vault.Encrypted(), nullable=False),
    sa.Column('token_index', sa.LargeBinary(length=16), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=False),
    sa.Column('made_at', engine.db.Instant(timezone=True), nullable=False),
    sa.Column('revoked_at', engine.db.Instant(timezone=True), nullable=True),
    sa.Column('last_used_at', engine.db.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['made_by'], ['staff.id'], name=op.f('fk_report_code_made_by_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report_code')),
    sa.UniqueConstraint('token_index', name=op.f('uq_report_code_token_index'))
    )
    with op.batch_alter_table('report_code', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_report_code_unit_path'), ['unit_path'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('report_code', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_report_code_unit_path'))

    op.drop_table('report_code')
