//! Known answers, computed with Python's hmac and another AES-GCM from the README's table.

use clock::Entropy;
use token_vault::{SealedToken, TokenContext};

use super::{TOKEN, place, project, vault};

/// Key 1 is 07…07, the salt 09…09.
const SEALED: &str = "4d5054000101000000010909090909090909090909090909090909090909090909090909090909090909d7163ba02ea6809025c9ef3b2fda929c3204b292bdbd79d74cfbb81bab4330db11534d5f4736e7f00827a1eb3566552b13654536224451da70e356a312a1dc3a64050bb3e04fd10fbb05582d445259c00353fc96f52fc74a80130fb2a5";
/// Key 4294967295 is 08…08, the salt ff…ff, the secret empty.
const EMPTY: &str = "4d5054000101fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff49c0e0a9fb842a4cbdf4114414888d5ba8b3cff4880f2c9c2ee9f2ec2d469b330baf75211d4d3aeadf6418c24ba5949";

#[test]
fn records_that_others_made_open() {
    let project = project();
    let sealed = SealedToken::from_bytes(unhex(SEALED)).unwrap();
    assert_eq!(sealed.key_id().value(), 1);
    let opened = vault(1, 7).open(&place(&project), &sealed).unwrap();
    assert_eq!(opened[..], *TOKEN);

    let sealed = SealedToken::from_bytes(unhex(EMPTY)).unwrap();
    assert_eq!(sealed.as_bytes().len(), 90);
    let place = TokenContext {
        field: "",
        token_version: ids::TokenVersion::new(u32::MAX),
        ..place(&project)
    };
    let opened = vault(u32::MAX, 8).open(&place, &sealed).unwrap();
    assert_eq!(opened[..], *b"");
}

#[test]
fn a_record_sealed_here_is_the_known_one() {
    // The salt is what the seeded entropy gives first.
    let salt = Entropy::seeded(7).bytes::<32>();
    let project = project();
    let sealed = vault(1, 7).seal(&place(&project), TOKEN);
    assert_eq!(sealed.as_bytes()[10..42], salt);
    assert_eq!(sealed.as_bytes(), unhex(SEEDED));
}

const SEEDED: &str = "4d505400010100000001d70d3259e4e1cb631c663cf4d73c4c04022ab1ba804098e6cb293e6770eb3a95fe638efba2df05a0053d5999ad00c388590eca5ae53658435e926218eae52069a1bcd38168c21a1b2ea39a25994aaef3c3e44ac40512021776b0f79fb1b96998dd90da2f7a908bb8faa5fa5df37cb793188c357a7e8124e1cefe892e44";

#[test]
fn nothing_prints_a_secret() {
    let project = project();
    let vault = vault(1, 7);
    let sealed = vault.seal(&place(&project), TOKEN);
    assert_eq!(format!("{vault:?}"), "TokenVault(primary KeyId(1))");
    assert_eq!(format!("{sealed:?}"), "SealedToken(under KeyId(1))");
}

pub(super) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}
