//! Packs records into a segment's body. The README describes the format.

use std::collections::HashMap;

use ids::ProjectId;

use crate::bits::{self, Quick};
use crate::folds::Folded;
use crate::outcome::Outcome;
use crate::parts::{Remote, Shape, prefix_of};
use crate::record::Became;
use crate::waiting::{WaitingRequest, WaitingUpdate};
use crate::wire::{put, put_bytes, put_signed, put_wide};

/// The one format that is written.
pub(crate) const FORMAT: u8 = 1;

/// The random part of a ULID.
pub(crate) const RANDOM: u128 = (1 << 80) - 1;

/// A body that grows, and what is known about it.
pub(crate) struct Encoder {
    pub(crate) body: Vec<u8>,
    pub(crate) entries: u32,
    /// When the first and the last of its requests began, once there is one.
    pub(crate) span: Option<(i64, i64)>,
    /// Requests by outcome.
    pub(crate) outcomes: [u64; Outcome::ALL.len()],
    /// The keys of the projects in it; some more than once.
    pub(crate) owners: Vec<u32>,
    at_us: i64,
    random: u128,
    shapes: Vec<Shape>,
    remotes: HashMap<Remote, u32, Quick>,
    last_remote: Option<(Remote, u32)>,
    places: Vec<Place>,
    places_by_connection: HashMap<Option<u128>, u32, Quick>,
}

/// What the next record of a connection is told by.
struct Place {
    project: Option<ProjectId>,
    update_id: i64,
    settled_id: Option<i64>,
}

impl Encoder {
    pub(crate) fn new() -> Self {
        Self {
            body: vec![FORMAT],
            entries: 0,
            span: None,
            outcomes: [0; Outcome::ALL.len()],
            owners: Vec::new(),
            at_us: 0,
            random: 0,
            shapes: Shape::FIRST.to_vec(),
            remotes: HashMap::default(),
            last_remote: None,
            places: Vec::new(),
            places_by_connection: HashMap::default(),
        }
    }

    /// As new, but with the memory that it has.
    pub(crate) fn clear(&mut self) {
        self.body.truncate(1);
        self.entries = 0;
        self.span = None;
        self.outcomes = [0; Outcome::ALL.len()];
        self.owners.clear();
        self.at_us = 0;
        self.random = 0;
        self.shapes.truncate(Shape::FIRST.len());
        self.remotes.clear();
        self.last_remote = None;
        self.places.clear();
        self.places_by_connection.clear();
    }

    pub(crate) fn request(&mut self, record: &WaitingRequest, truncate_addresses: bool) {
        let update_id = record.update_id();
        self.begin(
            Shape::Request {
                outcome: record.outcome,
                status: record.status,
                kind: record.kind,
                has_update: update_id.is_some(),
            },
            record.at_us,
        );
        self.count(record.outcome, record.at_us, 1);
        let place = self.place(record.connection(), record.project.as_ref());
        self.remote(if truncate_addresses {
            Remote::Prefix(prefix_of(record.remote))
        } else {
            Remote::Address(record.remote.to_canonical())
        });
        self.request_id(record.request, record.at_us);
        put(&mut self.body, record.bytes);
        if let Some(update_id) = update_id {
            let place = &mut self.places[place];
            put_signed(&mut self.body, update_id.wrapping_sub(place.update_id));
            place.update_id = update_id;
        }
        let [read_us, store_us, total_us] = [record.read_us, record.store_us, record.total_us];
        put(&mut self.body, read_us.into());
        put(&mut self.body, store_us.into());
        let rest_us = i64::from(total_us) - i64::from(read_us) - i64::from(store_us);
        put_signed(&mut self.body, rest_us);
    }

    pub(crate) fn fold(&mut self, fold: &Folded) {
        self.begin(
            Shape::Fold {
                outcome: fold.outcome,
                status: fold.status,
            },
            fold.at_us,
        );
        self.count(fold.outcome, fold.at_us, fold.count);
        self.place(fold.connection, fold.project.as_ref());
        self.remote(fold.prefix.map_or(Remote::Many, Remote::Prefix));
        put(&mut self.body, fold.bytes);
        put(&mut self.body, fold.count);
    }

    pub(crate) fn update(&mut self, record: &WaitingUpdate) {
        self.begin(
            match &record.what {
                Became::Handled => Shape::Handled,
                Became::Replied { .. } => Shape::Replied,
                Became::Dead { .. } => Shape::Dead,
            },
            record.at_us,
        );
        let place = self.place_of(record.connection);
        let place = &mut self.places[place];
        let before = place.settled_id.unwrap_or(place.update_id);
        put_signed(&mut self.body, record.update_id.wrapping_sub(before));
        place.settled_id = Some(record.update_id);
        put(&mut self.body, record.handler_us.into());
        match &record.what {
            Became::Handled => {}
            Became::Replied { calls } => put(&mut self.body, u64::from(*calls)),
            Became::Dead { reason } => put_bytes(&mut self.body, clean(reason).as_bytes()),
        }
    }

    fn begin(&mut self, shape: Shape, at_us: i64) {
        let known = self.shapes.iter().take(SHAPES_SEARCHED);
        let number = known.clone().position(|known| *known == shape);
        put(&mut self.body, number.unwrap_or(self.shapes.len()) as u64);
        if number.is_none() {
            shape.put(&mut self.body);
            self.shapes.push(shape);
        }
        put_signed(&mut self.body, at_us.wrapping_sub(self.at_us));
        self.at_us = at_us;
        self.entries += 1;
    }

    fn count(&mut self, outcome: Outcome, at_us: i64, count: u64) {
        let sum = &mut self.outcomes[usize::from(outcome.code())];
        *sum = sum.saturating_add(count);
        let (first, last) = self.span.unwrap_or((at_us, at_us));
        self.span = Some((first.min(at_us), last.max(at_us)));
    }

    fn place(&mut self, connection: Option<u128>, project: Option<&ProjectId>) -> usize {
        let known = self.places_by_connection.get(&connection);
        let known = known.map(|number| *number as usize);
        match known.filter(|number| self.places[*number].project.as_ref() == project) {
            Some(number) => {
                put(&mut self.body, number as u64);
                number
            }
            None => self.new_place(connection, project),
        }
    }

    /// The place of an update, of which only the connection is known.
    fn place_of(&mut self, connection: u128) -> usize {
        match self.places_by_connection.get(&Some(connection)) {
            Some(number) => {
                put(&mut self.body, u64::from(*number));
                *number as usize
            }
            None => self.new_place(Some(connection), None),
        }
    }

    fn new_place(&mut self, connection: Option<u128>, project: Option<&ProjectId>) -> usize {
        let number = self.places.len();
        put(&mut self.body, number as u64);
        let has = u8::from(connection.is_some()) | u8::from(project.is_some()) << 1;
        self.body.push(has);
        if let Some(connection) = connection {
            self.body.extend(connection.to_be_bytes());
        }
        if let Some(project) = project {
            put_bytes(&mut self.body, project.as_str().as_bytes());
            self.owners.push(bits::owner_key(project));
        }
        self.places.push(Place {
            project: project.cloned(),
            update_id: 0,
            settled_id: None,
        });
        self.places_by_connection.insert(connection, number as u32);
        number
    }

    fn remote(&mut self, remote: Remote) {
        if let Some((last, number)) = self.last_remote
            && last == remote
        {
            return put(&mut self.body, u64::from(number));
        }
        let next = self.remotes.len() as u32;
        let number = *self.remotes.entry(remote).or_insert(next);
        put(&mut self.body, u64::from(number));
        if number == next {
            remote.put(&mut self.body);
        }
        self.last_remote = Some((remote, number));
    }

    /// Its time is mostly the request's, and its random part mostly a count.
    fn request_id(&mut self, id: u128, at_us: i64) {
        let unix_ms = (id >> 80) as i64;
        put_signed(
            &mut self.body,
            unix_ms.wrapping_sub(at_us.div_euclid(1_000)),
        );
        let random = id & RANDOM;
        let step = random.wrapping_sub(self.random) & RANDOM;
        let back = RANDOM - step;
        put_wide(
            &mut self.body,
            if step <= back {
                step << 1
            } else {
                back << 1 | 1
            },
        );
        self.random = random;
    }
}

/// A reason's bytes at most: its length stands in one byte.
const REASON_BYTES: usize = 240;

/// More shapes than there ever are; were somebody to make up more, finding them should not take long.
const SHAPES_SEARCHED: usize = 128;

/// Neither a page nor a terminal should meet a control character.
fn clean(reason: &str) -> String {
    let ends = reason.char_indices().map(|(at, char)| at + char.len_utf8());
    let end = ends.take_while(|end| *end <= REASON_BYTES).last();
    let start = reason.get(..end.unwrap_or(0)).unwrap_or_default();
    start.replace(char::is_control, " ")
}
