"""words by which elders are found

Revision ID: 0033words
"""

import sqlalchemy as sa
from alembic import op

from care import finding

revision = '0033words'
down_revision = '0031'
branch_labels = None
depends_on = None

AT_ONCE = 500


def upgrade() -> None:
    op.create_table('elder_word',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('word', sa.String(length=64).with_variant(sa.String(length=64, collation='C'), 'postgresql'), nullable=False),
    sa.Column('elder_id', sa.Integer(), nullable=False),
    sa.Column('unit_path', sa.String(length=120).with_variant(sa.String(length=120, collation='C'), 'postgresql'), nullable=False),
    sa.ForeignKeyConstraint(['elder_id'], ['elder.id'], name=op.f('fk_elder_word_elder_id_elder')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_elder_word'))
    )
    _fill(op.get_bind())
    with op.batch_alter_table('elder_word', schema=None) as batch_op:
        batch_op.create_index('ix_elder_word_word', ['word', 'elder_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_elder_word_elder_id'), ['elder_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_elder_word_unit_path'), ['unit_path'], unique=False)


def _fill(connection: sa.Connection) -> None:
    """What is written with each elder from now on, for those who are there already."""
    names = ('name', 'initials', 'address_marks', 'unit_path')
    elder = sa.table('elder', sa.column('id', sa.Integer), *(sa.column(name, sa.String) for name in names))
    written = sa.table('elder_word', *(sa.column(name) for name in ('word', 'elder_id', 'unit_path')))
    last = 0
    while True:
        asked = sa.select(elder).where(elder.c.id > last).order_by(elder.c.id).limit(AT_ONCE)
        rows = connection.execute(asked).all()
        if not rows:
            return
        last = rows[-1].id
        found = [
            {'word': word, 'elder_id': row.id, 'unit_path': row.unit_path}
            for row in rows
            for word in finding.words(row.name, row.initials, row.address_marks)
        ]
        if found:
            connection.execute(sa.insert(written), found)


def downgrade() -> None:
    op.drop_table('elder_word')
