//! Floor 0: numerical methods that know no model.
