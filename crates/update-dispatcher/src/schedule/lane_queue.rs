//! One lane: what waits, what runs, and which may go next.

use std::collections::VecDeque;

use clock::Timestamp;
use telegram_bot_api::{UpdateId, UpdateKind};

use super::ring::Ticket;
use super::terms::{Asking, BotId, Class};
use crate::item::Item;
use crate::{Lane, Seq};

pub(super) struct LaneQueue {
    pub(super) bot: BotId,
    pub(super) lane: Lane,
    /// In the order of their seq.
    waiting: VecDeque<Box<Item>>,
    urgent: usize,
    pub(super) running: Option<Running>,
    /// Everything up to here has been in memory, as far as this lane remembers.
    pub(super) loaded_to: Seq,
    /// The last one that was not loaded because there were too many.
    pub(super) spilled_to: Option<Seq>,
    pub(super) asking: Asking,
    pub(super) place: Option<(Class, Ticket)>,
    pub(super) alarm: Option<Timestamp>,
}

pub(super) struct Running {
    pub(super) seq: Seq,
    pub(super) update_id: UpdateId,
    pub(super) kind: UpdateKind,
    pub(super) attempt: u32,
    pub(super) since: Timestamp,
    pub(super) cost: usize,
}

impl LaneQueue {
    pub(super) const fn new(bot: BotId, lane: Lane) -> Self {
        Self {
            bot,
            lane,
            waiting: VecDeque::new(),
            urgent: 0,
            running: None,
            loaded_to: Seq::ZERO,
            spilled_to: None,
            asking: Asking::No,
            place: None,
            alarm: None,
        }
    }

    pub(super) fn contains(&self, seq: Seq) -> bool {
        let runs = self
            .running
            .as_ref()
            .is_some_and(|running| running.seq == seq);
        runs || self.find(seq).is_ok()
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn waiting(&self) -> impl Iterator<Item = &Item> {
        self.waiting.iter().map(|item| &**item)
    }

    pub(super) fn waiting_mut(&mut self) -> impl Iterator<Item = &mut Item> {
        self.waiting.iter_mut().map(|item| &mut **item)
    }

    pub(super) fn insert(&mut self, item: Box<Item>) {
        self.urgent += usize::from(item.queued.urgent);
        self.loaded_to = self.loaded_to.max(item.queued.seq);
        match self.find(item.queued.seq) {
            Ok(place) | Err(place) => self.waiting.insert(place, item),
        }
    }

    /// Whether an update is to wait on disk: the lane holds as many as it may, or what comes before is there already.
    pub(super) fn spills(&mut self, seq: Seq, most: usize) -> bool {
        let spills =
            seq > self.loaded_to && (self.spilled_to.is_some() || self.waiting.len() >= most);
        if spills {
            self.spilled_to = self.spilled_to.max(Some(seq));
        }
        spills
    }

    /// Everything up to `seq` is in memory now, or done.
    pub(super) fn caught_up_to(&mut self, seq: Seq) {
        self.loaded_to = self.loaded_to.max(seq);
        self.spilled_to = self.spilled_to.filter(|spilled| *spilled > self.loaded_to);
    }

    /// Which line the lane stands in when it may start something; `None` when it may not.
    ///
    /// A lane in which an urgent update waits stands in the urgent line with all that goes before it.
    pub(super) fn class(&self, now: Timestamp) -> Option<Class> {
        self.next(now)?;
        Some(if self.urgent > 0 {
            Class::Urgent
        } else {
            Class::Normal
        })
    }

    /// When the first of those that wait for a retry is due, if nothing runs.
    pub(super) fn due(&self, now: Timestamp) -> Option<Timestamp> {
        if self.running.is_some() {
            return None;
        }
        let waits = self.waiting.iter().map_while(|item| item.queued.not_before);
        waits.filter(|time| *time > now).min()
    }

    /// Takes out what goes next, and notes that it runs.
    pub(super) fn start(&mut self, now: Timestamp) -> Option<Box<Item>> {
        let item = self.waiting.remove(self.next(now)?)?;
        self.urgent -= usize::from(item.queued.urgent);
        self.running = Some(Running {
            seq: item.queued.seq,
            update_id: item.queued.update_id,
            kind: item.queued.kind.clone(),
            attempt: item.queued.attempts + 1,
            since: now,
            cost: item.queued.cost_bytes(),
        });
        Some(item)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.running.is_none() && self.waiting.is_empty() && self.spilled_to.is_none()
    }

    /// Forgets all that waits, in memory and on disk, and answers how many and how big those in memory were.
    pub(super) fn clear(&mut self) -> (usize, usize) {
        let bytes = self
            .waiting
            .iter()
            .map(|item| item.queued.cost_bytes())
            .sum();
        let count = std::mem::take(&mut self.waiting).len();
        self.urgent = 0;
        self.spilled_to = None;
        // What waited comes anew from the journal; what runs must not.
        self.loaded_to = self
            .running
            .as_ref()
            .map_or(Seq::ZERO, |running| running.seq);
        (count, bytes)
    }

    /// The first that does not wait for a retry, if nothing runs. Only an urgent one may overtake those that do.
    fn next(&self, now: Timestamp) -> Option<usize> {
        if self.running.is_some() {
            return None;
        }
        let waits = |item: &Item| item.queued.not_before.is_some_and(|time| time > now);
        let first = self.waiting.iter().position(|item| !waits(item))?;
        (first == 0 || self.waiting[first].queued.urgent).then_some(first)
    }

    fn find(&self, seq: Seq) -> Result<usize, usize> {
        match self.waiting.back() {
            Some(last) if last.queued.seq >= seq => self
                .waiting
                .binary_search_by_key(&seq, |item| item.queued.seq),
            _ => Err(self.waiting.len()),
        }
    }
}
