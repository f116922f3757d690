//! Unpacks a segment's body. Nothing in it is believed: whatever the bytes are, the worst is a [`Fault`].

use clock::Timestamp;
use ids::ProjectId;

use crate::bits;
use crate::encode::{FORMAT, RANDOM};
use crate::fault::Fault;
use crate::kind::KindName;
use crate::outcome::Outcome;
use crate::parts::{Remote, Shape};
use crate::record::{Became, UpdateRecord};
use crate::wire::Bytes;

/// A body that is read from its beginning to its end.
pub(crate) struct Decoder<'a> {
    bytes: Bytes<'a>,
    position: u32,
    at_us: i64,
    random: u128,
    shapes: Vec<Shape>,
    remotes: Vec<Remote>,
    places: Vec<Place<'a>>,
    /// Whose records are asked for; of others' nothing is made.
    project: Option<&'a str>,
}

/// A connection and its project, as far as a request's are known.
struct Place<'a> {
    connection: Option<u128>,
    project: Option<&'a str>,
    update_id: i64,
    settled_id: Option<i64>,
    /// Of another project than the one that is asked for.
    is_other: bool,
}

/// One record.
pub(crate) enum Entry<'a> {
    /// Of another project than the one that is asked for.
    Other,
    Request(Request<'a>),
    Update(Update<'a>),
}

/// A request, or several in one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request<'a> {
    /// Its place among all records of the segment.
    pub(crate) position: u32,
    pub(crate) at_us: i64,
    pub(crate) request: Option<u128>,
    pub(crate) connection: Option<u128>,
    project: Option<&'a str>,
    pub(crate) remote: Remote,
    pub(crate) outcome: Outcome,
    pub(crate) status: u16,
    pub(crate) bytes: u64,
    pub(crate) update_id: Option<i64>,
    pub(crate) kind: Option<KindName>,
    pub(crate) read_us: u64,
    pub(crate) store_us: u64,
    pub(crate) total_us: u64,
    pub(crate) stands_for: u64,
}

/// What became of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Update<'a> {
    pub(crate) position: u32,
    pub(crate) at_us: i64,
    pub(crate) connection: u128,
    pub(crate) update_id: i64,
    pub(crate) handler_us: u64,
    what: What<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What<'a> {
    Handled,
    Replied(u32),
    Dead(&'a str),
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Result<Self, Fault> {
        let mut bytes = Bytes(body);
        match bytes.byte()? {
            FORMAT => {}
            0 => return Err(Fault::Damaged("it has no format")),
            newer => return Err(Fault::Newer(newer)),
        }
        Ok(Self {
            bytes,
            position: 0,
            at_us: 0,
            random: 0,
            shapes: Shape::FIRST.to_vec(),
            remotes: Vec::new(),
            places: Vec::new(),
            project: None,
        })
    }

    /// Makes nothing of the records of other projects.
    pub(crate) fn only(mut self, project: Option<&'a ProjectId>) -> Self {
        self.project = project.map(ProjectId::as_str);
        self
    }

    /// Records that were read so far.
    pub(crate) fn entries(&self) -> u32 {
        self.position
    }

    /// The next record; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Entry<'a>>, Fault> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let shape = self.shape()?;
        self.at_us = self.at_us.wrapping_add(self.bytes.signed()?);
        let entry = match shape {
            Shape::Handled | Shape::Replied | Shape::Dead => self.update(shape)?,
            Shape::Fold { outcome, status } => {
                let place = self.place()?;
                Entry::Request(self.fold(place, outcome, status)?)
            }
            Shape::Request { has_update, .. } => {
                let place = self.place()?;
                if self.places[place].is_other {
                    self.pass_request(place, has_update)?;
                    Entry::Other
                } else {
                    Entry::Request(self.request(place, shape)?)
                }
            }
        };
        self.position += 1;
        Ok(Some(entry))
    }

    /// Reads a request of which only the next one's numbers depend.
    fn pass_request(&mut self, place: usize, has_update: bool) -> Result<(), Fault> {
        self.remote()?;
        self.request_id()?;
        self.bytes.number()?;
        if has_update {
            let place = &mut self.places[place];
            place.update_id = place.update_id.wrapping_add(self.bytes.signed()?);
        }
        for _span in 0..3 {
            self.bytes.number()?;
        }
        Ok(())
    }

    fn request(&mut self, place: usize, shape: Shape) -> Result<Request<'a>, Fault> {
        let Shape::Request {
            outcome,
            status,
            kind,
            has_update,
        } = shape
        else {
            return Err(Fault::Damaged("a record is not of its shape"));
        };
        let mut request = self.common(place, outcome, status)?;
        request.kind = kind;
        request.request = Some(self.request_id()?);
        request.bytes = self.bytes.number()?;
        if has_update {
            let place = &mut self.places[place];
            place.update_id = place.update_id.wrapping_add(self.bytes.signed()?);
            request.update_id = Some(place.update_id);
        }
        request.read_us = self.bytes.number()?;
        request.store_us = self.bytes.number()?;
        let most_us = request.read_us.wrapping_add(request.store_us);
        request.total_us = most_us.wrapping_add_signed(self.bytes.signed()?);
        Ok(request)
    }

    fn fold(&mut self, place: usize, outcome: Outcome, status: u16) -> Result<Request<'a>, Fault> {
        let mut request = self.common(place, outcome, status)?;
        request.bytes = self.bytes.number()?;
        request.stands_for = self.bytes.number()?;
        Ok(request)
    }

    /// What every request has, folded or not.
    fn common(
        &mut self,
        place: usize,
        outcome: Outcome,
        status: u16,
    ) -> Result<Request<'a>, Fault> {
        let remote = self.remote()?;
        let place = &self.places[place];
        Ok(Request {
            position: self.position,
            at_us: self.at_us,
            request: None,
            connection: place.connection,
            project: place.project,
            remote,
            outcome,
            status,
            bytes: 0,
            update_id: None,
            kind: None,
            read_us: 0,
            store_us: 0,
            total_us: 0,
            stands_for: 1,
        })
    }

    fn update(&mut self, shape: Shape) -> Result<Entry<'a>, Fault> {
        let number = self.place()?;
        let place = &mut self.places[number];
        let nowhere = Fault::Damaged("an update has no connection");
        let connection = place.connection.ok_or(nowhere)?;
        let before = place.settled_id.unwrap_or(place.update_id);
        let update_id = before.wrapping_add(self.bytes.signed()?);
        place.settled_id = Some(update_id);
        let handler_us = self.bytes.number()?;
        let what = match shape {
            Shape::Replied => {
                What::Replied(u32::try_from(self.bytes.number()?).unwrap_or(u32::MAX))
            }
            Shape::Dead => What::Dead(self.bytes.text()?),
            _ => What::Handled,
        };
        if place.is_other {
            return Ok(Entry::Other);
        }
        Ok(Entry::Update(Update {
            position: self.position,
            at_us: self.at_us,
            connection,
            update_id,
            handler_us,
            what,
        }))
    }

    fn shape(&mut self) -> Result<Shape, Fault> {
        let number = self.number()?;
        if number == self.shapes.len() {
            self.shapes.push(Shape::read(&mut self.bytes)?);
        }
        let shape = self.shapes.get(number);
        shape.copied().ok_or(Fault::Damaged(BEYOND))
    }

    fn remote(&mut self) -> Result<Remote, Fault> {
        let number = self.number()?;
        if number == self.remotes.len() {
            self.remotes.push(Remote::read(&mut self.bytes)?);
        }
        let remote = self.remotes.get(number);
        remote.copied().ok_or(Fault::Damaged(BEYOND))
    }

    /// The number of a place that is there.
    fn place(&mut self) -> Result<usize, Fault> {
        let number = self.number()?;
        if number == self.places.len() {
            let has = self.bytes.byte()?;
            let connection = if has & 1 == 0 {
                None
            } else {
                Some(u128::from_be_bytes(self.bytes.array()?))
            };
            let project = if has & 2 == 0 {
                None
            } else {
                Some(self.bytes.text()?)
            };
            self.places.push(Place {
                connection,
                project,
                update_id: 0,
                settled_id: None,
                is_other: self.project.is_some() && project.is_some() && project != self.project,
            });
        }
        let there = number < self.places.len();
        there.then_some(number).ok_or(Fault::Damaged(BEYOND))
    }

    fn number(&mut self) -> Result<usize, Fault> {
        usize::try_from(self.bytes.number()?).map_err(|_| Fault::Damaged(BEYOND))
    }

    fn request_id(&mut self) -> Result<u128, Fault> {
        let unix_ms = self.at_us.div_euclid(1_000);
        let unix_ms = unix_ms.wrapping_add(self.bytes.signed()?);
        let step = self.bytes.wide()?;
        let step = if step & 1 == 0 {
            step >> 1
        } else {
            RANDOM.wrapping_sub(step >> 1)
        };
        self.random = self.random.wrapping_add(step) & RANDOM;
        Ok((unix_ms as u128) << 80 | self.random)
    }
}

impl Request<'_> {
    pub(crate) fn is_of(&self, project: &ProjectId) -> bool {
        self.project == Some(project.as_str())
    }

    pub(crate) fn project(&self) -> Result<Option<ProjectId>, Fault> {
        let parsed = self.project.map(str::parse).transpose();
        parsed.map_err(|_| Fault::Damaged("a project's id is none"))
    }
}

impl Update<'_> {
    pub(crate) fn record(&self) -> UpdateRecord {
        UpdateRecord {
            connection: bits::connection(self.connection),
            update_id: self.update_id,
            at: Timestamp::from_unix_us(self.at_us),
            what: match self.what {
                What::Handled => Became::Handled,
                What::Replied(calls) => Became::Replied { calls },
                What::Dead(reason) => Became::Dead {
                    reason: reason.to_owned(),
                },
            },
            handler_us: self.handler_us,
        }
    }
}

const BEYOND: &str = "a number points at nothing";

#[cfg(test)]
mod tests;
