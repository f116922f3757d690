//! One delivery tried once.

use std::error::Error;
use std::time::Duration;

use crate::addressee::Addressee;
use crate::due::Due;
use crate::platform_events::Inner;
use crate::schedule;
use crate::send::{Message, Outcome, send};
use crate::settle::{Fate, Settled, settle};

/// Tries a delivery and writes down what came of it. It ends when that is written, however long the database takes: before, the
/// delivery would be sent again at once.
pub(crate) async fn attempt(inner: &Inner, due: &Due) {
    let (to, message) = match load(inner, due).await {
        Ok(Some(loaded)) => loaded,
        // Deleted or turned off meanwhile.
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(
                endpoint = %due.endpoint_id,
                event = %due.event_id,
                error = &error as &dyn Error,
                "a delivery could not be read"
            );
            inner.clock.sleep(AGAIN).await;
            return;
        }
    };
    let outcome = send(inner, &to, &message).await;
    let fate = fate(inner, due, &outcome);
    let settled = write(inner, due, &outcome, fate).await;
    if settled.written {
        tell(inner, due, &outcome, fate, settled.disabled);
    }
}

async fn load(inner: &Inner, due: &Due) -> store::Result<Option<(Addressee, Message)>> {
    let mut link = inner.database.connect().await?;
    let to = Addressee::find(&mut link, &due.endpoint_id).await?;
    let message = due.message(&mut link).await?;
    Ok(to.filter(Addressee::is_on).zip(message))
}

fn fate(inner: &Inner, due: &Due, outcome: &Outcome) -> Fate {
    if outcome.failure.is_none() {
        return Fate::Delivered;
    }
    let failed = u32::try_from(due.attempts + 1).unwrap_or(u32::MAX);
    schedule::pause(failed, &inner.entropy)
        .map_or(Fate::Dead, |pause| Fate::Again(inner.clock.now() + pause))
}

async fn write(inner: &Inner, due: &Due, outcome: &Outcome, fate: Fate) -> Settled {
    let mut pause = AGAIN;
    loop {
        let error = match write_once(inner, due, outcome, fate).await {
            Ok(settled) => return settled,
            Err(error) => error,
        };
        if pause == AGAIN {
            tracing::warn!(
                endpoint = %due.endpoint_id,
                event = %due.event_id,
                error = &error as &dyn Error,
                "an attempt at a delivery could not be written down; it is tried until it can"
            );
        }
        inner.clock.sleep(pause).await;
        pause = (2 * pause).min(LONGEST);
    }
}

async fn write_once(
    inner: &Inner,
    due: &Due,
    outcome: &Outcome,
    fate: Fate,
) -> store::Result<Settled> {
    let mut link = inner.database.connect().await?;
    settle(&mut link, due, outcome, fate, inner.clock.now()).await
}

fn tell(inner: &Inner, due: &Due, outcome: &Outcome, fate: Fate, disabled: bool) {
    let (endpoint, event) = (&due.endpoint_id, &due.event_id);
    let failure = outcome.failure.as_deref().unwrap_or_default();
    let (took_ms, attempt) = (outcome.took.as_millis() as u64, due.attempts + 1);
    if fate == Fate::Delivered {
        inner.counters.delivered();
        tracing::debug!(%endpoint, %event, attempt, took_ms, "an event is delivered");
        return;
    }
    inner.counters.failed_attempt();
    tracing::debug!(%endpoint, %event, attempt, took_ms, failure, "an attempt at a delivery failed");
    if fate == Fate::Dead {
        let dead = inner.counters.dead(1);
        // Whoever has an endpoint can cause as many as they like.
        if dead.is_power_of_two() {
            tracing::warn!(%endpoint, %event, dead, failure, "a delivery failed too often and is given up");
        }
    }
    if disabled {
        tracing::warn!(
            %endpoint,
            failure,
            "an endpoint is disabled, because deliveries to it failed 20 times in a row"
        );
    }
}

const AGAIN: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
