//! Keys for purposes, and the encoding that keeps values apart.

use std::collections::BTreeSet;

use clock::Entropy;
use ids::KeyId;
use key_ring::{KeyRing, LengthPrefixed, MasterKey, Purpose};
use proptest::prelude::*;

/// Recomputed with Python's hmac: Expand(Extract("memberpass/telegram/v1/root", 07…07), label), 32 bytes.
const KNOWN: [(Purpose, &str); 5] = [
    (
        Purpose::Vault,
        "20437e9acee359db8ea21191839fd9efbc1fc6f33a86120fe363dafe8a3daaa9",
    ),
    (
        Purpose::WebhookPath,
        "7e95e94d3fc9856a966a4db79f561807090d32772d622d946a6623d83ee915be",
    ),
    (
        Purpose::WebhookSecret,
        "95d69bef2fd7d4de0a8e2beec39328beec68295f0a4df62daeb5a30b37967c31",
    ),
    (
        Purpose::RequestLog,
        "1b83434ffdada817643ee8dba290d9100076cda733f05551ea8dd647b8643c04",
    ),
    (
        Purpose::KeyCheck,
        "2ff940b39d2d27a40bd0bc2f41c9fb46f4c68e3ee4ec9424163bcae5f0c32738",
    ),
];

#[test]
fn derived_keys_are_the_known_ones() {
    let ring = KeyRing::new(KeyId::new(1), MasterKey::from_bytes(&[7; 32]));
    assert_eq!(KNOWN.map(|(purpose, _)| purpose), Purpose::ALL);
    for (purpose, known) in KNOWN {
        let key = ring.derive(purpose, KeyId::new(1)).unwrap();
        let hex: String = key.expose().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, known, "{purpose:?}");
        let (id, primary) = ring.derive_primary(purpose);
        assert_eq!((id, primary.expose()), (KeyId::new(1), key.expose()));
    }
}

#[test]
fn every_purpose_and_key_gives_another_key() {
    let (ring, _) = KeyRing::generate(KeyId::new(1), &Entropy::seeded(1))
        .add(&Entropy::seeded(2))
        .unwrap();
    let keys: BTreeSet<[u8; 32]> = ring
        .ids()
        .flat_map(|id| Purpose::ALL.map(|purpose| *ring.derive(purpose, id).unwrap().expose()))
        .collect();
    assert_eq!(keys.len(), 10);
    let labels: BTreeSet<_> = Purpose::ALL.iter().map(|p| p.label()).collect();
    assert_eq!(labels.len(), 5);
    assert!(ring.derive(Purpose::Vault, KeyId::new(3)).is_none());
    assert!(ring.check_value(KeyId::new(3)).is_none());
}

#[test]
fn nothing_prints_a_key() {
    let ring = KeyRing::new(
        KeyId::new(1),
        MasterKey::from_bytes(b"abcdefghijklmnopqrstuvwxyzabcdef"),
    );
    let key = ring.derive(Purpose::Vault, KeyId::new(1)).unwrap();
    assert_eq!(format!("{ring:?}"), "KeyRing {KeyId(1): Primary}");
    assert_eq!(format!("{key:?}"), "DerivedKey(redacted)");
    assert_eq!(
        format!("{:?}", MasterKey::from_bytes(&[1; 32])),
        "MasterKey(redacted)"
    );
    assert_eq!(format!("{:?}", key_ring::Mac::new(b"k")), "Mac(redacted)");
    assert_eq!(
        format!("{:?}", key_ring::Hkdf::extract(b"", b"k")),
        "Hkdf(redacted)"
    );
}

fn values() -> impl Strategy<Value = Vec<Vec<u8>>> {
    // Few and small, so that near-collisions are likely; some look like lengths.
    let value = prop_oneof![
        prop::collection::vec(0_u8..3, 0..4),
        (0_u64..3).prop_map(|length| length.to_be_bytes().to_vec()),
    ];
    prop::collection::vec(value, 0..5)
}

fn encoded(values: &[Vec<u8>]) -> Vec<u8> {
    let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
    LengthPrefixed::new(&values).to_vec()
}

/// Reads an encoding back, which is what makes it free of collisions.
fn decoded(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut values = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk()?;
        let (value, rest) =
            rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
        values.push(value.to_vec());
        bytes = rest;
    }
    Some(values)
}

proptest! {
    #[test]
    fn no_two_lists_of_values_meet(a in values(), b in values()) {
        prop_assert_eq!(a == b, encoded(&a) == encoded(&b));
    }

    #[test]
    fn moving_a_border_moves_the_encoding(bytes in prop::collection::vec(any::<u8>(), 1..40), cuts in any::<[prop::sample::Index; 2]>()) {
        let [a, b] = cuts.map(|cut| {
            let (left, right) = bytes.split_at(cut.index(bytes.len()));
            vec![left.to_vec(), right.to_vec()]
        });
        prop_assert_eq!(a == b, encoded(&a) == encoded(&b));
    }

    #[test]
    fn an_encoding_reads_back(list in values()) {
        prop_assert_eq!(decoded(&encoded(&list)), Some(list));
    }
}
