"""links to one task

Revision ID: 0034links
"""

import sqlalchemy as sa
from alembic import op

import care.personal
import engine.db
import engine.vault

revision = '0034links'
down_revision = '0034norm'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('task_link',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('nonce', sa.LargeBinary(length=16), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('task_id', engine.db.Id(length=16), nullable=False),
    sa.Column('instance_id', engine.db.Id(length=16), nullable=True),
    sa.Column('elder_id', sa.Integer(), nullable=True),
    sa.Column('unit_path', sa.String(length=120).with_variant(sa.String(length=120, collation='C'), 'postgresql'), nullable=False),
    sa.Column('form_key', sa.String(length=80), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=True),
    sa.Column('reader', engine.vault.Encrypted(), nullable=False),
    sa.Column('phone', engine.vault.Encrypted(), nullable=True),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.Column('made_at', engine.db.Instant(timezone=True), nullable=False),
    sa.Column('ends_at', engine.db.Instant(timezone=True), nullable=False),
    sa.Column('revoked_at', engine.db.Instant(timezone=True), nullable=True),
    sa.Column('used_at', engine.db.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['elder_id'], ['elder.id'], name=op.f('fk_task_link_elder_id_elder')),
    sa.ForeignKeyConstraint(['made_by'], ['staff.id'], name=op.f('fk_task_link_made_by_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task_link')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_task_link_token_hash'))
    )
    with op.batch_alter_table('task_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_task_link_elder_id'), ['elder_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_task_link_task_id'), ['task_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('task_link', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_task_link_task_id'))
        batch_op.drop_index(batch_op.f('ix_task_link_elder_id'))

    op.drop_table('task_link')
