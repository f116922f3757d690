use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::mac::Mac;

/// HKDF-SHA256 (RFC 5869) after its first step: expands one secret into as many independent keys as there are labels.
#[derive(Clone)]
pub struct Hkdf(Mac);

impl Hkdf {
    /// The longest output that one label gives, in bytes: 255 tags.
    pub const MAX_OUTPUT: usize = 255 * TAG;

    /// RFC 5869 section 2.2: concentrates a secret. The salt need not be secret, and may be empty.
    #[must_use]
    pub fn extract(salt: &[u8], secret: &[u8]) -> Self {
        Self(Mac::new(&*Mac::new(salt).tag(secret)))
    }

    /// RFC 5869 section 2.3: the key of `N` bytes that belongs to a label. `N` is at most [`Self::MAX_OUTPUT`].
    #[must_use]
    pub fn expand<const N: usize>(&self, label: &[u8]) -> Zeroizing<[u8; N]> {
        const { assert!(N <= Self::MAX_OUTPUT) }
        let mut output = Zeroizing::new([0; N]);
        self.fill_blocks(label, &mut *output);
        output
    }

    /// RFC 5869 section 2.3, where the length is known only at run time.
    ///
    /// # Errors
    /// [`Error::OutputTooLong`] for an output above [`Self::MAX_OUTPUT`]; it is left as it was.
    pub fn expand_into(&self, label: &[u8], output: &mut [u8]) -> Result<()> {
        if output.len() > Self::MAX_OUTPUT {
            return Err(Error::OutputTooLong);
        }
        self.fill_blocks(label, output);
        Ok(())
    }

    /// The caller has seen to the length, so that the block number fits its one byte.
    fn fill_blocks(&self, label: &[u8], output: &mut [u8]) {
        let mut previous = Zeroizing::new([0; TAG]);
        for (number, block) in (1..=u8::MAX).zip(output.chunks_mut(TAG)) {
            let tag = self.0.tag_pieces(|sink| {
                if number > 1 {
                    sink(&*previous);
                }
                sink(label);
                sink(&[number]);
            });
            block.copy_from_slice(&tag[..block.len()]);
            previous.copy_from_slice(&*tag);
        }
    }
}

impl std::fmt::Debug for Hkdf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hkdf(redacted)")
    }
}

const TAG: usize = 32;
