//! getUpdates, and the conflicts around it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;

use crate::api::answer::{Answer, Refusal};
use crate::api::call::Call;
use crate::bot::{Allowed, Bot, Poll};
use crate::ids::BotId;
use crate::world::{Shared, World};

const ACTIVE: &str = "Conflict: can't use getUpdates method while webhook is active; \
    use deleteWebhook to delete the webhook first";
const OTHER: &str = "Conflict: terminated by other getUpdates request; \
    make sure that only one bot instance is running";

/// How long a conflict is held back, unless it is the first for so long.
const CONFLICT_PAUSE: Duration = Duration::from_secs(3);

/// A getUpdates that found nothing yet.
struct Wait {
    number: u64,
    wake: Arc<Notify>,
    timeout: Duration,
    limit: usize,
}

/// getUpdates; waits up to its `timeout`, 50 s at most.
pub(crate) async fn get(shared: &Shared, call: &Call) -> Answer {
    match shared.change(|world| begin(world, call)) {
        Ok(Ok(updates)) => Ok(updates.into()),
        Ok(Err(wait)) => until_there_are(shared, call.bot, wait).await,
        Err(refusal) => refused(shared, call.bot, refusal).await,
    }
}

fn begin(world: &mut World, call: &Call) -> Result<Result<Value, Wait>, Refusal> {
    let limit = call.params.integer("limit", 100, 1, 100);
    let limit = usize::try_from(limit).unwrap_or(100);
    let timeout = call.params.integer("timeout", 0, 0, 50).unsigned_abs();
    let offset = call
        .params
        .integer("offset", 0, -100_000, i64::from(i32::MAX));
    let number = world.number();
    let bot = world.bot(call.bot)?;
    if bot.webhook.is_some() || bot.is_setting() {
        return Err(Refusal::new(409, ACTIVE));
    }
    bot.end_poll(409, OTHER);
    bot.poll = None;
    if let Some(allowed) = Allowed::read(call.get("allowed_updates")) {
        bot.allowed = allowed;
    }
    confirm(world, call.bot, offset);
    world.drop_expired(call.bot);
    let bot = world.bot(call.bot)?;
    if bot.queue.len() > 0 || timeout == 0 {
        return Ok(Ok(first(bot, limit)));
    }
    let wake = Arc::new(Notify::new());
    bot.poll = Some(Poll {
        number,
        wake: Arc::clone(&wake),
        ended: None,
    });
    Ok(Err(Wait {
        number,
        wake,
        timeout: Duration::from_secs(timeout),
        limit,
    }))
}

async fn until_there_are(shared: &Shared, bot: BotId, wait: Wait) -> Answer {
    // Woken by an update, by whoever ends the wait, or by nobody.
    let _ = shared
        .clock
        .timeout(wait.timeout, wait.wake.notified())
        .await;
    let outcome = shared.change(|world| {
        let bot = world.bot(bot)?;
        let poll = bot.poll.take_if(|poll| poll.number == wait.number);
        match poll {
            Some(Poll { ended: None, .. }) => Ok(first(bot, wait.limit)),
            Some(Poll {
                ended: Some((code, text)),
                ..
            }) => Err(Refusal::new(code, text)),
            None => Err(Refusal::new(409, OTHER)),
        }
    });
    match outcome {
        Ok(updates) => Ok(updates.into()),
        Err(refusal) => refused(shared, bot, refusal).await,
    }
}

/// One conflict in three seconds is answered at once, the others wait as long.
async fn refused(shared: &Shared, bot: BotId, refusal: Refusal) -> Answer {
    let pause = shared.change(|world| {
        let now = world.clock.elapsed();
        let bot = world.bot(bot).ok()?;
        if now < bot.next_conflict {
            return Some(CONFLICT_PAUSE);
        }
        bot.next_conflict = now + CONFLICT_PAUSE;
        None
    });
    if refusal.code == 409
        && let Some(pause) = pause
    {
        shared.clock.sleep(pause).await;
    }
    Err(refusal)
}

/// Forgets what comes before an offset; one below zero counts from the end.
fn confirm(world: &mut World, id: BotId, offset: i64) {
    let Ok(bot) = world.bot(id) else { return };
    let places: Vec<u64> = match usize::try_from(offset) {
        Ok(0) => return,
        Ok(_) => bot
            .queue
            .from(0)
            .filter(|(_, update)| update.update_id < offset)
            .map(|(place, _)| place)
            .collect(),
        Err(_) => {
            let kept = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
            let gone = bot.queue.len().saturating_sub(kept);
            bot.queue
                .from(0)
                .take(gone)
                .map(|(place, _)| place)
                .collect()
        }
    };
    for place in places {
        world.acknowledge(id, place);
    }
}

fn first(bot: &Bot, limit: usize) -> Value {
    bot.queue
        .from(0)
        .take(limit)
        .filter_map(|(_, update)| serde_json::from_slice::<Value>(&update.body).ok())
        .collect()
}
