use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::length_prefixed::LengthPrefixed;

/// HMAC-SHA256 (RFC 2104) under one key, which is worked in once: each tag starts from a copy of the state.
#[derive(Clone)]
pub struct Mac(Hmac<Sha256>);

impl Mac {
    /// A state keyed with these bytes; any length will do.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "HMAC takes keys of every length; the error exists for other MACs"
    )]
    pub fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes a key of any length"))
    }

    /// The tag of these bytes.
    #[must_use]
    pub fn tag(&self, message: &[u8]) -> Zeroizing<[u8; 32]> {
        self.tag_pieces(|sink| sink(message))
    }

    /// The tag of values that can be told apart. Allocates nothing.
    #[must_use]
    pub fn tag_values(&self, values: LengthPrefixed<'_>) -> Zeroizing<[u8; 32]> {
        // Joined first: the hash takes one piece faster than six small ones.
        let mut joined = [0; JOINED];
        match values.join(&mut joined) {
            Some(message) => self.tag(message),
            None => self.tag_pieces(|sink| values.write(sink)),
        }
    }

    /// The tag of pieces joined as they are: for constructions that define their own layout.
    pub(crate) fn tag_pieces(
        &self,
        write: impl FnOnce(&mut dyn FnMut(&[u8])),
    ) -> Zeroizing<[u8; 32]> {
        let mut state = self.0.clone();
        write(&mut |piece| state.update(piece));
        Zeroizing::new(state.finalize().into_bytes().into())
    }
}

/// What is longer is hashed piece by piece.
const JOINED: usize = 128;

impl std::fmt::Debug for Mac {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mac(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_one_tag_however_long_they_are() {
        let mac = Mac::new(b"key");
        for length in [0, 1, 54, 55, 111, 112, 113, 500] {
            let long = vec![7; length];
            let values: [&[u8]; 2] = [&long, b""];
            let values = || LengthPrefixed::new(&values);
            assert_eq!(
                mac.tag_values(values()),
                mac.tag(&values().to_vec()),
                "{length}"
            );
        }
    }
}
