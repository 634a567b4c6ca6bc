"""Alembic's entry: the tables of all parts, on the connection that `visitflow db upgrade` hands over."""

from alembic import context

from engine.db import Base
from web.tables import import_all

import_all()
connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
