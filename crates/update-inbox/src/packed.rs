//! How fresh updates and their ids are written in one piece: a byte for the layout, then one entry after the other.

use std::borrow::Cow;

use bytes::Bytes;
use clock::Timestamp;
use ids::ConnectionId;
use serde::{Deserialize, Serialize};
use telegram_bot_api::{ChatId, UpdateId, UpdateKind, UserId};
use update_dispatcher::{Lane, LaneKey, Queued, Seq};

/// The updates of a commit, whose numbers follow each other.
pub(crate) fn pack(updates: &[Queued]) -> Vec<u8> {
    let bodies: usize = updates.iter().map(|one| one.body.len() + 96).sum();
    let mut packed = Vec::with_capacity(1 + bodies);
    packed.push(LAYOUT);
    updates.iter().fold(packed, |packed, queued| {
        append(packed, &PackedUpdate::of(queued))
    })
}

/// The updates of a batch again, from this number on. Nothing when that is not what [`pack`] makes. Bodies are parts of `packed`.
pub(crate) fn unpack(first: Seq, packed: &Bytes) -> Option<Vec<Queued>> {
    let mut number = first.value();
    entries::<PackedUpdate<'_>>(packed.strip_prefix(&[LAYOUT])?)
        .map(|update| {
            let queued = update?.queued(Seq::new(number), packed);
            number += 1;
            queued
        })
        .collect()
}

/// The ids of a commit's new updates, and when that was.
pub(crate) fn pack_ids(updates: &[Queued], at: Timestamp) -> Vec<u8> {
    let mut packed = Vec::with_capacity(16 + updates.len() * 36);
    packed.push(LAYOUT);
    updates
        .iter()
        .fold(append(packed, &at.unix_us()), |packed, queued| {
            let id = queued.update_id.value();
            append(packed, &(queued.lane.connection.as_str(), id))
        })
}

/// What [`pack_ids`] packed; nothing when it did not.
pub(crate) fn unpack_ids(packed: &[u8]) -> Option<(Timestamp, Vec<(ConnectionId, UpdateId)>)> {
    let packed = packed.strip_prefix(&[LAYOUT])?;
    let (at_us, packed) = postcard::take_from_bytes(packed).ok()?;
    let ids = entries::<(&str, i64)>(packed).map(|entry| {
        let (connection, id) = entry?;
        Some((connection.parse().ok()?, UpdateId(id)))
    });
    Some((Timestamp::from_unix_us(at_us), ids.collect::<Option<_>>()?))
}

#[derive(Serialize, Deserialize)]
struct PackedUpdate<'a> {
    connection: &'a str,
    update_id: i64,
    kind: &'a str,
    #[serde(borrow)]
    lane: PackedLane<'a>,
    received_at_us: i64,
    #[serde(with = "serde_bytes")]
    body: &'a [u8],
}

/// The order of the variants is the layout: new ones come last.
#[derive(Serialize, Deserialize)]
enum PackedLane<'a> {
    Chat(i64),
    User(i64),
    PreCheckout(i64),
    Shipping(i64),
    Other(Cow<'a, str>),
}

impl<'a> PackedUpdate<'a> {
    fn of(queued: &'a Queued) -> Self {
        Self {
            connection: queued.lane.connection.as_str(),
            update_id: queued.update_id.value(),
            kind: queued.kind.as_str(),
            lane: PackedLane::of(&queued.lane.lane),
            received_at_us: queued.received_at.unix_us(),
            body: &queued.body,
        }
    }

    fn queued(&self, seq: Seq, packed: &Bytes) -> Option<Queued> {
        Some(Queued::new(
            seq,
            LaneKey::new(self.connection.parse().ok()?, self.lane.lane()?),
            UpdateId(self.update_id),
            UpdateKind::from(self.kind),
            Timestamp::from_unix_us(self.received_at_us),
            packed.slice_ref(self.body),
        ))
    }
}

impl PackedLane<'_> {
    fn of(lane: &Lane) -> Self {
        match lane {
            Lane::Chat(chat) => Self::Chat(chat.0),
            Lane::User(user) => Self::User(user.0),
            Lane::PreCheckout(user) => Self::PreCheckout(user.0),
            Lane::Shipping(user) => Self::Shipping(user.0),
            other => Self::Other(other.to_string().into()),
        }
    }

    fn lane(&self) -> Option<Lane> {
        Some(match self {
            Self::Chat(chat) => Lane::Chat(ChatId(*chat)),
            Self::User(user) => Lane::User(UserId(*user)),
            Self::PreCheckout(user) => Lane::PreCheckout(UserId(*user)),
            Self::Shipping(user) => Lane::Shipping(UserId(*user)),
            Self::Other(text) => text.parse().ok()?,
        })
    }
}

fn append(packed: Vec<u8>, entry: &impl Serialize) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "a vector takes everything, and plain data always serializes"
    )]
    postcard::to_extend(entry, packed).expect("plain data goes into a vector")
}

/// Reads entry after entry; one that cannot be read is nothing, and the last.
fn entries<'a, T: Deserialize<'a>>(mut rest: &'a [u8]) -> impl Iterator<Item = Option<T>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let entry = postcard::take_from_bytes(rest).ok();
        rest = entry.as_ref().map_or(&[], |(_, after)| after);
        Some(entry.map(|(entry, _)| entry))
    })
}

/// Of what is on disk. A change of a field, its type or its order is a new layout, and the old ones are still read: what cannot be
/// unpacked after an upgrade was acknowledged, and nobody handles it.
const LAYOUT: u8 = 1;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lanes() -> impl Strategy<Value = Lane> {
        prop_oneof![
            any::<i64>().prop_map(|id| Lane::Chat(ChatId(id))),
            any::<i64>().prop_map(|id| Lane::User(UserId(id))),
            any::<i64>().prop_map(|id| Lane::PreCheckout(UserId(id))),
            any::<i64>().prop_map(|id| Lane::Shipping(UserId(id))),
            "[a-z_]{1,20}".prop_map(|kind| Lane::Kind(UpdateKind::from(kind.as_str()))),
        ]
    }

    prop_compose! {
        fn some_updates()(
            all in prop::collection::vec((any::<[u8; 10]>(), lanes(), any::<i64>(), any::<Vec<u8>>()), 0..6),
            kind in "[a-z_]{1,20}",
            at in any::<i64>(),
            first in 0..i64::MAX / 2,
        ) -> Vec<Queued> {
            all.into_iter()
                .zip(first..)
                .map(|((owner, lane, id, body), seq)| Queued::new(
                    Seq::new(seq),
                    LaneKey::new(ConnectionId::from_parts(7, owner), lane),
                    UpdateId(id),
                    UpdateKind::from(kind.as_str()),
                    Timestamp::from_unix_us(at),
                    body.into(),
                ))
                .collect()
        }
    }

    #[test]
    fn what_the_first_layout_left_on_disk_is_read() {
        const OWNER: &str = "bot_0000000001040G2081040G2081";
        let lanes = [
            (&b"\x00\x05"[..], Lane::Chat(ChatId(-3))),
            (b"\x01\x06", Lane::User(UserId(3))),
            (b"\x02\x06", Lane::PreCheckout(UserId(3))),
            (b"\x03\x06", Lane::Shipping(UserId(3))),
        ];
        for (bytes, lane) in lanes {
            let update = [
                b"\x01\x1e",
                OWNER.as_bytes(),
                b"\x0a\x07message",
                bytes,
                b"\x0e\x02{}",
            ]
            .concat();
            let queued = Queued::new(
                Seq::new(9),
                LaneKey::new(OWNER.parse().unwrap(), lane),
                UpdateId(5),
                UpdateKind::Message,
                Timestamp::from_unix_us(7),
                Bytes::from_static(b"{}"),
            );
            assert_eq!(pack(std::slice::from_ref(&queued)), update);
            assert_eq!(unpack(Seq::new(9), &update.into()), Some(vec![queued]));
        }
        let ids = [b"\x01\x0e\x1e", OWNER.as_bytes(), b"\x0a"].concat();
        let read = (
            Timestamp::from_unix_us(7),
            vec![(OWNER.parse().unwrap(), UpdateId(5))],
        );
        assert_eq!(unpack_ids(&ids), Some(read));
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(updates in some_updates()) {
            let first = updates.first().map_or(Seq::ZERO, |one| one.seq);
            let ids: Vec<_> = updates
                .iter()
                .map(|one| (one.lane.connection.clone(), one.update_id))
                .collect();
            let at = Timestamp::from_unix_us(7);
            prop_assert_eq!(unpack_ids(&pack_ids(&updates, at)), Some((at, ids)));
            prop_assert_eq!(unpack(first, &pack(&updates).into()), Some(updates));
        }

        #[test]
        fn what_was_damaged_is_refused_or_something_else_but_no_panic(
            updates in some_updates(),
            at in any::<prop::sample::Index>(),
            flip in 1..=255_u8,
            cut in any::<bool>(),
        ) {
            for mut packed in [pack(&updates), pack_ids(&updates, Timestamp::from_unix_us(7))] {
                let at = at.index(packed.len());
                packed[at] ^= flip;
                if cut {
                    packed.truncate(at);
                }
                unpack_ids(&packed);
                unpack(Seq::ZERO, &packed.into());
            }
        }
    }
}
