//! Grids of a sweep, and the sizes that a study accepts. Errors name the parameter.

use crate::{Error, Result};

/// Most points of a grid: beyond it a figure shows nothing more, and a mistyped number would exhaust the memory.
const MOST_POINTS: usize = 100_000;

/// `value`, if it is from `least` to `most`.
///
/// # Errors
/// [`Error::InvalidInput`] about `field`.
pub(super) fn size(field: &str, value: usize, least: usize, most: usize) -> Result<usize> {
    match (least..=most).contains(&value) {
        true => Ok(value),
        false => Err(Error::invalid(field, value, format!("a whole number from {least} to {most}"))),
    }
}

/// `count` numbers from `low` to `high` in equal steps, both ends included; `field` is the parameter of `count`.
///
/// # Errors
/// [`Error::InvalidInput`] about `field`: fewer than 2 or more than 100,000 points, or ends that are not finite.
pub(super) fn linear(field: &str, low: f64, high: f64, count: usize) -> Result<Vec<f64>> {
    let last = size(field, count, 2, MOST_POINTS)? - 1;
    if !(high - low).is_finite() {
        return Err(Error::invalid(field, format!("{count} points from {low} to {high}"), "finite ends of the sweep"));
    }
    Ok((0..=last).map(|i| low + (high - low) * i as f64 / last as f64).collect())
}

/// `count` numbers from `low` to `high` in equal factors, both ends included; `field` is the parameter of `count`.
///
/// # Errors
/// As [`linear`]; also ends that are not positive.
pub(super) fn logarithmic(field: &str, low: f64, high: f64, count: usize) -> Result<Vec<f64>> {
    if !(low > 0.0 && high > 0.0 && low.is_finite() && high.is_finite()) {
        let expected = "positive, finite ends of the sweep";
        return Err(Error::invalid(field, format!("{count} points from {low} to {high}"), expected));
    }
    let grid = linear(field, low.ln(), high.ln(), count)?;
    let inside = |(i, x): (usize, f64)| {
        if i == 0 {
            low
        } else if i + 1 == count {
            high
        } else {
            x.exp()
        }
    };
    Ok(grid.into_iter().enumerate().map(inside).collect())
}

/// At most `count` whole numbers from `low` to `high` in about equal factors, both ends included, each once.
///
/// # Errors
/// As [`logarithmic`].
pub(super) fn whole(field: &str, low: u64, high: u64, count: usize) -> Result<Vec<u64>> {
    let grid = logarithmic(field, low as f64, high as f64, count)?;
    let mut grid: Vec<u64> = grid.into_iter().map(|x| x.round() as u64).collect();
    grid.dedup();
    Ok(grid)
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_ends_are_there_and_no_number_twice() {
        assert_eq!(super::whole("n", 1, 10, 30).unwrap(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        let grid = super::logarithmic("n", 1e-3, 7.0, 5).unwrap();
        assert_eq!((grid[0], grid[4], grid.len()), (1e-3, 7.0, 5));
        assert_eq!(super::linear("n", -1.0, 1.0, 3).unwrap(), [-1.0, 0.0, 1.0]);
    }

    #[test]
    fn what_no_sweep_can_hold_is_refused_by_name() {
        for error in [
            super::linear("points", 0.0, 1.0, 99_999_999_999_999).unwrap_err(),
            super::linear("points", 0.0, 1.0, 1).unwrap_err(),
            super::linear("points", 0.0, f64::INFINITY, 5).unwrap_err(),
            super::logarithmic("points", 0.0, 1.0, 5).unwrap_err(),
            super::whole("points", 1, 0, 5).unwrap_err(),
        ] {
            assert!(error.to_string().starts_with("points is "), "{error}");
        }
    }
}
