//! Update kinds as a record has them.

use telegram_bot_api::UpdateKind;

/// A text that is the same for the same kinds in any order, and short: their number, and their names' FNV-1a hash.
pub(crate) fn comparable(kinds: &[UpdateKind]) -> String {
    let mut names: Vec<&str> = kinds.iter().map(UpdateKind::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let bytes = names.iter().flat_map(|name| name.bytes().chain([b'\n']));
    let hash = bytes.fold(FNV_OFFSET, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME)
    });
    format!("{}:{hash:016x}", names.len())
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_compared_as_sets() {
        use UpdateKind::{CallbackQuery, Message, Poll};
        let text = comparable(&[Message, Poll]);
        // Another release must come to the same.
        assert_eq!(text, "2:e3c336cb87021fdb");
        assert_eq!(comparable(&[Poll, Message, Poll]), text);
        assert_ne!(comparable(&[Message, CallbackQuery]), text);
        assert_ne!(comparable(&[Message]), text);
    }
}
