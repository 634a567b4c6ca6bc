"""initials and address marks of elders

Revision ID: 0031
"""

import sqlalchemy as sa
from alembic import op

import engine.vault
from care import finding

revision = '0031'
down_revision = '0030a'
branch_labels = None
depends_on = None

AT_ONCE = 500


def upgrade() -> None:
    with op.batch_alter_table('elder', schema=None) as batch_op:
        batch_op.add_column(sa.Column('address_marks', sa.String(length=160), server_default='', nullable=False))
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    """What is written with each elder from now on, for those who are there already."""
    elder = sa.table(
        'elder',
        sa.column('id', sa.Integer),
        sa.column('name', sa.String),
        sa.column('initials', sa.String),
        sa.column('address', engine.vault.Encrypted()),
        sa.column('address_marks', sa.String),
    )
    change = (
        sa.update(elder)
        .where(elder.c.id == sa.bindparam('wanted'))
        .values(initials=sa.bindparam('letters'), address_marks=sa.bindparam('marks'))
    )
    last = 0
    while True:
        asked = sa.select(elder.c.id, elder.c.name, elder.c.address).where(elder.c.id > last)
        rows = connection.execute(asked.order_by(elder.c.id).limit(AT_ONCE)).all()
        if not rows:
            return
        last = rows[-1].id
        found = [
            {'wanted': row.id, 'letters': finding.initials(row.name), 'marks': finding.marks(row.address or '')}
            for row in rows
        ]
        connection.execute(change, found)


def downgrade() -> None:
    with op.batch_alter_table('elder', schema=None) as batch_op:
        batch_op.drop_column('address_marks')
