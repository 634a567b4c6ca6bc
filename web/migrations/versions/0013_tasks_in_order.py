"""tasks in the order of lists

Revision ID: 0013
Revises: 0012
"""

from alembic import op
from sqlalchemy import text

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

OPEN = "state = 'open'"
NEW = (
    ('ix_task_of_role', ['role', 'unit_path', 'rank', 'sort_at', 'id'], f'{OPEN} AND assignee_id IS NULL'),
    ('ix_task_of_person', ['assignee_id', 'rank', 'sort_at', 'id'], f'{OPEN} AND assignee_id IS NOT NULL'),
    ('ix_task_also_of_role', ['also_role', 'also_unit_path'], f'{OPEN} AND also_role IS NOT NULL'),
    ('ix_task_also_of_person', ['also_person_id', 'rank', 'sort_at', 'id'], f'{OPEN} AND also_person_id IS NOT NULL'),
    ('ix_task_in_order', ['rank', 'sort_at', 'id'], OPEN),
    ('ix_task_climbs', ['ladder_at'], f'{OPEN} AND ladder_at IS NOT NULL'),
    ('ix_task_done', ['done_by', 'done_at'], 'done_by IS NOT NULL'),
)
OLD = (
    ('ix_task_role', ['state', 'role', 'unit_path', 'rank', 'sort_at']),
    ('ix_task_assignee', ['assignee_id', 'state', 'rank', 'sort_at']),
    ('ix_task_also', ['state', 'also_role', 'also_unit_path']),
    ('ix_task_also_person', ['also_person_id', 'state']),
    ('ix_task_ladder', ['state', 'ladder_at']),
)


def upgrade() -> None:
    for name, columns, where in NEW:
        op.create_index(name, 'task', columns, sqlite_where=text(where), postgresql_where=text(where))
    for name, _ in OLD:
        op.drop_index(name, 'task')


def downgrade() -> None:
    for name, columns in OLD:
        op.create_index(name, 'task', columns)
    for name, *_ in NEW:
        op.drop_index(name, 'task')
