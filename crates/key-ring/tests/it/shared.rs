//! A ring that is replaced while it is used.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use clock::Entropy;
use ids::KeyId;
use key_ring::{KeyRing, Purpose, SharedKeyRing};

#[test]
fn what_is_derived_follows_the_ring() {
    let first = ring();
    let shared = SharedKeyRing::new(first.clone());
    let primary = shared.clone().derived(KeyRing::primary);
    let also = primary.clone();
    assert_eq!((**primary.get(), shared.load().primary()), (ONE, ONE));

    let (both, second) = first.add(&Entropy::seeded(2)).unwrap();
    shared.replace(both.promote(second).unwrap());
    assert_eq!((**primary.get(), **also.get()), (second, second));
    assert_eq!(shared.load().primary(), second);

    let fixed = SharedKeyRing::from(&first);
    assert_eq!(fixed.load().primary(), ONE);
    assert_eq!(format!("{fixed:?}"), "SharedKeyRing {KeyId(1): Primary}");
}

#[test]
fn all_know_a_new_primary_before_the_first_uses_it() {
    let first = ring();
    let shared = SharedKeyRing::new(first.clone());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sees = Arc::clone(&seen);
    let derived = shared.derived(move |ring| {
        let ids: Vec<_> = ring.ids().collect();
        sees.lock().unwrap().push((ring.primary(), ids));
    });
    let (both, second) = first.add(&Entropy::seeded(2)).unwrap();
    shared.replace(both.promote(second).unwrap());
    let both = vec![ONE, second];
    assert_eq!(
        *seen.lock().unwrap(),
        [(ONE, vec![ONE]), (ONE, both.clone()), (second, both)]
    );
    drop(derived);
    shared.replace(first);
    assert_eq!(seen.lock().unwrap().len(), 3, "nobody reads it any more");
}

#[test]
fn what_was_derived_before_is_gone_when_it_is_replaced() {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let shared = SharedKeyRing::new(ring());
    let gone = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&gone);
    let derived = shared.derived(move |_| Counted(Arc::clone(&count)));
    shared.replace(ring());
    let before = gone.load(Ordering::SeqCst);
    assert_eq!(before, 2, "one from before, one from in between");
    let in_use = derived.get();
    shared.replace(ring());
    assert_eq!(
        gone.load(Ordering::SeqCst),
        before + 1,
        "not the one in use"
    );
    drop(in_use);
    assert_eq!(gone.load(Ordering::SeqCst), before + 2);
}

#[test]
fn readers_see_whole_rings_while_it_is_replaced() {
    let first = ring();
    let (both, second) = first.add(&Entropy::seeded(2)).unwrap();
    let promoted = both.promote(second).unwrap();
    let shared = SharedKeyRing::new(both.clone());
    let derived = shared.derived(|ring| ring.derive_primary(Purpose::Vault));
    let expected = [&both, &promoted].map(|ring| ring.derive_primary(Purpose::Vault).1);
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    let now = derived.get();
                    let (id, key) = &**now;
                    let right = &expected[if *id == ONE { 0 } else { 1 }];
                    assert_eq!(key.expose(), right.expose());
                }
            });
        }
        for _ in 0..200 {
            shared.replace(promoted.clone());
            shared.replace(both.clone());
        }
        ended.store(true, Ordering::Relaxed);
    });
}

fn ring() -> KeyRing {
    KeyRing::generate(ONE, &Entropy::seeded(1))
}

const ONE: KeyId = KeyId::new(1);
