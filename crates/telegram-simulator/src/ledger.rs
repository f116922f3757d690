use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::ids::{BotId, ChatId};
use crate::kinds;
use crate::records::{CallRecord, DeliveryRecord, UpdateRecord};

/// Everything that was called, delivered and acknowledged. It grows until it is cleared.
#[derive(Debug, Default)]
pub struct Ledger {
    updates: BTreeMap<(BotId, i64), UpdateRecord>,
    deliveries: Vec<DeliveryRecord>,
    calls: Vec<CallRecord>,
}

impl Ledger {
    /// The calls made with a bot's token, oldest first.
    pub fn calls(&self, bot: BotId) -> impl Iterator<Item = &CallRecord> {
        self.calls.iter().filter(move |call| call.bot == Some(bot))
    }

    /// Every call, those with nobody's token too.
    #[must_use]
    pub fn all_calls(&self) -> &[CallRecord] {
        &self.calls
    }

    /// The attempts to deliver a bot's updates, oldest first.
    pub fn deliveries(&self, bot: BotId) -> impl Iterator<Item = &DeliveryRecord> {
        self.deliveries.iter().filter(move |one| one.bot == bot)
    }

    /// A bot's updates by number.
    pub fn updates(&self, bot: BotId) -> impl Iterator<Item = &UpdateRecord> {
        self.updates
            .range((bot, i64::MIN)..=(bot, i64::MAX))
            .map(|(_, update)| update)
    }

    /// The numbers of a bot's updates that were acknowledged.
    #[must_use]
    pub fn acknowledged(&self, bot: BotId) -> BTreeSet<i64> {
        self.updates(bot)
            .filter(|update| update.acknowledged_us.is_some())
            .map(|update| update.update_id)
            .collect()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn called(&mut self, call: CallRecord) {
        self.calls.push(call);
    }

    pub(crate) fn created(
        &mut self,
        (bot, update_id): (BotId, i64),
        kind: &str,
        lane: i64,
        content: &serde_json::Value,
        at: Duration,
    ) {
        let update = UpdateRecord {
            bot,
            update_id,
            kind: kind.to_owned(),
            lane,
            chat: kinds::chat(content).map(ChatId),
            text: content
                .get("text")
                .and_then(|text| text.as_str().map(str::to_owned)),
            created_us: us(at),
            first_post_us: None,
            acknowledged_us: None,
            dropped_us: None,
            attempts: 0,
        };
        self.updates.insert((bot, update_id), update);
    }

    /// Writes down that an update was handed to a connection; the number is for [`Self::answered`].
    pub(crate) fn sent(
        &mut self,
        bot: BotId,
        update_id: i64,
        kind: &str,
        connection: u64,
        at: Duration,
    ) -> usize {
        let mut attempt = 1;
        if let Some(update) = self.updates.get_mut(&(bot, update_id)) {
            update.attempts += 1;
            update.first_post_us.get_or_insert(us(at));
            attempt = update.attempts;
        }
        self.deliveries.push(DeliveryRecord {
            bot,
            update_id,
            kind: kind.to_owned(),
            attempt,
            connection,
            sent_us: us(at),
            answered_us: None,
            status: None,
            error: None,
        });
        self.deliveries.len() - 1
    }

    /// Writes down how a delivery ended. It may have been cleared away in between.
    pub(crate) fn answered(&mut self, delivery: usize, ended: Ended<'_>) {
        let Some(record) = self.deliveries.get_mut(delivery) else {
            return;
        };
        record.answered_us = Some(us(ended.at));
        record.status = ended.status;
        record.error = ended.error.map(str::to_owned);
        let Some(written) = ended.written else { return };
        record.sent_us = us(written);
        if record.attempt == 1
            && let Some(update) = self.updates.get_mut(&(record.bot, record.update_id))
        {
            update.first_post_us = Some(us(written));
        }
    }

    pub(crate) fn acknowledge(&mut self, bot: BotId, update_id: i64, at: Duration) {
        if let Some(update) = self.updates.get_mut(&(bot, update_id)) {
            update.acknowledged_us = Some(us(at));
        }
    }

    pub(crate) fn dropped(&mut self, bot: BotId, update_id: i64, at: Duration) {
        if let Some(update) = self.updates.get_mut(&(bot, update_id)) {
            update.dropped_us = Some(us(at));
        }
    }
}

/// How a delivery ended.
pub(crate) struct Ended<'a> {
    /// When the request was really written.
    pub(crate) written: Option<Duration>,
    pub(crate) at: Duration,
    pub(crate) status: Option<u16>,
    pub(crate) error: Option<&'a str>,
}

/// Microseconds of the clock.
pub(crate) fn us(at: Duration) -> u64 {
    u64::try_from(at.as_micros()).unwrap_or(u64::MAX)
}
