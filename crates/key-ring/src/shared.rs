//! A ring that is replaced while everybody uses it.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use crate::ring::KeyRing;

/// The ring that holds now, and all that was derived from it. Cheap to clone; clones are one.
///
/// A crate that derives keys asks for [`Self::derived`] once and reads that for ever: it is of the new ring when
/// [`Self::replace`] returns. Whoever has a ring that never changes gives `&KeyRing` where one of these is wanted.
#[derive(Clone)]
pub struct SharedKeyRing(Arc<Mutex<Held>>);

struct Held {
    ring: Arc<KeyRing>,
    followers: Vec<Follower>,
}

/// Makes what is derived from a ring; what it answers puts that in place. None when nobody reads it any more.
type Follower = Box<dyn Fn(&KeyRing) -> Option<Install> + Send>;
type Install = Box<dyn FnOnce()>;

/// What was derived from a [`SharedKeyRing`], for reading on the hottest path: never waits, not even for a replacement.
pub struct Derived<T>(Arc<ArcSwap<T>>);

impl SharedKeyRing {
    /// Shares a ring.
    #[must_use]
    pub fn new(ring: KeyRing) -> Self {
        Self(Arc::new(Mutex::new(Held {
            ring: Arc::new(ring),
            followers: Vec::new(),
        })))
    }

    /// The ring that holds now.
    #[must_use]
    pub fn load(&self) -> Arc<KeyRing> {
        Arc::clone(&self.lock().ring)
    }

    /// Puts another ring in its place. When this returns everything derived is of the new one, and what was derived from
    /// keys that are gone is wiped as soon as nobody is reading it.
    ///
    /// All know a new primary key before the first makes something with it. Whether it is the right ring the caller has checked.
    pub fn replace(&self, ring: KeyRing) {
        let mut held = self.lock();
        if let Ok(in_between) = ring.promote(held.ring.primary()) {
            held.derive_all(&in_between);
        }
        held.derive_all(&ring);
        held.ring = Arc::new(ring);
    }

    /// Derives something from the ring, now and whenever it is replaced. `derive` must not use this ring itself.
    #[must_use]
    pub fn derived<T: Send + Sync + 'static>(
        &self,
        derive: impl Fn(&KeyRing) -> T + Send + 'static,
    ) -> Derived<T> {
        let mut held = self.lock();
        let first = Arc::new(ArcSwap::from_pointee(derive(&held.ring)));
        let read = Arc::downgrade(&first);
        held.followers.push(Box::new(move |ring| {
            let read = read.upgrade()?;
            let next = Arc::new(derive(ring));
            Some(Box::new(move || read.store(next)))
        }));
        Derived(first)
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// All are made before the first is put in place, so that they differ for no longer than that takes.
    fn derive_all(&mut self, ring: &KeyRing) {
        let mut made = Vec::with_capacity(self.followers.len());
        self.followers.retain(|follower| {
            let install = follower(ring);
            let read = install.is_some();
            made.extend(install);
            read
        });
        for install in made {
            install();
        }
    }
}

impl<T> Derived<T> {
    /// What is derived from the ring that holds now. For one use: whoever keeps it keeps keys that may be gone.
    #[must_use]
    pub fn get(&self) -> impl Deref<Target = Arc<T>> + use<T> {
        self.0.load()
    }
}

impl<T> Clone for Derived<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// One that is never replaced.
impl From<&KeyRing> for SharedKeyRing {
    fn from(ring: &KeyRing) -> Self {
        Self::new(ring.clone())
    }
}

impl From<&Self> for SharedKeyRing {
    fn from(ring: &Self) -> Self {
        ring.clone()
    }
}

impl fmt::Debug for SharedKeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shared{:?}", self.load())
    }
}

impl<T> fmt::Debug for Derived<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Derived(redacted)")
    }
}
