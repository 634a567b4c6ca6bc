"""chain of the history: blocks of hashes, and rows that the database lets nobody change

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

TABLES = ('history', 'history_seal')


def upgrade() -> None:
    op.create_table('history_seal',
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('day', sa.String(length=10), nullable=False),
    sa.Column('sealed_at', engine.db.Instant(timezone=True), nullable=False),
    sa.Column('first_id', sa.BigInteger(), nullable=False),
    sa.Column('last_id', sa.BigInteger(), nullable=False),
    sa.Column('form', sa.Integer(), nullable=False),
    sa.Column('before', sa.LargeBinary(), nullable=False),
    sa.Column('head', sa.LargeBinary(), nullable=False),
    sa.Column('entries', sa.LargeBinary(), nullable=False),
    sa.Column('signature', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_history_seal'))
    )
    op.create_index('ix_history_seal_last', 'history_seal', ['last_id'], unique=False)
    op.add_column('history', sa.Column('revision', sa.Integer(), nullable=True))
    guard = _postgresql if op.get_bind().dialect.name == 'postgresql' else _sqlite
    for table in TABLES:
        guard(table)


def _sqlite(table: str) -> None:
    for change in ('UPDATE', 'DELETE'):
        op.execute(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, 'rows of {table} are only added'); END"
        )


def _postgresql(table: str) -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION visitflow_only_added() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION visitflow_only_added()"
    )


def downgrade() -> None:
    raise NotImplementedError('a chain is not taken away')
