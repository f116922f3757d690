use std::sync::{Arc, Mutex, PoisonError};

/// Where random bytes come from: the operating system, or a seed that a test chooses. Cheap to clone.
#[derive(Clone)]
pub struct Entropy(Source);

#[derive(Clone)]
enum Source {
    /// The state of a SplitMix64 generator: repeatable, and no secret.
    Seeded(Arc<Mutex<u64>>),
    System,
}

impl Entropy {
    /// The operating system's generator, fit for secrets.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// The same bytes for the same seed. For tests and jitter, never for secrets.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(seed))))
    }

    /// Random bytes, as many as the array holds.
    ///
    /// # Panics
    /// When the operating system has no randomness to give; nothing safe can be done without.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.0 {
            Source::Seeded(state) => {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                for chunk in bytes.chunks_mut(8) {
                    chunk.copy_from_slice(&split_mix(&mut state).to_le_bytes()[..chunk.len()]);
                }
            }
            Source::System => fill(&mut bytes),
        }
        bytes
    }

    /// A random number below `bound`; 0 when the bound is 0. The bias is below one in 2^32 for bounds below 2^32.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        u64::from_le_bytes(self.bytes())
            .checked_rem(bound)
            .unwrap_or(0)
    }
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &self.0 {
            Source::Seeded(_) => "Entropy::seeded",
            Source::System => "Entropy::system",
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "here is where the machine is asked"
)]
#[expect(
    clippy::expect_used,
    reason = "documented: without randomness there are no safe keys to go on with"
)]
fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_the_system_does_not() {
        assert_eq!(
            Entropy::seeded(7).bytes::<19>(),
            Entropy::seeded(7).bytes::<19>()
        );
        assert_ne!(
            Entropy::seeded(7).bytes::<19>(),
            Entropy::seeded(8).bytes::<19>()
        );
        assert_ne!(
            Entropy::system().bytes::<19>(),
            Entropy::system().bytes::<19>()
        );
        assert_eq!(Entropy::seeded(7).below(0), 0);
        assert!(Entropy::seeded(7).below(10) < 10);
    }
}
