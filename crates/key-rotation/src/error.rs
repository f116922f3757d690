use std::time::Duration;

use ids::KeyId;
use key_ring::KeyState;

use crate::uses::KeyUses;

/// What this crate answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a step was not done. Each says what to do instead; after any of them the same step may be asked for again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The keys are kept where this program does not write.
    #[error("the keys come from {what}, which is not written from here. {steps}")]
    ByHand {
        /// What they come from.
        what: String,
        /// What to do there, and afterwards.
        steps: String,
    },
    /// The records failed, or are of other keys.
    #[error(transparent)]
    Directory(#[from] connection_directory::Error),
    /// The secrets of webhook endpoints failed.
    #[error(transparent)]
    Events(#[from] platform_events::Error),
    /// Something still refers to the key.
    #[error(
        "key {key} cannot retire yet, because {uses} need it; `keys rewrap` moves tokens and secrets to the primary key, and \
         webhooks move by themselves while the server runs; `keys status` names bots whose webhooks do not"
    )]
    InUse {
        /// The key.
        key: KeyId,
        /// How much, of what.
        uses: KeyUses,
    },
    /// The task was ended with the runtime; whether the step was done, the key file knows.
    #[error("the process is stopping, so the step may not have been done")]
    Interrupted,
    /// Something refers to a key that the ring does not have.
    #[error(
        "the key ring does not hold key {key}, and {uses} of this database need it; start with the key file that has it"
    )]
    Needed {
        /// The key.
        key: KeyId,
        /// How much, of what.
        uses: KeyUses,
    },
    /// What the keys come from has changed since they were read.
    #[error(
        "the keys in {what} are not those in use any more; have them read again (`keys reload`), then repeat this"
    )]
    NotReloaded {
        /// What they come from.
        what: String,
    },
    /// What the keys come from cannot change while a process runs.
    #[error("the keys come from {what}, which a process reads once; restart the server")]
    NotReadAgain {
        /// What they come from.
        what: String,
    },
    /// A live process would not open what is sealed under the key.
    #[error(
        "key {0} is not known to the running server yet; have it read its keys again (`keys reload`), then promote the key"
    )]
    NotKnown(KeyId),
    /// The ring lacks a key that this database has seen.
    #[error(
        "the key ring does not hold key {key}, which this database knows as {state}: it is an older copy, or another server's; \
         start with the newest key file (a key that is no longer wanted stays in it as `{key} retired`)"
    )]
    OldWithoutKey {
        /// The key.
        key: KeyId,
        /// What it was.
        state: KeyState,
    },
    /// The ring's primary key was replaced.
    #[error(
        "the key ring makes new secrets with key {primary}, which key {newer} has replaced: it is an older copy; start with the \
         newest key file"
    )]
    OldPrimary {
        /// The ring's.
        primary: KeyId,
        /// The one that this database knows.
        newer: KeyId,
    },
    /// The ring holds a key that was retired.
    #[error(
        "the key ring still holds key {0}, which was retired: it is an older copy; start with the newest key file"
    )]
    OldWithKey(KeyId),
    /// The key was primary, or another was promoted over it.
    #[error(
        "key {key} cannot be promoted, because key {primary} came after it and is the primary one; add a new key instead"
    )]
    Replaced {
        /// The key.
        key: KeyId,
        /// The newer one.
        primary: KeyId,
    },
    /// The key ring cannot be read, written or changed so.
    #[error(transparent)]
    Ring(#[from] key_ring::Error),
    /// New secrets were made with the key, or known to be possible, until a moment ago.
    #[error(
        "key {key} became open only just now, and what was begun before may still be written; retire it in {} s",
        .wait.as_secs().max(1)
    )]
    TooSoon {
        /// The key.
        key: KeyId,
        /// How long to wait.
        wait: Duration,
    },
}
