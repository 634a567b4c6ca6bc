"""indexes of what is open

Revision ID: 0033open
"""

import sqlalchemy as sa
from alembic import op

revision = '0033open'
down_revision = '0033words'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('instance', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_instance_live'), sqlite_where=sa.text("state = 'live'"))
        batch_op.create_index('ix_instance_live', ['state', 'id'], unique=False, sqlite_where=sa.text("state = 'live'"), postgresql_where=sa.text("state = 'live'"))

    with op.batch_alter_table('task', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_task_due'))
        batch_op.drop_index(batch_op.f('ix_task_unit'))
        batch_op.create_index('ix_task_open_due', ['due_at'], unique=False, sqlite_where=sa.text("state = 'open' AND due_at IS NOT NULL"), postgresql_where=sa.text("state = 'open' AND due_at IS NOT NULL"))
        batch_op.create_index('ix_task_open_unit', ['unit_path'], unique=False, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))

    with op.batch_alter_table('wait', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_wait_due'))
        batch_op.create_index('ix_wait_timer', ['queued', 'due_at'], unique=False, sqlite_where=sa.text("kind = 'timer'"), postgresql_where=sa.text("kind = 'timer'"))


def downgrade() -> None:
    with op.batch_alter_table('wait', schema=None) as batch_op:
        batch_op.drop_index('ix_wait_timer', sqlite_where=sa.text("kind = 'timer'"), postgresql_where=sa.text("kind = 'timer'"))
        batch_op.create_index(batch_op.f('ix_wait_due'), ['kind', 'queued', 'due_at'], unique=False)

    with op.batch_alter_table('task', schema=None) as batch_op:
        batch_op.drop_index('ix_task_open_unit', sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
        batch_op.drop_index('ix_task_open_due', sqlite_where=sa.text("state = 'open' AND due_at IS NOT NULL"), postgresql_where=sa.text("state = 'open' AND due_at IS NOT NULL"))
        batch_op.create_index(batch_op.f('ix_task_unit'), ['state', 'unit_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_task_due'), ['state', 'due_at'], unique=False)

    with op.batch_alter_table('instance', schema=None) as batch_op:
        batch_op.drop_index('ix_instance_live', sqlite_where=sa.text("state = 'live'"), postgresql_where=sa.text("state = 'live'"))
        batch_op.create_index(batch_op.f('ix_instance_live'), ['id'], unique=False, sqlite_where=sa.text("state = 'live'"), postgresql_where=sa.text("state = 'live'"))
