"""surveys

Revision ID: 0033surveys
"""

import sqlalchemy as sa
from alembic import op

import care.personal
import engine.db
import engine.vault

revision = "0033surveys"
down_revision = '0033open'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "survey_campaign",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "unit_path",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("repeats", sa.String(length=8), nullable=False),
        sa.Column("follows_id", sa.Integer(), nullable=True),
        sa.Column("opened_by", sa.Integer(), nullable=True),
        sa.Column("opened_at", engine.db.Instant(timezone=True), nullable=False),
        sa.Column("closed_at", engine.db.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["follows_id"], ["survey_campaign.id"], name=op.f("fk_survey_campaign_follows_id_survey_campaign")
        ),
        sa.ForeignKeyConstraint(["opened_by"], ["staff.id"], name=op.f("fk_survey_campaign_opened_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_campaign")),
        sa.UniqueConstraint("follows_id", name=op.f("uq_survey_campaign_follows_id")),
    )
    with op.batch_alter_table("survey_campaign", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_survey_campaign_unit_path"), ["unit_path"], unique=False)
        batch_op.create_index(batch_op.f("ix_survey_campaign_until_on"), ["until_on"], unique=False)

    op.create_table(
        "survey_target",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column(
            "unit_path",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("households_due", sa.Integer(), nullable=True),
        sa.Column("elders_due", sa.Integer(), nullable=True),
        sa.Column("households_done", sa.Integer(), nullable=False),
        sa.Column("elders_done", sa.Integer(), nullable=False),
        sa.Column("nothing_new", sa.Boolean(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("asked_at", engine.db.Instant(timezone=True), nullable=True),
        sa.Column("reported_at", engine.db.Instant(timezone=True), nullable=True),
        sa.Column("closed_at", engine.db.Instant(timezone=True), nullable=True),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("instance_id", engine.db.Id(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["survey_campaign.id"], name=op.f("fk_survey_target_campaign_id_survey_campaign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_target")),
        sa.UniqueConstraint("campaign_id", "unit_path", name=op.f("uq_survey_target_campaign_id")),
    )
    with op.batch_alter_table("survey_target", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_survey_target_campaign_id"), ["campaign_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_survey_target_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_survey_target_unit_path"), ["unit_path"], unique=False)

    op.create_table(
        "survey_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column(
            "unit_path",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("mark", sa.LargeBinary(length=16), nullable=False),
        sa.Column("name", engine.vault.Encrypted(), nullable=True),
        sa.Column("id_number", engine.vault.Encrypted(), nullable=True),
        sa.Column("address", engine.vault.Encrypted(), nullable=True),
        sa.Column("phone", engine.vault.Encrypted(), nullable=True),
        sa.Column("found_at", engine.db.Instant(timezone=True), nullable=False),
        sa.Column("instance_id", engine.db.Id(length=16), nullable=True),
        sa.Column("elder_id", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["elder_id"], ["elder.id"], name=op.f("fk_survey_finding_elder_id_elder")),
        sa.ForeignKeyConstraint(
            ["target_id"], ["survey_target.id"], name=op.f("fk_survey_finding_target_id_survey_target")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_finding")),
        sa.UniqueConstraint("target_id", "mark", name=op.f("uq_survey_finding_target_id")),
    )
    with op.batch_alter_table("survey_finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_survey_finding_elder_id"), ["elder_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_survey_finding_instance_id"), ["instance_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_survey_finding_target_id"), ["target_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_survey_finding_unit_path"), ["unit_path"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("survey_finding", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_survey_finding_unit_path"))
        batch_op.drop_index(batch_op.f("ix_survey_finding_target_id"))
        batch_op.drop_index(batch_op.f("ix_survey_finding_instance_id"))
        batch_op.drop_index(batch_op.f("ix_survey_finding_elder_id"))

    op.drop_table("survey_finding")
    with op.batch_alter_table("survey_target", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_survey_target_unit_path"))
        batch_op.drop_index(batch_op.f("ix_survey_target_state"))
        batch_op.drop_index(batch_op.f("ix_survey_target_campaign_id"))

    op.drop_table("survey_target")
    with op.batch_alter_table("survey_campaign", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_survey_campaign_until_on"))
        batch_op.drop_index(batch_op.f("ix_survey_campaign_unit_path"))

    op.drop_table("survey_campaign")
