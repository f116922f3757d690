//! Moving records from one master key to the next.

use clock::Entropy;
use ids::KeyId;
use key_ring::{KeyRing, SharedKeyRing};
use token_vault::{OpenError, TokenVault};

use super::{TOKEN, place, project};

#[test]
fn a_rewrapped_token_is_the_same_under_the_new_key() {
    let entropy = Entropy::seeded(3);
    let project = project();
    let old = KeyRing::generate(KeyId::new(1), &entropy);
    let sealed = TokenVault::new(&old, entropy.clone()).seal(&place(&project), TOKEN);

    let (both, second) = old.add(&entropy).unwrap();
    let promoted = both.promote(second).unwrap();
    let vault = TokenVault::new(&promoted, entropy.clone());
    assert_eq!(vault.primary(), second);
    assert_eq!(vault.open(&place(&project), &sealed).unwrap()[..], *TOKEN);
    let moved = vault.rewrap(&place(&project), &sealed).unwrap();
    assert_eq!((sealed.key_id(), moved.key_id()), (KeyId::new(1), second));

    let retired = TokenVault::new(&promoted.retire(KeyId::new(1)).unwrap(), entropy.clone());
    assert_eq!(retired.open(&place(&project), &moved).unwrap()[..], *TOKEN);
    assert_eq!(retired.open(&place(&project), &sealed), Err(OpenError));
    assert_eq!(retired.rewrap(&place(&project), &sealed), Err(OpenError));

    // A process that does not know the new key cannot read what another rewrapped: add everywhere before promoting.
    let behind = TokenVault::new(&old, entropy);
    assert_eq!(behind.open(&place(&project), &moved), Err(OpenError));
}

#[test]
fn rewrapping_keeps_to_the_place() {
    let entropy = Entropy::seeded(3);
    let project = project();
    let ring = KeyRing::generate(KeyId::new(1), &entropy);
    let vault = TokenVault::new(&ring, entropy);
    let sealed = vault.seal(&place(&project), TOKEN);
    let other = "prj_other".parse().unwrap();
    assert_eq!(vault.rewrap(&place(&other), &sealed), Err(OpenError));
}

#[test]
fn a_vault_follows_a_ring_that_is_replaced() {
    let entropy = Entropy::seeded(3);
    let project = project();
    let old = KeyRing::generate(KeyId::new(1), &entropy);
    let shared = SharedKeyRing::new(old.clone());
    let vault = TokenVault::new(&shared, entropy.clone());
    let clone = vault.clone();
    let sealed = clone.seal(&place(&project), TOKEN);

    let (both, second) = old.add(&entropy).unwrap();
    shared.replace(both.promote(second).unwrap());
    assert_eq!((vault.primary(), clone.primary()), (second, second));
    assert_eq!(clone.open(&place(&project), &sealed).unwrap()[..], *TOKEN);
    let moved = clone.rewrap(&place(&project), &sealed).unwrap();

    let promoted = both.promote(second).unwrap();
    shared.replace(promoted.retire(KeyId::new(1)).unwrap());
    assert_eq!(vault.open(&place(&project), &sealed), Err(OpenError));
    assert_eq!(vault.open(&place(&project), &moved).unwrap()[..], *TOKEN);
}
