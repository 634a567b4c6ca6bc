"""states before

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('instance_before',
    sa.Column('instance_id', engine.db.Id(length=16), nullable=False),
    sa.Column('definition_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('stored', sa.LargeBinary(), nullable=False),
    sa.Column('moved_at', engine.db.Instant(timezone=True), nullable=False),
    sa.Column('moved_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['definition_id'], ['definition.id'], name=op.f('fk_instance_before_definition_id_definition')),
    sa.ForeignKeyConstraint(['instance_id'], ['instance.id'], name=op.f('fk_instance_before_instance_id_instance')),
    sa.PrimaryKeyConstraint('instance_id', name=op.f('pk_instance_before'))
    )


def downgrade() -> None:
    op.drop_table('instance_before')
