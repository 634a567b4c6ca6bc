"""liaison cards

Revision ID: 0034cards
"""

import sqlalchemy as sa
from alembic import op

import care.personal
import engine.db
import engine.vault

revision = '0034cards'
down_revision = '0034people'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('liaison_print',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('batch', engine.db.Id(length=16), nullable=False),
    sa.Column('at', engine.db.Instant(timezone=True), nullable=False),
    sa.Column('by', sa.Integer(), nullable=False),
    sa.Column('mark', sa.LargeBinary(length=16), nullable=False),
    sa.Column('elder_id', sa.Integer(), nullable=False),
    sa.Column('unit_path', sa.String(length=120).with_variant(sa.String(length=120, collation='C'), 'postgresql'), nullable=False),
    sa.ForeignKeyConstraint(['by'], ['staff.id'], name=op.f('fk_liaison_print_by_staff')),
    sa.ForeignKeyConstraint(['elder_id'], ['elder.id'], name=op.f('fk_liaison_print_elder_id_elder')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_liaison_print'))
    )
    with op.batch_alter_table('liaison_print', schema=None) as batch_op:
        batch_op.create_index('ix_liaison_print_batch', ['batch'], unique=False)
        batch_op.create_index(batch_op.f('ix_liaison_print_elder_id'), ['elder_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_liaison_print_unit_path'), ['unit_path'], unique=False)

    with op.batch_alter_table('report_code', schema=None) as batch_op:
        batch_op.add_column(sa.Column('elder_id', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_report_code_elder_id'), ['elder_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_report_code_elder_id_elder'), 'elder', ['elder_id'], ['id'])

    with op.batch_alter_table('staff', schema=None) as batch_op:
        batch_op.add_column(sa.Column('photo', sa.String(length=40), server_default='', nullable=False))



def downgrade() -> None:
    with op.batch_alter_table('staff', schema=None) as batch_op:
        batch_op.drop_column('photo')

    with op.batch_alter_table('report_code', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_report_code_elder_id_elder'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_report_code_elder_id'))
        batch_op.drop_column('elder_id')

    with op.batch_alter_table('liaison_print', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_liaison_print_unit_path'))
        batch_op.drop_index(batch_op.f('ix_liaison_print_elder_id'))
        batch_op.drop_index('ix_liaison_print_batch')

    op.drop_table('liaison_print')
