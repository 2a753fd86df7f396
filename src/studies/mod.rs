//! Floor 5: studies and the checks of claims, by engine.
