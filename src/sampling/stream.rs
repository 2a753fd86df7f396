//! Addressed random streams: a draw is a pure function of (seed, study, cell, repetition, position).
//!
//! | symbol | meaning |
//! |---|---|
//! | seed | the number the user gives |
//! | study | [`stable_hash`] of the study's name |
//! | cell | one point of the study's sweep: [`stable_hash`] of its label, or any number |
//! | repetition | one independent run of the simulated experiment |
//! | position | the how-manieth 64-bit word of that run; each draw below takes exactly one |
//!
//! Key = the first two words of Philox under key `seed` at counter (study, cell); counter = (position / 2, repetition);
//! the position's parity chooses the half of the 128 bits. Two cells share a key with probability $2^{-64}$ a pair.
//!
//! Positions are laid out in **branches** of $2^{32}$: branch `b` begins at $b 2^{32}$. Give each purpose
//! of a simulation (the rewards of arm 3, the coin of the policy) its own branch, and its n-th draw is the same whatever
//! the other purposes consumed: common random numbers across policies for free.

use std::convert::Infallible;
use std::ops::Range;

use rand::rand_core::TryRng;

use super::lanes::Lanes;
use super::philox::{fill_positions, philox, uniform, words};
use super::transform;

/// FNV-1a, 64 bits (Fowler, Noll, Vo) of the bytes of `name`: stable across versions and machines.
///
/// ```
/// assert_eq!(tilt::sampling::stable_hash(""), 0xcbf29ce484222325);
/// assert_eq!(tilt::sampling::stable_hash("a"), 0xaf63dc4c8601ec8c);
/// ```
pub fn stable_hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ byte as u64).wrapping_mul(0x0100_0000_01b3))
}

/// The position of draw `n` of branch `branch`: branch times $2^{32}$, plus n.
#[inline]
pub fn position(branch: u32, n: u32) -> u64 {
    (branch as u64) << 32 | n as u64
}

/// Where a family of repetitions lives: the seed, the study and the cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// The number the user gives.
    pub seed: u64,
    /// [`stable_hash`] of the study's name.
    pub study: u64,
    /// The cell of the study.
    pub cell: u64,
}

impl Address {
    /// The address of a study and a cell by their names.
    ///
    /// ```
    /// use tilt::sampling::Address;
    /// let mut stream = Address::new(7, "bandits/regret_curves", "ucb1").stream(0);
    /// let u = stream.uniform();
    /// assert!(0.0 < u && u < 1.0);
    /// stream.seek(0);
    /// assert_eq!(stream.uniform(), u);
    /// ```
    pub fn new(seed: u64, study: &str, cell: &str) -> Self {
        Address { seed, study: stable_hash(study), cell: stable_hash(cell) }
    }

    /// The stream of one repetition, at position 0.
    pub fn stream(&self, repetition: u64) -> Stream {
        Stream { key: self.key(), repetition, position: 0, odd: 0 }
    }

    /// The streams of `repetitions` side by side, one a lane, at position 0.
    pub fn lanes(&self, repetitions: Range<u64>) -> Lanes {
        Lanes::new(self.key(), repetitions)
    }

    fn key(&self) -> [u32; 2] {
        let halves = |x: u64| [x as u32, (x >> 32) as u32];
        let ([a, b], [c, d]) = (halves(self.study), halves(self.cell));
        let [k0, k1, ..] = philox([a, b, c, d], halves(self.seed));
        [k0, k1]
    }
}

/// The random words of one repetition, in order of position; seekable.
///
/// It implements rand's generator trait, so that the distributions of `rand_distr` work; those which reject take a random
/// number of positions. `next_u32` takes one position (the upper half of the word), `fill_bytes` one for each 8 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    key: [u32; 2],
    repetition: u64,
    position: u64,
    /// The second word of the current block; meaningful at odd positions.
    odd: u64,
}

impl Stream {
    /// The repetition that this stream belongs to.
    pub fn repetition(&self) -> u64 {
        self.repetition
    }

    /// The position of the next draw.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Moves to `position`.
    pub fn seek(&mut self, position: u64) {
        self.position = position;
        if position % 2 == 1 {
            self.odd = words(self.key, self.repetition, position / 2)[1];
        }
    }

    /// The stream of another repetition of the same cell, at position 0.
    pub(super) fn of_repetition(&self, repetition: u64) -> Stream {
        Stream { key: self.key, repetition, position: 0, odd: 0 }
    }

    /// The same repetition at the beginning of `branch`.
    pub fn branch(&self, branch: u32) -> Stream {
        Stream { position: position(branch, 0), ..self.clone() }
    }

    /// The next 64-bit word. One position.
    #[inline]
    pub fn word(&mut self) -> u64 {
        let position = self.position;
        self.position = position.wrapping_add(1);
        if position % 2 == 1 {
            return self.odd;
        }
        let [even, odd] = words(self.key, self.repetition, position / 2);
        self.odd = odd;
        even
    }

    /// Uniform in the open interval (0, 1), an odd multiple of $2^{-53}$. One position.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        uniform(self.word())
    }

    /// The uniform at `position`, without moving.
    #[inline]
    pub fn uniform_at(&self, position: u64) -> f64 {
        uniform(words(self.key, self.repetition, position / 2)[(position % 2) as usize])
    }

    /// Exponential of mean 1: $-\ln u$, decreasing in the uniform; in $[1.1\times 10^{-16}, 36.8]$. One position.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        transform::exponential(self.uniform())
    }

    /// Standard normal: the quantile $\Phi^{-1}(u)$ (Wichura's AS 241), increasing in the uniform; within 8.21 of 0.
    /// One position.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        transform::normal(self.uniform())
    }

    /// Fills `out` with the next uniforms, as [`uniform`](Stream::uniform) would one by one, several times faster.
    pub fn uniform_block(&mut self, out: &mut [f64]) {
        let (head, rest) = out.split_at_mut((self.position % 2) as usize & out.len().min(1));
        for u in head {
            *u = self.uniform();
        }
        fill_positions(self.key, self.repetition, self.position / 2, rest);
        if !rest.is_empty() {
            self.seek(self.position.wrapping_add(rest.len() as u64));
        }
    }

    /// Fills `out` with the next normals, as [`normal`](Stream::normal) would one by one.
    pub fn normal_block(&mut self, out: &mut [f64]) {
        self.uniform_block(out);
        transform::normals(out);
    }

    /// Fills `out` with the next exponentials, as [`exponential`](Stream::exponential) would one by one.
    pub fn exponential_block(&mut self, out: &mut [f64]) {
        self.uniform_block(out);
        transform::exponentials(out);
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.word() >> 32) as u32)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.word())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.word().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::RngExt;

    const HERE: Address = Address { seed: 1, study: 2, cell: 3 };

    /// Pins the address map: a change here changes every recorded run.
    #[test]
    fn first_words_are_pinned() {
        let [k0, k1, ..] = philox([2, 0, 3, 0], [1, 0]);
        let [a, b, c, d] = philox([0, 0, 5, 0], [k0, k1]);
        let mut stream = HERE.stream(5);
        assert_eq!(stream.word(), a as u64 | (b as u64) << 32);
        assert_eq!(stream.word(), c as u64 | (d as u64) << 32);
    }

    #[test]
    fn every_part_of_the_address_matters() {
        let mut first: Vec<u64> = vec![
            HERE.stream(0).word(),
            HERE.stream(1).word(),
            HERE.stream(1 << 32).word(),
            HERE.stream(0).branch(1).word(),
            Address { seed: 1 << 32 | 1, ..HERE }.stream(0).word(),
            Address { study: 1 << 32 | 2, ..HERE }.stream(0).word(),
            Address { cell: 1 << 32 | 3, ..HERE }.stream(0).word(),
            Address { study: 3, cell: 2, ..HERE }.stream(0).word(),
        ];
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), 8);
    }

    #[test]
    fn works_with_rand() {
        let mut stream = HERE.stream(0);
        let x: f64 = stream.sample(rand_distr::Gamma::new(2.0, 1.0).unwrap());
        assert!(x > 0.0);
        let mut bytes = [0u8; 12];
        let before = stream.position();
        rand::Rng::fill_bytes(&mut stream, &mut bytes);
        assert_eq!(stream.position(), before + 2);
    }

    proptest! {
        #[test]
        fn blocks_and_seeks_agree_with_single_draws(start in 0u64..100, lengths in prop::collection::vec(0usize..70, 1..5)) {
            let (mut one, mut many) = (HERE.stream(9), HERE.stream(9));
            one.seek(start);
            many.seek(start);
            for length in lengths {
                let mut block = vec![0.0; length];
                many.uniform_block(&mut block);
                for u in block {
                    prop_assert_eq!(one.uniform_at(one.position()), u);
                    prop_assert_eq!(one.uniform(), u);
                }
                prop_assert_eq!(one.position(), many.position());
            }
            prop_assert_eq!(one.word(), many.word());
        }
    }
}
