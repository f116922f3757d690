//! `Envelope::read` beside a reading of the whole tree.

use std::fmt;
use std::sync::LazyLock;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use telegram_bot_api::{ChatId, Envelope, EnvelopeFault, UpdateKind, UserId};

/// Reads any bytes as an envelope.
///
/// # Panics
/// When a promise is broken: it needs too much memory, or finds something else than a reading of the whole tree.
pub fn check(body: &[u8]) {
    let mut answer = None;
    let memory = allocation_counter::measure(|| answer = Some(Envelope::read(body)));
    let Some(answer) = answer else { return };
    let allowed = allowed_bytes(body.len());
    assert!(
        memory.bytes_max <= allowed,
        "{} bytes in memory for a body of {}, {allowed} allowed",
        memory.bytes_max,
        body.len()
    );
    assert!(
        memory.count_total <= MOST_ALLOCATIONS + 2 * body.len() as u64 / 3,
        "{} allocations",
        memory.count_total
    );
    match (Tree::read(body), answer) {
        (Ok(tree), answer) => compare(&tree, answer),
        (Err(fault), Ok(_)) => assert!(
            only_a_tree_minds(&fault),
            "accepted, but a tree cannot be made of it: {fault}"
        ),
        (Err(_), Err(_)) => {}
    }
}

/// A key with escapes is unescaped into a buffer, a depth of nesting is a byte of one, and buffers grow by doubling; an unknown
/// kind's name is kept.
fn allowed_bytes(body: usize) -> u64 {
    1_024 + 4 * body as u64
}

/// Beside those that keys of a few bytes each explain.
const MOST_ALLOCATIONS: u64 = 32;

/// Keys of what is skipped are not read as closely as the others: they may hold halves of characters.
fn only_a_tree_minds(fault: &serde_json::Error) -> bool {
    let fault = fault.to_string();
    [
        "lone leading surrogate",
        "unexpected end of hex escape",
        "invalid unicode code point",
    ]
    .iter()
    .any(|known| fault.starts_with(known))
}

fn compare(tree: &Tree, answer: Result<Envelope, EnvelopeFault>) {
    let found = match answer {
        Ok(envelope) => Ok(Facts {
            update_id: envelope.update_id.value(),
            kind: envelope.kind.as_str().to_owned(),
            chat: envelope.chat.map(ChatId::value),
            user: envelope.user.map(UserId::value),
            date: envelope.date,
        }),
        Err(fault) => Err(name(&fault)),
    };
    assert_eq!(found, tree.expected());
}

fn name(fault: &EnvelopeFault) -> &'static str {
    match fault {
        EnvelopeFault::NotAnObject => "not an object",
        EnvelopeFault::NoUpdateId => "no update_id",
        EnvelopeFault::UpdateIdNotAnInteger => "not an integer",
        EnvelopeFault::UpdateIdOutOfRange => "out of range",
        EnvelopeFault::NoContent => "no content",
        _ => "not JSON",
    }
}

#[derive(Debug, PartialEq)]
struct Facts {
    update_id: i64,
    kind: String,
    chat: Option<i64>,
    user: Option<i64>,
    date: Option<i64>,
}

/// Any JSON, read in the plainest way. (`serde_json::Value` takes one name of a key for something of its own.)
enum Tree {
    /// The keys in their order, as often as they come.
    Object(Vec<(String, Self)>),
    Integer(i64),
    /// Of more than 63 bits.
    BigInteger,
    Other,
}

impl Tree {
    fn read(body: &[u8]) -> serde_json::Result<Self> {
        Self::try_from(serde_json::from_slice::<&RawValue>(body)?)
    }

    fn expected(&self) -> Result<Facts, &'static str> {
        let Self::Object(pairs) = self else {
            return Err("not an object");
        };
        let update_id = match self.get("update_id").ok_or("no update_id")? {
            Self::Integer(id) if *id >= 0 => *id,
            Self::Integer(_) | Self::BigInteger => return Err("out of range"),
            _ => return Err("not an integer"),
        };
        let keys = pairs.iter().map(|(key, _)| key.as_str());
        let mut kinds = keys.filter(|key| *key != "update_id");
        let first_known = kinds.clone().find(|kind| is_known(kind));
        let kind = first_known.or_else(|| kinds.next()).ok_or("no content")?;
        let [chat, user, date] = places(kind).map(|places| {
            let places = places.iter().map(|place| place.split('.'));
            let mut found = places.map(|place| self.at(std::iter::once(kind).chain(place)));
            found.find_map(|value| value)
        });
        Ok(Facts {
            update_id,
            kind: kind.to_owned(),
            chat,
            user,
            date,
        })
    }

    fn at<'a>(&self, mut path: impl Iterator<Item = &'a str>) -> Option<i64> {
        match path.try_fold(self, |tree, key| tree.get(key))? {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// Of two equal keys the last counts.
    fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(pairs) = self else {
            return None;
        };
        let pair = pairs.iter().rev().find(|(name, _)| name == key);
        pair.map(|(_, value)| value)
    }
}

fn is_known(kind: &str) -> bool {
    UpdateKind::ALL.iter().any(|known| known.as_str() == kind)
}

/// Where a kind of update has its chat, its user and its date, as the schema says; of several the first that is there counts. A
/// chat that speaks for itself is no user.
fn places(kind: &str) -> [Vec<String>; 3] {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
        serde_json::from_str(include_str!("../../schema/update-kinds.json")).unwrap_or_default()
    });
    let common = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
    if !is_known(kind) {
        return [
            common(&["chat.id", "message.chat.id"]),
            common(&["from.id", "user.id"]),
            common(&["date"]),
        ];
    }
    ["chat", "user", "date"].map(|fact| {
        let places = SCHEMA["kinds"][kind][fact].as_array().into_iter().flatten();
        let paths = places.filter_map(|place| place["path"].as_str()?.strip_prefix(kind));
        let paths = paths.filter(|path| fact != "user" || !path.ends_with("_chat.id"));
        paths
            .map(|path| path.trim_start_matches('.').to_owned())
            .collect()
    })
}

impl TryFrom<&RawValue> for Tree {
    type Error = serde_json::Error;

    /// From what is written: read as a number, a long integer is no different from a float.
    fn try_from(raw: &RawValue) -> Result<Self, Self::Error> {
        let text = raw.get();
        Ok(match text.as_bytes() {
            [b'{', ..] => {
                let Pairs(pairs) = serde_json::from_str(text)?;
                let pairs = pairs.into_iter();
                let read = pairs.map(|(key, value)| Ok((key, Self::try_from(value)?)));
                Self::Object(read.collect::<Result<_, Self::Error>>()?)
            }
            [b'-' | b'0'..=b'9', ..] if !text.contains(['.', 'e', 'E']) => {
                text.parse().map_or(Self::BigInteger, Self::Integer)
            }
            _ => Self::Other,
        })
    }
}

/// An object's keys and values in their order, as often as they come.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}
