//! Best-of-N on blocks: sequences cut into independent blocks of `b` symbols, best of `N` within each (R26).
//!
//! KL and reward a symbol are those of one block over `b`, from the exact engine. They tend to the RL frontier as
//! `b -> inf` at the cost `N ~ e^{b delta}`, not monotonically. Derived; after Mayrink Verdun et al. 2025.

use super::memoryless::Memoryless;
use super::memoryless_best_of::check_log_best_of;
use super::reward_law::reward_law;
use crate::numerics::roots::bisect;
use crate::prob::best_of;
use crate::{Error, Result};

/// Best-of-N on blocks, a symbol.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockBestOf {
    /// `log N` a block.
    pub log_best_of: f64,
    /// `D(block policy || base) / b`.
    pub kl_per_symbol: f64,
    /// Mean reward of a block over `b`.
    pub mean_per_symbol: f64,
}

/// Best of `e^log_best_of` blocks; `block` is the model with length `b`.
///
/// # Errors
/// Field `log_best_of`; [`Error::TooLarge`].
pub fn block_best_of(block: &Memoryless, log_best_of: f64) -> Result<BlockBestOf> {
    check_log_best_of(log_best_of)?;
    let best = best_of(&reward_law(block)?.levels, log_best_of);
    let length = block.length() as f64;
    Ok(BlockBestOf { log_best_of, kl_per_symbol: best.kl / length, mean_per_symbol: best.mean / length })
}

/// The real `N` that spends `kl_per_symbol`, and what it earns. The divergence is non-decreasing in `N`.
///
/// # Errors
/// Field `kl_per_symbol`: negative, or not below its limit `-log P(top) / b`.
pub fn block_best_of_at_kl(block: &Memoryless, kl_per_symbol: f64) -> Result<BlockBestOf> {
    let levels = reward_law(block)?.levels;
    let length = block.length() as f64;
    let limit = -levels.log_mass()[levels.len() - 1] / length;
    if !(kl_per_symbol >= 0.0 && kl_per_symbol < limit) {
        return Err(Error::invalid("kl_per_symbol", kl_per_symbol, format!("a number in [0, {limit})")));
    }
    let excess = |log_n: f64| best_of(&levels, log_n).kl / length - kl_per_symbol;
    let mut high = 1.0;
    while excess(high) < 0.0 && high < 1e300 {
        high *= 2.0;
    }
    let log_best_of = bisect(excess, 0.0, high).x;
    let best = best_of(&levels, log_best_of);
    Ok(BlockBestOf { log_best_of, kl_per_symbol: best.kl / length, mean_per_symbol: best.mean / length })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_of_the_specification() {
        let rows_a = [1.190879, 1.170943, 1.170582, 1.172603, 1.177048, 1.183925, 1.191636];
        let log_n = [0.821, 1.100, 1.638, 2.556, 4.222, 7.439, 13.843];
        let rows_b = [1.126625, 1.103711, 1.100775, 1.103067, 1.107496, 1.113949];
        for (i, (wanted, log_n)) in rows_a.iter().zip(log_n).enumerate() {
            let block = Memoryless::new(&[0.5, 0.3, 0.2], &[0.0, 1.0, 2.0], 1 << i).unwrap();
            let found = block_best_of_at_kl(&block, 0.2).unwrap();
            assert!((found.mean_per_symbol - wanted).abs() < 6e-7, "{i}: {found:?}");
            assert!((found.log_best_of - log_n).abs() < 6e-4);
        }
        for (i, wanted) in rows_b.iter().enumerate() {
            let block = Memoryless::new(&[0.5, 0.3, 0.2], &[0.0, 1.0, 1.8384776310850235], 1 << i).unwrap();
            assert!((block_best_of_at_kl(&block, 0.2).unwrap().mean_per_symbol - wanted).abs() < 6e-7);
        }
    }

    #[test]
    fn ends() {
        let block = Memoryless::new(&[0.5, 0.3, 0.2], &[0.0, 1.0, 2.0], 4).unwrap();
        assert!(block_best_of_at_kl(&block, 0.0).unwrap().log_best_of < 1e-6);
        assert!(block_best_of_at_kl(&block, 1.7).is_err());
        assert!((block_best_of(&block, 1e3).unwrap().kl_per_symbol + 0.2f64.ln()).abs() < 1e-14);
    }
}
