//! When a delivery is tried again.

use std::time::Duration;

use clock::Entropy;

/// How long after a failed attempt the next one is made, given how many have failed, this one too; none after the last.
///
/// Up to a tenth is added by lot, so that what failed together does not come back together.
pub(crate) fn pause(failed: u32, entropy: &Entropy) -> Option<Duration> {
    let place = usize::try_from(failed.checked_sub(1)?).ok()?;
    let pause = Duration::from_secs(*PAUSES.get(place)?);
    let tenth_ms = pause.as_millis() as u64 / 10;
    Some(pause + Duration::from_millis(entropy.below(tenth_ms + 1)))
}

/// In seconds, as published: 10 s, 30 s, 2 min, 10 min, 1 h, 6 h, 24 h, 72 h.
const PAUSES: [u64; 8] = [10, 30, 120, 600, 3_600, 21_600, 86_400, 259_200];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_those_published_and_at_most_a_tenth_longer() {
        let entropy = Entropy::seeded(7);
        let mut longer = 0;
        for (failed, seconds) in (1..).zip(PAUSES) {
            for _ in 0..100 {
                let pause = pause(failed, &entropy).unwrap();
                let least = Duration::from_secs(seconds);
                assert!(least <= pause && pause <= least + least / 10, "{failed}");
                longer += u32::from(pause > least);
            }
        }
        assert!(longer > 700);
        assert_eq!(pause(9, &entropy), None);
        assert_eq!(pause(0, &entropy), None);
    }
}
