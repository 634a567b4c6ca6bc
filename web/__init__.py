"""Everything a person touches: pages, phone, commands."""
