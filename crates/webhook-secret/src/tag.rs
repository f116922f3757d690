//! A tag as text, on the stack.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use key_ring::{LengthPrefixed, Mac};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// The base64url text of a tag, or the front of it. Wiped from memory when dropped.
pub(crate) struct TagText {
    text: Zeroizing<[u8; LENGTH]>,
    shown: usize,
}

impl TagText {
    /// The first `shown` characters of the tag of these values.
    pub(crate) fn new(mac: &Mac, values: LengthPrefixed<'_>, shown: usize) -> Self {
        let mut text = Zeroizing::new([0; LENGTH]);
        // 32 bytes are 43 characters, so the only error there is cannot happen.
        let written = URL_SAFE_NO_PAD.encode_slice(mac.tag_values(values).as_slice(), &mut *text);
        debug_assert_eq!(written, Ok(LENGTH));
        Self {
            text,
            shown: shown.min(LENGTH),
        }
    }

    /// Whether this is the text presented, in a time that depends on the presented length alone.
    pub(crate) fn matches(&self, presented: &[u8]) -> bool {
        self.bytes().ct_eq(presented).into()
    }

    pub(crate) fn push_to(&self, text: &mut String) {
        text.extend(self.bytes().iter().map(|byte| char::from(*byte)));
    }

    fn bytes(&self) -> &[u8] {
        &self.text[..self.shown]
    }
}

/// A whole tag's characters.
pub(crate) const LENGTH: usize = 43;
