-- What was refused for good may be obliged anew: an intent of its own, at the position of the entry that released it,
-- under the leaf of the entry that obliged it first. The leaf leads from one to the other.

CREATE INDEX intents_leaf ON writer.intents (generation, leaf, position);
