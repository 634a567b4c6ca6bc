"""verbs of tasks: co-signers, delegates, snoozing; words, copies and mentions

Revision ID: 0025
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

import engine.db
import engine.vault

revision = '0025'
down_revision = '0019'
branch_labels = None
depends_on = None

COLUMNS = (
    ('parent_id', engine.db.Id(length=16)),
    ('part', sa.String(length=10)),
    ('delegated_by', sa.Integer()),
    ('hidden_until', engine.db.Instant(timezone=True)),
)
INDEXES = (
    ('ix_task_parent', 'task', ['parent_id'], 'parent_id IS NOT NULL'),
    ('ix_instance_started_by', 'instance', ['started_by', 'started_at', 'id'], 'started_by IS NOT NULL'),
)


def upgrade() -> None:
    op.create_table(
        'task_copy',
        sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('task_id', engine.db.Id(length=16), nullable=False),
        sa.Column('person_id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=10), nullable=False),
        sa.Column('who', sa.Integer(), nullable=False),
        sa.Column('at', engine.db.Instant(timezone=True), nullable=False),
        sa.Column('read_at', engine.db.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('number', name=op.f('pk_task_copy')),
        sa.UniqueConstraint('task_id', 'person_id', name=op.f('uq_task_copy_task_id')),
    )
    op.create_index('ix_task_copy_person', 'task_copy', ['person_id', 'number'])
    op.create_table(
        'task_word',
        sa.Column('id', engine.db.Id(length=16), nullable=False),
        sa.Column('task_id', engine.db.Id(length=16), nullable=False),
        sa.Column('instance_id', engine.db.Id(length=16), nullable=True),
        sa.Column('kind', sa.String(length=20), nullable=False),
        sa.Column('who', sa.Integer(), nullable=False),
        sa.Column('at', engine.db.Instant(timezone=True), nullable=False),
        sa.Column('text', engine.vault.Encrypted(), nullable=True),
        sa.Column('file_id', engine.db.Id(length=16), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_task_word')),
    )
    op.create_index('ix_task_word_task', 'task_word', ['task_id', 'at'])
    op.create_index('ix_task_word_instance', 'task_word', ['instance_id', 'at'])
    for name, kind in COLUMNS:
        op.add_column('task', sa.Column(name, kind, nullable=True))
    for name, table, columns, where in INDEXES:
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table)
    with op.batch_alter_table('task') as batch:
        for name, _ in reversed(COLUMNS):
            batch.drop_column(name)
    op.drop_table('task_word')
    op.drop_table('task_copy')
