"""people

Revision ID: 0034people
"""

import sqlalchemy as sa
from alembic import op

import care.personal
import engine.db
import engine.vault

revision = '0034people'
down_revision = '0033surveys'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('duty_turn',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_path', sa.String(length=120).with_variant(sa.String(length=120, collation='C'), 'postgresql'), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('stand_in_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_duty_turn_staff_id_staff')),
    sa.ForeignKeyConstraint(['stand_in_id'], ['staff.id'], name=op.f('fk_duty_turn_stand_in_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_duty_turn')),
    sa.UniqueConstraint('unit_path', 'day', name=op.f('uq_duty_turn_unit_path'))
    )
    with op.batch_alter_table('duty_turn', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_duty_turn_staff_id'), ['staff_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_duty_turn_unit_path'), ['unit_path'], unique=False)

    op.create_table('lone_trip',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('unit_path', sa.String(length=120).with_variant(sa.String(length=120, collation='C'), 'postgresql'), nullable=False),
    sa.Column('place', engine.vault.Encrypted(), nullable=False),
    sa.Column('left_at', engine.db.Instant(timezone=True), nullable=False),
    sa.Column('expected_at', engine.db.Instant(timezone=True), nullable=False),
    sa.Column('back_at', engine.db.Instant(timezone=True), nullable=True),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('hurt', sa.Boolean(), nullable=False),
    sa.Column('said', engine.vault.Encrypted(), nullable=True),
    sa.Column('instance_id', engine.db.Id(length=16), nullable=True),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_lone_trip_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lone_trip'))
    )
    with op.batch_alter_table('lone_trip', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lone_trip_instance_id'), ['instance_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_lone_trip_staff_id'), ['staff_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_lone_trip_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_lone_trip_unit_path'), ['unit_path'], unique=False)

    op.create_table('provider',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('unit_path', sa.String(length=120).with_variant(sa.String(length=120, collation='C'), 'postgresql'), nullable=False),
    sa.Column('level', sa.String(length=16), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('services', sa.String(length=300), nullable=False),
    sa.Column('contact', sa.String(length=60), nullable=False),
    sa.Column('phone', sa.String(length=32), nullable=False),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('hours', sa.String(length=60), nullable=False),
    sa.Column('latitude', sa.Float(), nullable=True),
    sa.Column('longitude', sa.Float(), nullable=True),
    sa.Column('until_on', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_provider_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_provider'))
    )
    with op.batch_alter_table('provider', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_provider_kind'), ['kind'], unique=False)
        batch_op.create_index(batch_op.f('ix_provider_unit_path'), ['unit_path'], unique=False)

    op.create_table('dwelling',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('season', sa.String(length=8), nullable=False),
    sa.Column('from_day', sa.String(length=5), nullable=False),
    sa.Column('address', engine.vault.Encrypted(), nullable=False),
    sa.Column('way', engine.vault.Encrypted(), nullable=True),
    sa.Column('position', engine.vault.EncryptedDocument(), nullable=True),
    sa.Column('road', sa.String(length=8), nullable=False),
    sa.Column('road_km', sa.Integer(), nullable=False),
    sa.Column('helper', engine.vault.Encrypted(), nullable=True),
    sa.Column('lives_here', sa.Boolean(), nullable=False),
    sa.Column('asked_on', sa.Date(), nullable=True),
    sa.Column('elder_id', sa.Integer(), nullable=False),
    sa.Column('unit_path', sa.String(length=120).with_variant(sa.String(length=120, collation='C'), 'postgresql'), nullable=False),
    sa.ForeignKeyConstraint(['elder_id'], ['elder.id'], name=op.f('fk_dwelling_elder_id_elder')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_dwelling'))
    )
    with op.batch_alter_table('dwelling', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_dwelling_elder_id'), ['elder_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_dwelling_unit_path'), ['unit_path'], unique=False)

    with op.batch_alter_table('referral', schema=None) as batch_op:
        batch_op.add_column(sa.Column('provider_id', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_referral_provider_id'), ['provider_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_referral_provider_id_provider'), 'provider', ['provider_id'], ['id'])

    with op.batch_alter_table('staff', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=24), server_default='', nullable=False))
        batch_op.add_column(sa.Column('team', sa.String(length=12), server_default='', nullable=False))



def downgrade() -> None:
    with op.batch_alter_table('staff', schema=None) as batch_op:
        batch_op.drop_column('team')
        batch_op.drop_column('kind')

    with op.batch_alter_table('referral', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_referral_provider_id_provider'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_referral_provider_id'))
        batch_op.drop_column('provider_id')

    with op.batch_alter_table('dwelling', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_dwelling_unit_path'))
        batch_op.drop_index(batch_op.f('ix_dwelling_elder_id'))

    op.drop_table('dwelling')
    with op.batch_alter_table('provider', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_provider_unit_path'))
        batch_op.drop_index(batch_op.f('ix_provider_kind'))

    op.drop_table('provider')
    with op.batch_alter_table('lone_trip', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_lone_trip_unit_path'))
        batch_op.drop_index(batch_op.f('ix_lone_trip_state'))
        batch_op.drop_index(batch_op.f('ix_lone_trip_staff_id'))
        batch_op.drop_index(batch_op.f('ix_lone_trip_instance_id'))

    op.drop_table('lone_trip')
    with op.batch_alter_table('duty_turn', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_duty_turn_unit_path'))
        batch_op.drop_index(batch_op.f('ix_duty_turn_staff_id'))

    op.drop_table('duty_turn')
