"""Files and texts that want to harm, made by code: what each tries, what carries it, and the rule that refuses it."""
