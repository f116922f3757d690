//! Adding, promoting and retiring keys.

use clock::Entropy;
use ids::KeyId;
use key_ring::{Error, KeyRing, KeyState, Purpose};

#[test]
fn a_new_key_only_opens_until_it_is_promoted() {
    let first = KeyRing::generate(ONE, &Entropy::seeded(1));
    let (both, id) = first.add(&Entropy::seeded(2)).unwrap();
    assert_eq!(id, TWO);
    assert_eq!(both.primary(), ONE);
    assert_eq!(
        states(&both),
        [(ONE, KeyState::Primary), (TWO, KeyState::Open)]
    );

    let promoted = both.promote(TWO).unwrap();
    assert_eq!(
        states(&promoted),
        [(ONE, KeyState::Open), (TWO, KeyState::Primary)]
    );
    for id in [ONE, TWO] {
        assert_eq!(
            both.derive(Purpose::Vault, id).unwrap().expose(),
            promoted.derive(Purpose::Vault, id).unwrap().expose()
        );
    }
    assert_eq!(states(&promoted.promote(TWO).unwrap()), states(&promoted));
    assert_eq!(
        states(&first),
        [(ONE, KeyState::Primary)],
        "a ring does not change"
    );
}

#[test]
fn a_retired_key_is_gone_and_its_id_stays_taken() {
    let ring = KeyRing::generate(ONE, &Entropy::seeded(1));
    let (ring, _) = ring.add(&Entropy::seeded(2)).unwrap();
    let ring = ring.retire(TWO).unwrap();
    assert_eq!(ring.ids().collect::<Vec<_>>(), [ONE]);
    assert!(ring.derive(Purpose::Vault, TWO).is_none());
    assert!(matches!(ring.promote(TWO), Err(Error::Retired(TWO))));
    assert_eq!(states(&ring.retire(TWO).unwrap()), states(&ring));

    let (ring, third) = ring.add(&Entropy::seeded(3)).unwrap();
    assert_eq!(third, KeyId::new(3));
    let again = KeyRing::parse(&ring.to_text()).unwrap();
    assert_eq!(states(&again), states(&ring));
}

#[test]
fn what_cannot_be_is_refused() {
    let ring = KeyRing::generate(ONE, &Entropy::seeded(1));
    assert!(matches!(ring.retire(ONE), Err(Error::RetiresPrimary(ONE))));
    assert!(matches!(ring.retire(TWO), Err(Error::Unknown(TWO))));
    assert!(matches!(ring.promote(TWO), Err(Error::Unknown(TWO))));
    let last = KeyRing::generate(KeyId::new(u32::MAX), &Entropy::seeded(1));
    assert!(matches!(
        last.add(&Entropy::seeded(2)),
        Err(Error::NoIdLeft)
    ));
}

fn states(ring: &KeyRing) -> Vec<(KeyId, KeyState)> {
    ring.states().collect()
}

const ONE: KeyId = KeyId::new(1);
const TWO: KeyId = KeyId::new(2);
