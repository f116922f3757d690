//! A campaign over all bots that are due, a share at a time. What is due follows from records and settings, so that whoever was
//! interrupted goes on with whatever is left.

use std::sync::Arc;
use std::time::Duration;

use connection_directory::{Connection, Registered};
use futures_util::{StreamExt as _, stream};

use crate::address;
use crate::drift::{self, Drift};
use crate::drift_one::{self, Renewed};
use crate::engine::Engine;
use crate::error::{Error, Warning};

/// How far a campaign of renewals came with its latest share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Webhooks that are as they should be since this share.
    pub done: u64,
    /// Webhooks that this share was to register anew and did not: those of others, for one. They are left alone for a while.
    pub failed: u64,
    /// What is due now, without those that are left alone.
    pub left: u64,
    /// For how long nothing more is done: Telegram asks to wait, is out of reach, or refuses our address.
    pub paused_for: Duration,
}

/// Does a share.
pub(crate) async fn share(engine: &Arc<Engine>) -> Result<Progress, Error> {
    let (clock, campaign) = (&engine.parts.clock, &engine.campaign);
    let Some(wanted) = drift::wanted(engine) else {
        return Ok(Progress::default());
    };
    if campaign.is_quiet(wanted.key_id, clock.elapsed()) {
        return Ok(Progress::default());
    }
    let Some(_doing) = campaign.begin() else {
        return progress(engine, 0, 0).await;
    };
    if !engine.pacer.stopped_for().is_zero() {
        return progress(engine, 0, 0).await;
    }
    let begun_after = campaign.after();
    let due = candidates(engine, &wanted).await?;
    if due.is_empty() {
        campaign.quiet(wanted.key_id, clock.elapsed());
        return progress(engine, 0, 0).await;
    }
    let (mut done, mut failed) = (0, 0);
    if is_refused(engine).await? {
        engine.pacer.stop(REFUSED);
    } else if is_reachable(engine).await {
        (done, failed) = work(engine, &wanted, due).await;
    } else {
        engine.pacer.stop(campaign.failed());
    }
    if !engine.pacer.stopped_for().is_zero() {
        campaign.go_on_after(begun_after);
    }
    progress(engine, done, failed).await
}

async fn progress(engine: &Engine, done: u64, failed: u64) -> Result<Progress, Error> {
    let Drift { due, .. } = drift::count(engine).await?;
    let resting = engine.campaign.resting(engine.parts.clock.elapsed());
    Ok(Progress {
        done,
        failed,
        left: due.saturating_sub(resting),
        paused_for: engine.pacer.stopped_for(),
    })
}

/// Some that are due and not left alone, from where the share before ended; nothing only when there are none.
async fn candidates(engine: &Engine, wanted: &Registered) -> Result<Vec<Connection>, Error> {
    let (campaign, now) = (&engine.campaign, engine.parts.clock.elapsed());
    let most = engine.config.pace.renewals_per_second.max(1) * SHARE_SECONDS;
    let mut from_the_start = campaign.after().is_none();
    loop {
        let after = campaign.after();
        let directory = &engine.parts.directory;
        let page = directory.connections_registered_otherwise(wanted, after.as_ref(), most);
        let (mut found, more) = page.await.map_err(Error::Directory)?;
        found.retain(|one| !campaign.rests(&one.id, now));
        let is_over = more.is_none();
        campaign.go_on_after(more);
        if !found.is_empty() || (is_over && from_the_start) {
            return Ok(found);
        }
        from_the_start |= is_over;
    }
}

/// Before it is proven that Telegram takes today's address, one goes alone: a refusal leaves a bot without any webhook.
async fn work(engine: &Arc<Engine>, wanted: &Registered, due: Vec<Connection>) -> (u64, u64) {
    let unhurried = Arc::new(engine.unhurried());
    let (mut done, mut failed) = (0, 0);
    let mut due = due.into_iter().peekable();
    while due.peek().is_some() && engine.pacer.stopped_for().is_zero() {
        let at_once = if engine.campaign.is_proven() {
            AT_ONCE
        } else {
            1
        };
        let some: Vec<_> = match at_once {
            1 => due.by_ref().take(1).collect(),
            _ => due.by_ref().collect(),
        };
        let working = some.into_iter().map(|found| {
            let (engine, wanted) = (Arc::clone(&unhurried), wanted.clone());
            async move { one(engine, found, wanted).await }
        });
        let mut ended = stream::iter(working).buffer_unordered(at_once);
        while let Some(ended) = ended.next().await {
            match ended {
                Some(true) => done += 1,
                Some(false) => failed += 1,
                None => {}
            }
        }
    }
    (done, failed)
}

/// Whether it succeeded; nothing when it was not tried. In a task of its own: what follows a write must not depend on whether anybody
/// still waits for it.
async fn one(engine: Arc<Engine>, found: Connection, wanted: Registered) -> Option<bool> {
    let work = tokio::spawn(async move {
        let renewed = drift_one::renew(&engine, &found, &wanted).await;
        note(&engine, &found, renewed)
    });
    work.await.unwrap_or_else(|error| {
        tracing::error!(%error, "registering a webhook anew was interrupted");
        Some(false)
    })
}

fn note(engine: &Engine, found: &Connection, renewed: Renewed) -> Option<bool> {
    let (campaign, now) = (&engine.campaign, engine.parts.clock.elapsed());
    match renewed {
        Renewed::Done => {
            campaign.succeeded(&found.id);
            Some(true)
        }
        Renewed::Noted => {
            campaign.noted(&found.id);
            Some(true)
        }
        Renewed::NotDue => None,
        Renewed::LeftAlone => {
            campaign.rest(&found.id, now);
            Some(false)
        }
        Renewed::Stopped(span) => {
            engine.pacer.stop(span);
            None
        }
        Renewed::Refused | Renewed::Fault => {
            campaign.rest(&found.id, now);
            if renewed == Renewed::Refused {
                campaign.refused(&found.id);
            }
            // Of those under way at the same time, one speaks for all.
            if engine.pacer.stopped_for().is_zero() {
                let pause = campaign.failed();
                tracing::warn!(
                    pause_s = pause.as_secs(),
                    "no webhook is registered anew for a while"
                );
                engine.pacer.stop(pause);
            }
            Some(false)
        }
    }
}

/// Whether Telegram has refused today's address to a bot and not taken it since: what it says to one it would say to all, and each would be
/// left without a webhook. That one is tried again by whoever resumes what is unfinished, so it shows when the address is mended.
async fn is_refused(engine: &Engine) -> Result<bool, Error> {
    let Some(id) = engine.campaign.refused_to() else {
        return Ok(false);
    };
    let record = engine.parts.directory.connection_find(&id).await;
    let record = record.map_err(Error::Directory)?;
    let refused = record.is_some_and(|record| record.operation.is_some());
    if !refused {
        engine.campaign.taken();
    }
    Ok(refused)
}

/// A name that leads nowhere here will lead Telegram nowhere: nobody waits for this work, so it waits.
async fn is_reachable(engine: &Engine) -> bool {
    match address::usable(&engine.config, &engine.parts.clock).await {
        Ok((_, None)) => true,
        Ok((_, Some(Warning::NameDoesNotResolve { host }))) => {
            tracing::warn!(
                host,
                "the public name does not resolve here, so no webhook is moved there"
            );
            false
        }
        Ok((_, Some(_))) => true,
        Err(error) => {
            tracing::warn!(%error, "no webhook is moved to the public address");
            false
        }
    }
}

/// How much is done at one call, in seconds' worth.
const SHARE_SECONDS: u32 = 5;
/// Between two looks whether an address that Telegram refused is taken now.
const REFUSED: Duration = Duration::from_secs(15);
/// How many talk to Telegram at the same time.
const AT_ONCE: usize = 16;
