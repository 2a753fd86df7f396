//! Uniform draws turned into exponential and normal ones, one for one, by monotone maps.
//!
//! **Cost**, the uniform included: exponential 13 ns one at a time, 2.3 ns in lanes; normal 15 and 4.4.
//!
//! **Exponential**: $-\ln u$, decreasing in u; the logarithm of [`numerics::lanes`](crate::numerics::lanes).
//!
//! **Normal**: $\Phi^{-1}(u)$, increasing in u. Wichura, "Algorithm AS 241: the percentage points of the normal
//! distribution", Applied Statistics 37 (1988), PPND16: three rational functions, relative error about 1e-16 on the
//! uniforms of [`super::philox::uniform`]. Apart from the quantile of [`numerics::special`](crate::numerics::special),
//! which may grow more digits: a draw keeps its bits.
#![allow(clippy::excessive_precision)] // the coefficients as published

use crate::numerics::lanes::{Kernel, dispatch, ln8};

const A: [f64; 8] = [
    3.387_132_872_796_366_608,
    1.331_416_678_917_843_774_5e2,
    1.971_590_950_306_551_442_7e3,
    1.373_169_376_550_946_112_5e4,
    4.592_195_393_154_987_145_7e4,
    6.726_577_092_700_870_085_3e4,
    3.343_057_558_358_812_810_5e4,
    2.509_080_928_730_122_672_7e3,
];
const B: [f64; 8] = [
    1.0,
    4.231_333_070_160_091_125_2e1,
    6.871_870_074_920_579_083e2,
    5.394_196_021_424_751_107_7e3,
    2.121_379_430_158_659_586_7e4,
    3.930_789_580_009_271_061e4,
    2.872_908_573_572_194_267_4e4,
    5.226_495_278_852_854_561e3,
];
const C: [f64; 8] = [
    1.423_437_110_749_683_577_34,
    4.630_337_846_156_545_295_9,
    5.769_497_221_460_691_405_5,
    3.647_848_324_763_204_605_04,
    1.270_458_252_452_368_382_58,
    2.417_807_251_774_506_117_7e-1,
    2.272_384_498_926_918_458_33e-2,
    7.745_450_142_783_414_076_4e-4,
];
const D: [f64; 8] = [
    1.0,
    2.053_191_626_637_758_821_87,
    1.676_384_830_183_803_849_4,
    6.897_673_349_851_000_045_5e-1,
    1.481_039_764_274_800_745_9e-1,
    1.519_866_656_361_645_719_66e-2,
    5.475_938_084_995_344_946e-4,
    1.050_750_071_644_416_843_24e-9,
];
const E: [f64; 8] = [
    6.657_904_643_501_103_777_2,
    5.463_784_911_164_114_369_9,
    1.784_826_539_917_291_335_8,
    2.965_605_718_285_048_912_3e-1,
    2.653_218_952_657_612_309_3e-2,
    1.242_660_947_388_078_438_6e-3,
    2.711_555_568_743_487_578_15e-5,
    2.010_334_399_292_288_132_65e-7,
];
const F: [f64; 8] = [
    1.0,
    5.998_322_065_558_879_376_9e-1,
    1.369_298_809_227_358_053_1e-1,
    1.487_536_129_085_061_485_25e-2,
    7.868_691_311_456_132_591e-4,
    1.846_318_317_510_054_681_8e-5,
    1.421_511_758_316_445_888_7e-7,
    2.044_263_103_389_939_785_64e-15,
];

#[inline(always)]
fn ratio(numerator: &[f64; 8], denominator: &[f64; 8], x: f64) -> f64 {
    let horner =
        |c: &[f64; 8]| ((((((c[7] * x + c[6]) * x + c[5]) * x + c[4]) * x + c[3]) * x + c[2]) * x + c[1]) * x + c[0];
    horner(numerator) / horner(denominator)
}

const CENTRAL: f64 = 0.425;

/// Normals computed at a time.
const CHUNK: usize = 64;

#[inline(always)]
fn central(u: f64) -> f64 {
    let q = u - 0.5;
    q * ratio(&A, &B, CENTRAL * CENTRAL - q * q)
}

/// Eight tails; those beyond |x| = 6.6 (one draw in 4e10) one at a time.
#[inline(always)]
fn tails(u: [f64; 8]) -> [f64; 8] {
    let mut r = ln8(u.map(|u| u.min(1.0 - u)));
    for r in &mut r {
        *r = (-*r).sqrt();
    }
    let mut x = [0.0; 8];
    for i in 0..8 {
        x[i] = ratio(&C, &D, r[i] - 1.6).copysign(u[i] - 0.5);
    }
    for i in 0..8 {
        if r[i] > 5.0 {
            x[i] = ratio(&E, &F, r[i] - 5.0).copysign(u[i] - 0.5);
        }
    }
    x
}

/// The exponential of a uniform in (0, 1).
#[inline]
pub(super) fn exponential(u: f64) -> f64 {
    -ln8([u; 8])[0]
}

/// Uniforms to exponentials in place, with the bits of [`exponential`].
pub(super) fn exponentials(values: &mut [f64]) {
    dispatch(Exponentials(values));
}

struct Exponentials<'a>(&'a mut [f64]);

impl Kernel for Exponentials<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (chunks, rest) = self.0.as_chunks_mut::<8>();
        for chunk in chunks {
            *chunk = ln8(*chunk).map(|x| -x);
        }
        rest.iter_mut().for_each(|u| *u = exponential(*u));
    }
}

/// The normal of a uniform in (0, 1).
#[inline]
pub(super) fn normal(u: f64) -> f64 {
    if (u - 0.5).abs() <= CENTRAL { central(u) } else { tails([u; 8])[0] }
}

/// Uniforms to normals in place, with the bits of [`normal`].
pub(super) fn normals(values: &mut [f64]) {
    dispatch(Normals(values));
}

struct Normals<'a>(&'a mut [f64]);

impl Kernel for Normals<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (chunks, rest) = self.0.as_chunks_mut::<CHUNK>();
        for chunk in chunks {
            let u = *chunk;
            // All as if in the centre (85 in 100 are), then the tails gathered eight at a time.
            for (x, &u) in chunk.iter_mut().zip(&u) {
                *x = central(u);
            }
            let (mut place, mut count) = ([0; CHUNK], 0);
            for (i, &u) in u.iter().enumerate() {
                place[count] = i;
                count += usize::from((u - 0.5).abs() > CENTRAL);
            }
            for place in place[..count].chunks(8) {
                let mut eight = [0.5; 8];
                for (eight, &i) in eight.iter_mut().zip(place) {
                    *eight = u[i];
                }
                for (&x, &i) in tails(eight).iter().zip(place) {
                    chunk[i] = x;
                }
            }
        }
        rest.iter_mut().for_each(|u| *u = normal(*u));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverts_the_distribution_function() {
        let smallest = (-53f64).exp2();
        for u in [smallest, 3.0 * smallest, 1e-12, 1e-6, 0.01, 0.0749, 0.0751, 0.2, 0.4999] {
            // The nearest draw below: an odd multiple of 2^-53, of which 1 - u is exact.
            let u = ((u / f64::EPSILON).floor() + 0.5) * f64::EPSILON;
            let x = normal(u);
            assert_eq!(normal(1.0 - u), -x);
            let back = 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2);
            // An error of e in x becomes |x| (|x| + 1/|x|) e in the tail: 70 ulp of 1.1e-16 at x = -8.2.
            assert!((back / u - 1.0).abs() < 2e-14, "u = {u:e}: {back:e}");
        }
        assert_eq!(normal(0.5), 0.0);
    }

    #[test]
    fn lanes_have_the_bits_of_the_scalar() {
        let uniforms: Vec<f64> = (0..1003).map(|i| (i as f64 + 0.5) / 1003.0).collect();
        let (mut gaussian, mut waiting) = (uniforms.clone(), uniforms.clone());
        normals(&mut gaussian);
        exponentials(&mut waiting);
        for (i, &u) in uniforms.iter().enumerate() {
            assert_eq!((normal(u), exponential(u)), (gaussian[i], waiting[i]));
            assert!((waiting[i] / -u.ln() - 1.0).abs() < 4.0 * f64::EPSILON);
        }
    }
}
