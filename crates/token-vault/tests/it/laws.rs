//! What holds for every secret and every place.

use ids::{ProjectId, TelegramBotId, TokenVersion};
use proptest::prelude::*;
use token_vault::{OpenError, SealedToken, TokenContext};

use super::{TOKEN, place, project, vault};

#[test]
fn every_flipped_bit_is_refused() {
    let project = project();
    let vault = vault(1, 7);
    let sealed = vault.seal(&place(&project), TOKEN);
    for bit in 0..sealed.as_bytes().len() * 8 {
        let mut bytes = sealed.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let opened = SealedToken::from_bytes(bytes)
            .and_then(|changed| vault.open(&place(&project), &changed));
        assert_eq!(opened, Err(OpenError), "bit {bit}");
    }
}

#[test]
fn every_shorter_and_longer_record_is_refused() {
    let project = project();
    let vault = vault(1, 7);
    let sealed = vault.seal(&place(&project), TOKEN);
    let bytes = sealed.as_bytes();
    let parts = (0..bytes.len()).flat_map(|at| [bytes[..at].to_vec(), bytes[at + 1..].to_vec()]);
    let longer = (0..=255).map(|byte| [bytes, &[byte]].concat());
    for changed in parts.chain(longer) {
        let opened = SealedToken::from_bytes(changed)
            .and_then(|changed| vault.open(&place(&project), &changed));
        assert_eq!(opened, Err(OpenError));
    }
}

#[test]
fn another_key_does_not_open_it_whatever_its_id() {
    let project = project();
    let sealed = vault(1, 7).seal(&place(&project), TOKEN);
    for (id, key) in [(1, 8), (2, 7), (2, 8)] {
        let opened = vault(id, key).open(&place(&project), &sealed);
        assert_eq!(opened, Err(OpenError));
    }
    // The right material under another id: the id is part of what is authenticated.
    let mut renamed = sealed.into_bytes();
    renamed[9] = 2;
    let renamed = SealedToken::from_bytes(renamed).unwrap();
    assert_eq!(renamed.key_id().value(), 2);
    let opened = vault(2, 7).open(&place(&project), &renamed);
    assert_eq!(opened, Err(OpenError));
}

#[test]
fn parts_of_two_records_do_not_make_a_third() {
    let project = project();
    let vault = vault(1, 7);
    let a = vault.seal(&place(&project), TOKEN).into_bytes();
    let b = vault.seal(&place(&project), TOKEN).into_bytes();
    assert_ne!(a, b, "each has a salt of its own");
    for border in [10, 42, 74, a.len() - 16] {
        let mixed = SealedToken::from_bytes([&a[..border], &b[border..]].concat()).unwrap();
        let opened = vault.open(&place(&project), &mixed);
        assert_eq!(
            opened.is_ok(),
            border == 10,
            "{border}: the first ten bytes are the same"
        );
    }
}

fn contexts() -> impl Strategy<Value = (ProjectId, i64, String, u32)> {
    let project = "prj_[0-9A-Za-z]{1,64}".prop_map(|id| id.parse().unwrap());
    (project, any::<i64>(), "[a-z_]{0,12}", any::<u32>())
}

fn context((project, bot, field, version): &(ProjectId, i64, String, u32)) -> TokenContext<'_> {
    TokenContext {
        project,
        telegram_bot_id: TelegramBotId::new(*bot),
        field,
        token_version: TokenVersion::new(*version),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_was_sealed_opens(at in contexts(), secret in prop::collection::vec(any::<u8>(), 0..300)) {
        let vault = vault(1, 7);
        let sealed = vault.seal(&context(&at), &secret);
        prop_assert_eq!(sealed.as_bytes().len(), 90 + secret.len());
        prop_assert_eq!(&vault.open(&context(&at), &sealed).unwrap()[..], &secret[..]);
    }

    #[test]
    fn every_foreign_place_is_refused(a in contexts(), b in contexts()) {
        let vault = vault(1, 7);
        let sealed = vault.seal(&context(&a), TOKEN);
        let foreign = [
            (b.0.clone(), a.1, a.2.clone(), a.3),
            (a.0.clone(), b.1, a.2.clone(), a.3),
            (a.0.clone(), a.1, b.2.clone(), a.3),
            (a.0.clone(), a.1, a.2.clone(), b.3),
            (a.0.clone(), a.1, a.2.clone(), a.3.wrapping_add(1)),
            b,
        ];
        for other in foreign {
            let opened = vault.open(&context(&other), &sealed);
            prop_assert_eq!(opened.is_ok(), other == a);
        }
    }

    #[test]
    fn no_bytes_make_opening_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let project = project();
        let framed = [b"MPT\0\x01\x01\0\0\0\x01".as_slice(), &bytes].concat();
        for bytes in [bytes, framed] {
            let opened = SealedToken::from_bytes(bytes)
                .and_then(|sealed| vault(1, 7).open(&place(&project), &sealed));
            prop_assert_eq!(opened, Err(OpenError));
        }
    }
}
