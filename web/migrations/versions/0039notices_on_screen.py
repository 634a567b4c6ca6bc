"""notices on the screen

Revision ID: 0039notices
"""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = '0039notices'
down_revision = '0038meters'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('notice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('reader_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('template', sa.String(length=80), nullable=False),
    sa.Column('about', sa.String(length=10), nullable=True),
    sa.Column('about_id', sa.String(length=36), nullable=True),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('at', engine.db.Instant(timezone=True), nullable=False),
    sa.Column('read_at', engine.db.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['reader_id'], ['staff.id'], name=op.f('fk_notice_reader_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice')),
    sa.UniqueConstraint('reader_id', 'key', name=op.f('uq_notice_reader_id'))
    )
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notice_at'), ['at'], unique=False)
        batch_op.create_index('ix_notice_newest', ['reader_id', 'id'], unique=False)
        batch_op.create_index(
            'ix_notice_unread', ['reader_id'], unique=False,
            sqlite_where=sa.text('read_at IS NULL'), postgresql_where=sa.text('read_at IS NULL'),
        )


def downgrade() -> None:
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.drop_index('ix_notice_unread')
        batch_op.drop_index('ix_notice_newest')
        batch_op.drop_index(batch_op.f('ix_notice_at'))

    op.drop_table('notice')
