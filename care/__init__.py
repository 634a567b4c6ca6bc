"""The city's home-visit care: who lives where, who is responsible, what is owed to whom. Words: docs/glossary.md."""
