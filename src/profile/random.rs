//! Random numbers that are the same on every device.

use crate::profile::network::ops::exp;

/// Random numbers (splitmix64, Steele et al. 2014).
pub(crate) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// Above 0 and below 1.
    pub fn uniform(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 41) as f32 / (1 << 23) as f32 + 1.0 / (1 << 25) as f32
    }

    /// A standard normal, nearly: of twelve uniforms.
    pub fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.uniform()).sum::<f32>() - 6.0
    }

    /// A gamma variate of scale 1 (Marsaglia and Tsang 2000), `shape` positive.
    pub fn gamma(&mut self, shape: f32) -> f32 {
        let boost = if shape < 1.0 { exp(self.uniform().ln() / shape) } else { 1.0 };
        let d = if shape < 1.0 { shape + 1.0 } else { shape } - 1.0 / 3.0;
        loop {
            let x = self.normal();
            let cube = 1.0 + x / (9.0 * d).sqrt();
            let v = cube * cube * cube;
            if cube > 0.0 && self.uniform().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return boost * d * v;
            }
        }
    }
}
