//! One request on its way to the log.

use std::time::Duration;

use bytes::Bytes;
use clock::{Clock, Timestamp};
use http::Response;
use http_body_util::Full;
use ids::{ConnectionId, ProjectId};
use request_log::{KindName, Outcome, RequestLog, RequestRecord};
use telegram_bot_api::Envelope;

use crate::verdict::Verdict;

/// Writes exactly one record, whatever happens to the request: also when it is dropped because its connection ended.
pub(crate) struct Visit<'a> {
    log: &'a RequestLog,
    clock: &'a Clock,
    /// By the clock's [`Clock::elapsed`].
    began: Duration,
    record: Option<RequestRecord>,
}

impl<'a> Visit<'a> {
    /// A visit that will have been cut off unless it is ended. Its record says when it began, and of whom.
    pub(crate) fn begin(log: &'a RequestLog, clock: &'a Clock, record: RequestRecord) -> Self {
        Self {
            log,
            clock,
            began: clock.elapsed(),
            record: Some(record),
        }
    }

    pub(crate) fn at(&self) -> Timestamp {
        self.record
            .as_ref()
            .map_or_else(|| self.clock.now(), |record| record.at)
    }

    pub(crate) fn is_for(&mut self, connection: &ConnectionId) {
        self.note(|record| record.connection = Some(connection.clone()));
    }

    pub(crate) fn is_of(&mut self, project: &ProjectId) {
        self.note(|record| record.project = Some(project.clone()));
    }

    pub(crate) fn is_proved(&mut self) {
        self.note(|record| record.proved = true);
    }

    pub(crate) fn has_bytes(&mut self, bytes: u64) {
        self.note(|record| record.bytes = bytes);
    }

    pub(crate) fn was_read(&mut self, bytes: usize) {
        let read_us = self.so_far_us();
        self.note(|record| {
            record.bytes = bytes as u64;
            record.read_us = read_us;
        });
    }

    pub(crate) fn brings(&mut self, envelope: &Envelope) {
        self.note(|record| {
            record.update_id = Some(envelope.update_id.value());
            record.kind = Some(KindName::from(envelope.kind.as_str()));
        });
    }

    pub(crate) fn was_stored(&mut self) {
        let so_far_us = self.so_far_us();
        self.note(|record| record.store_us = so_far_us.saturating_sub(record.read_us));
    }

    /// The answer, once it is noted.
    pub(crate) fn end(mut self, verdict: Verdict) -> Response<Full<Bytes>> {
        let gone = verdict.outcome == Outcome::RejectedCut;
        self.note(|record| {
            record.outcome = verdict.outcome;
            record.status = if gone { 0 } else { verdict.status().as_u16() };
        });
        verdict.response()
    }

    fn note(&mut self, change: impl FnOnce(&mut RequestRecord)) {
        if let Some(record) = &mut self.record {
            change(record);
        }
    }

    fn so_far_us(&self) -> u64 {
        let span = self.clock.elapsed().saturating_sub(self.began);
        u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        let total_us = self.so_far_us();
        if let Some(mut record) = self.record.take() {
            record.total_us = total_us;
            tracing::debug!(
                request_id = %record.request_id,
                connection = record.connection.as_ref().map(ConnectionId::as_str),
                outcome = record.outcome.as_str(),
                status = record.status,
                total_us,
                "webhook request"
            );
            self.log.record(record);
        }
    }
}
