//! The counter-based generator Philox4x32-10.
//!
//! **Object.** A keyed bijection of 128-bit counters: ten rounds of two 32-bit multiplications. A random word is a pure
//! function of (key, counter), so it can be computed anywhere, in any order, by any number of threads.
//!
//! **Source.** Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. Passes BigCrush; the
//! known-answer vectors of the authors' library Random123 are tested below.
//!
//! **Two forms, the same words.** [`philox`] is the scalar definition. The `fill_*` functions run [`LANES`] counters at
//! once, structure of arrays, compiled for the instruction sets of [`numerics::lanes`](crate::numerics::lanes); all is
//! integer arithmetic up to an exact conversion, so the bits do not depend on the instruction set.
//!
//! **Uniforms.** A 64-bit word becomes $(2j+1) 2^{-53}$ with $j$ its upper 52 bits: the odd multiples of
//! $2^{-53}$. They are symmetric about 1/2, never 0 nor 1, and exact doubles (so `1 - u` is exact too).
//!
//! **Cost.** One counter gives two uniforms. A uniform takes 8.5 ns one at a time and 1.1 ns in lanes (AVX-512, 2 GHz).

use crate::numerics::lanes::{Kernel, dispatch};

/// Counters computed at once by the lane functions.
pub const LANES: usize = 16;

const MULTIPLIER: [u64; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;
const LOW: u64 = 0xFFFF_FFFF;

/// The four words of `counter` under `key`.
///
/// ```
/// use tilt::sampling::philox::philox;
/// assert_eq!(philox([0; 4], [0; 2]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
/// ```
#[inline]
pub fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let ([mut a, mut b, mut c, mut d], [mut k0, mut k1]) = (counter, key);
    for _ in 0..ROUNDS {
        let (p, q) = (MULTIPLIER[0] * a as u64, MULTIPLIER[1] * c as u64);
        (a, b, c, d) = ((q >> 32) as u32 ^ b ^ k0, q as u32, (p >> 32) as u32 ^ d ^ k1, p as u32);
        (k0, k1) = (k0.wrapping_add(WEYL[0]), k1.wrapping_add(WEYL[1]));
    }
    [a, b, c, d]
}

/// The two 64-bit words of the counter (`block`, `repetition`), low half first.
#[inline]
pub fn words(key: [u32; 2], repetition: u64, block: u64) -> [u64; 2] {
    let [a, b, c, d] = philox([block as u32, (block >> 32) as u32, repetition as u32, (repetition >> 32) as u32], key);
    [a as u64 | (b as u64) << 32, c as u64 | (d as u64) << 32]
}

/// The uniform in the open interval (0, 1) of a 64-bit word: $(2j+1) 2^{-53}$, $j$ its upper 52 bits.
///
/// ```
/// use tilt::sampling::philox::uniform;
/// assert_eq!(uniform(0), (-53f64).exp2());
/// assert_eq!(uniform(u64::MAX), 1.0 - (-53f64).exp2());
/// ```
#[inline(always)]
pub fn uniform(word: u64) -> f64 {
    // The mantissa of a double in [1, 2), less 1 - 2^-53: exact, and free of an integer conversion.
    f64::from_bits((word >> 12) | 0x3FF0_0000_0000_0000) - (1.0 - f64::EPSILON / 2.0)
}

/// Uniforms at the consecutive positions `2 first_block, 2 first_block + 1, ..` of one repetition.
pub fn fill_positions(key: [u32; 2], repetition: u64, first_block: u64, out: &mut [f64]) {
    dispatch(Positions { key, repetition, first_block, out });
}

/// Uniforms at the positions `2 block` (into `even`) and `2 block + 1` (into `odd`) of the consecutive repetitions
/// `first, first + 1, ..`; the shorter of the two slices decides how many.
pub fn fill_repetitions(key: [u32; 2], first: u64, block: u64, even: &mut [f64], odd: &mut [f64]) {
    let width = even.len().min(odd.len());
    dispatch(Repetitions { key, first, block, even: &mut even[..width], odd: &mut odd[..width] });
}

/// `out[i]` is the uniform at `positions[i]` of repetition `first + i`; the shorter of the two slices decides how many.
pub fn fill_gathered(key: [u32; 2], first: u64, positions: &[u64], out: &mut [f64]) {
    let width = positions.len().min(out.len());
    dispatch(Gathered { key, first, positions: &positions[..width], out: &mut out[..width] });
}

struct Positions<'a> {
    key: [u32; 2],
    repetition: u64,
    first_block: u64,
    out: &'a mut [f64],
}

impl Kernel for Positions<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let repetitions = [self.repetition; LANES];
        let mut blocks = count_from(self.first_block);
        let (chunks, rest) = self.out.as_chunks_mut::<{ 2 * LANES }>();
        for out in chunks {
            let (even, odd) = uniforms(self.key, &blocks, &repetitions);
            advance(&mut blocks);
            for i in 0..LANES {
                (out[2 * i], out[2 * i + 1]) = (even[i], odd[i]);
            }
        }
        if !rest.is_empty() {
            let (even, odd) = uniforms(self.key, &blocks, &repetitions);
            for (i, out) in rest.iter_mut().enumerate() {
                *out = if i % 2 == 0 { even[i / 2] } else { odd[i / 2] };
            }
        }
    }
}

struct Repetitions<'a> {
    key: [u32; 2],
    first: u64,
    block: u64,
    even: &'a mut [f64],
    odd: &'a mut [f64],
}

impl Kernel for Repetitions<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let blocks = [self.block; LANES];
        let mut repetitions = count_from(self.first);
        let (even, even_rest) = self.even.as_chunks_mut::<LANES>();
        let (odd, odd_rest) = self.odd.as_chunks_mut::<LANES>();
        for (even, odd) in even.iter_mut().zip(odd) {
            (*even, *odd) = uniforms(self.key, &blocks, &repetitions);
            advance(&mut repetitions);
        }
        if !even_rest.is_empty() {
            let (even, odd) = uniforms(self.key, &blocks, &repetitions);
            even_rest.copy_from_slice(&even[..even_rest.len()]);
            odd_rest.copy_from_slice(&odd[..odd_rest.len()]);
        }
    }
}

struct Gathered<'a> {
    key: [u32; 2],
    first: u64,
    positions: &'a [u64],
    out: &'a mut [f64],
}

impl Kernel for Gathered<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mut repetitions = count_from(self.first);
        let (positions, positions_rest) = self.positions.as_chunks::<LANES>();
        let (out, out_rest) = self.out.as_chunks_mut::<LANES>();
        for (at, out) in positions.iter().zip(out) {
            *out = gathered(self.key, at, &repetitions);
            advance(&mut repetitions);
        }
        if !out_rest.is_empty() {
            let mut at = [0; LANES];
            at[..out_rest.len()].copy_from_slice(positions_rest);
            out_rest.copy_from_slice(&gathered(self.key, &at, &repetitions)[..out_rest.len()]);
        }
    }
}

#[inline(always)]
fn count_from(first: u64) -> [u64; LANES] {
    std::array::from_fn(|i| first.wrapping_add(i as u64))
}

#[inline(always)]
fn advance(counters: &mut [u64; LANES]) {
    for counter in counters {
        *counter = counter.wrapping_add(LANES as u64);
    }
}

/// The uniform of each lane at its own position.
#[inline(always)]
fn gathered(key: [u32; 2], at: &[u64; LANES], repetitions: &[u64; LANES]) -> [f64; LANES] {
    let mut blocks = *at;
    for block in &mut blocks {
        *block /= 2;
    }
    let (mut chosen, odd) = uniforms(key, &blocks, repetitions);
    for i in 0..LANES {
        chosen[i] = if at[i].is_multiple_of(2) { chosen[i] } else { odd[i] };
    }
    chosen
}

/// The even and the odd uniform of [`LANES`] counters.
#[inline(always)]
fn uniforms(key: [u32; 2], blocks: &[u64; LANES], repetitions: &[u64; LANES]) -> ([f64; LANES], [f64; LANES]) {
    // 32-bit words in 64-bit lanes, so that a multiplication is one `pmuludq`. Only the low halves count (they alone
    // enter a product), and the high halves are left as they fall until the end.
    let mut a = *blocks;
    let mut b: [u64; LANES] = std::array::from_fn(|i| blocks[i] >> 32);
    let mut c = *repetitions;
    let mut d: [u64; LANES] = std::array::from_fn(|i| repetitions[i] >> 32);
    let [mut k0, mut k1] = key;
    for _ in 0..ROUNDS {
        for i in 0..LANES {
            let (p, q) = (MULTIPLIER[0] * (a[i] & LOW), MULTIPLIER[1] * (c[i] & LOW));
            (a[i], b[i], c[i], d[i]) = ((q >> 32) ^ b[i] ^ k0 as u64, q, (p >> 32) ^ d[i] ^ k1 as u64, p);
        }
        (k0, k1) = (k0.wrapping_add(WEYL[0]), k1.wrapping_add(WEYL[1]));
    }
    let (mut even, mut odd) = ([0.0; LANES], [0.0; LANES]);
    for i in 0..LANES {
        even[i] = uniform((a[i] & LOW) | b[i] << 32);
        odd[i] = uniform((c[i] & LOW) | d[i] << 32);
    }
    (even, odd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::lanes::{InstructionSet, dispatch_to};
    use proptest::prelude::*;

    /// Random123, `kat_vectors`, philox4x32 with 10 rounds.
    #[test]
    fn known_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
        let pi = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];
        assert_eq!(philox(pi, [0xa4093822, 0x299f31d0]), [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]);
    }

    #[test]
    fn uniforms_are_odd_multiples_symmetric_about_a_half() {
        for word in [0, 1, 1 << 12, u64::MAX, 0x8000_0000_0000_0000, 0x1234_5678_9abc_def0] {
            let (u, mirror) = (uniform(word), uniform(!word));
            assert_eq!(1.0 - u, mirror);
            assert_eq!(u * 53f64.exp2() % 2.0, 1.0);
        }
    }

    #[test]
    fn every_instruction_set_has_the_scalar_words() {
        let (key, first, positions) = ([3, 4], u64::MAX - 5, [7, u64::MAX, 1 << 33, 1 << 32 | 5].repeat(11));
        for set in InstructionSet::available() {
            let mut out = vec![0.0; positions.len()];
            dispatch_to(set, Gathered { key, first, positions: &positions, out: &mut out });
            for (i, (&p, &u)) in positions.iter().zip(&out).enumerate() {
                let pair = words(key, first.wrapping_add(i as u64), p / 2).map(uniform);
                assert_eq!(u, pair[(p % 2) as usize], "{set:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn lanes_are_the_scalar_words(k0: u32, k1: u32, repetition: u64, block: u64, length in 0usize..100) {
            let key = [k0, k1];
            let at = |r: u64, b: u64| words(key, repetition.wrapping_add(r), block.wrapping_add(b)).map(uniform);
            let mut out = vec![0.0; length];
            fill_positions(key, repetition, block, &mut out);
            for (i, &u) in out.iter().enumerate() {
                prop_assert_eq!(u, at(0, i as u64 / 2)[i % 2]);
            }
            let (mut even, mut odd) = (vec![0.0; length], vec![0.0; length]);
            fill_repetitions(key, repetition, block, &mut even, &mut odd);
            for i in 0..length {
                prop_assert_eq!([even[i], odd[i]], at(i as u64, 0));
            }
            let positions: Vec<u64> = (0..length as u64).map(|i| (i * i * i) ^ block).collect();
            fill_gathered(key, repetition, &positions, &mut out);
            for (i, &p) in positions.iter().enumerate() {
                let expected = words(key, repetition.wrapping_add(i as u64), p / 2).map(uniform)[(p % 2) as usize];
                prop_assert_eq!(out[i], expected);
            }
        }
    }
}
