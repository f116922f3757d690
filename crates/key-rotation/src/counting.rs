//! What refers to each key, asked of all who keep something that does.

use std::collections::BTreeMap;

use connection_directory::Directory;
use ids::KeyId;
use platform_events::PlatformEvents;

use crate::error::Result;
use crate::uses::KeyUses;

/// What refers to each key. Keys that nothing refers to are not among them.
pub(crate) async fn by_key(
    directory: &Directory,
    events: &PlatformEvents,
) -> Result<BTreeMap<KeyId, KeyUses>> {
    // The replaced ones first: whatever is replaced in between is counted as current, not lost.
    let previous = directory.previous_registrations().await?;
    let mut uses: BTreeMap<KeyId, KeyUses> = BTreeMap::new();
    for (key, count) in directory.key_references().await? {
        let of_key = uses.entry(key).or_default();
        let before = previous.get(&key).copied().unwrap_or_default();
        of_key.sealed_tokens = count.sealed;
        of_key.previous_registrations = before.min(count.registrations);
        of_key.registrations = count.registrations - of_key.previous_registrations;
    }
    for (key, count) in events.secrets_by_key().await? {
        uses.entry(key).or_default().sealed_secrets = count;
    }
    Ok(uses)
}
