//! Floor 3: the nouns of the laboratory.
