//! Many repetitions side by side, one a lane: the layout of the simulation kernels.
//!
//! A kernel keeps its state as structure of arrays (one slice a variable, one entry a repetition) and asks for one draw of
//! every repetition at a time. The draws are those of the scalar [`Stream`](super::Stream) at the same address.

use std::ops::Range;

use super::philox::{fill_gathered, fill_repetitions};
use super::stream::position;
use super::transform;

/// The streams of consecutive repetitions, at one common position.
///
/// ```
/// use tilt::sampling::Address;
/// let address = Address::new(1, "example", "cell");
/// let mut lanes = address.lanes(100..104);
/// let mut u = [0.0; 4];
/// lanes.uniforms(&mut u);
/// lanes.uniforms(&mut u);
/// assert_eq!(u[3], address.stream(103).uniform_at(1));
/// ```
#[derive(Clone, Debug)]
pub struct Lanes {
    key: [u32; 2],
    repetitions: Range<u64>,
    position: u64,
    /// The odd uniforms of the current block, one a lane; meaningful at odd positions.
    odd: Vec<f64>,
}

impl Lanes {
    pub(super) fn new(key: [u32; 2], repetitions: Range<u64>) -> Self {
        let width = repetitions.end.saturating_sub(repetitions.start) as usize;
        Lanes { key, repetitions, position: 0, odd: vec![0.0; width] }
    }

    /// The repetitions, one a lane.
    pub fn repetitions(&self) -> Range<u64> {
        self.repetitions.clone()
    }

    /// How many lanes there are. Every slice given to a method below must have this length, or it panics.
    pub fn width(&self) -> usize {
        self.odd.len()
    }

    /// The common position of the next draw.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Moves every lane to `position`.
    pub fn seek(&mut self, position: u64) {
        self.position = position;
        if position % 2 == 1 {
            let at = vec![position; self.width()];
            fill_gathered(self.key, self.repetitions.start, &at, &mut self.odd);
        }
    }

    /// The same repetitions at the beginning of `branch`.
    pub fn branch(&self, branch: u32) -> Lanes {
        Lanes { position: position(branch, 0), ..self.clone() }
    }

    /// The next uniform of every lane. One position; every second call is a copy.
    pub fn uniforms(&mut self, out: &mut [f64]) {
        assert_eq!(out.len(), self.width(), "one entry a lane");
        if self.position % 2 == 1 {
            out.copy_from_slice(&self.odd);
        } else {
            fill_repetitions(self.key, self.repetitions.start, self.position / 2, out, &mut self.odd);
        }
        self.position = self.position.wrapping_add(1);
    }

    /// The uniform of lane `i` at `positions[i]`, without moving: for kernels whose lanes are not in step, as the n-th
    /// reward of an arm at [`position(arm, n)`](super::position). Half of each block is thrown away: twice the cost of
    /// [`uniforms`](Lanes::uniforms).
    pub fn uniforms_at(&self, positions: &[u64], out: &mut [f64]) {
        assert!(positions.len() == self.width() && out.len() == self.width(), "one entry a lane");
        fill_gathered(self.key, self.repetitions.start, positions, out);
    }

    /// The next exponential of every lane, mean 1. One position.
    pub fn exponentials(&mut self, out: &mut [f64]) {
        self.uniforms(out);
        transform::exponentials(out);
    }

    /// The next standard normal of every lane. One position.
    pub fn normals(&mut self, out: &mut [f64]) {
        self.uniforms(out);
        transform::normals(out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Address;

    #[test]
    fn lanes_are_streams() {
        let address = Address { seed: 4, study: 5, cell: 6 };
        let mut lanes = address.lanes(1000..1037);
        let mut streams: Vec<_> = (1000..1037).map(|r| address.stream(r)).collect();
        let mut out = vec![0.0; 37];
        for start in [0, 1, 7, 8, 1 << 40] {
            lanes.seek(start);
            streams.iter_mut().for_each(|s| s.seek(start));
            lanes.uniforms(&mut out);
            assert!(streams.iter_mut().zip(&out).all(|(s, &u)| s.uniform() == u));
            lanes.normals(&mut out);
            assert!(streams.iter_mut().zip(&out).all(|(s, &x)| s.normal() == x));
            lanes.exponentials(&mut out);
            assert!(streams.iter_mut().zip(&out).all(|(s, &x)| s.exponential() == x));
            assert_eq!(lanes.position(), start + 3);
        }
        let mut branch = lanes.branch(3);
        branch.uniforms(&mut out);
        assert!(streams.iter().zip(&out).all(|(s, &u)| s.branch(3).uniform() == u));
        let positions: Vec<u64> = (0..37).map(|i| i * 5 % 11).collect();
        lanes.uniforms_at(&positions, &mut out);
        assert!(streams.iter().zip(&out).zip(&positions).all(|((s, &u), &p)| s.uniform_at(p) == u));
    }
}
