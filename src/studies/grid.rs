//! Grids of a sweep.

/// `count` numbers from `low` to `high` in equal steps, both ends included.
pub(super) fn linear(low: f64, high: f64, count: usize) -> Vec<f64> {
    let last = count.max(2) - 1;
    (0..=last).map(|i| low + (high - low) * i as f64 / last as f64).collect()
}

/// `count` positive numbers from `low` to `high` in equal factors, both ends included.
pub(super) fn logarithmic(low: f64, high: f64, count: usize) -> Vec<f64> {
    let mut grid: Vec<f64> = linear(low.ln(), high.ln(), count).into_iter().map(f64::exp).collect();
    (grid[0], *grid.last_mut().expect("two points at least")) = (low, high);
    grid
}

/// At most `count` whole numbers from `low` to `high` in about equal factors, both ends included, each once.
pub(super) fn whole(low: u64, high: u64, count: usize) -> Vec<u64> {
    let mut grid: Vec<u64> =
        logarithmic(low as f64, high as f64, count).into_iter().map(|x| x.round() as u64).collect();
    grid.dedup();
    grid
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_ends_are_there_and_no_number_twice() {
        assert_eq!(super::whole(1, 10, 30), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        let grid = super::logarithmic(1e-3, 7.0, 5);
        assert_eq!((grid[0], grid[4], grid.len()), (1e-3, 7.0, 5));
        assert_eq!(super::linear(-1.0, 1.0, 3), [-1.0, 0.0, 1.0]);
    }
}
