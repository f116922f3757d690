//! A setWebhook that takes time, because the name service does: it can be caught in the middle.

use crate::api::answer::{Answer, Refusal};
use crate::api::call::Call;
use crate::api::webhook;
use crate::bot::Setting;
use crate::world::{Shared, World};

/// setWebhook where its host's name is slow to resolve; `None`, and nothing done, where it is done at once.
pub(crate) async fn set(shared: &Shared, call: &Call) -> Option<Answer> {
    let begun = shared.change(|world| webhook::begin(world, call))?;
    // The name is resolved, or somebody ended the wait.
    let _ = shared
        .clock
        .timeout(begun.span, begun.wake.notified())
        .await;
    Some(shared.change(|world| finish(world, call, begun.number)))
}

fn finish(world: &mut World, call: &Call, number: u64) -> Answer {
    let bot = world.bot(call.bot)?;
    let setting = bot.setting.take_if(|setting| setting.number == number);
    match setting {
        Some(Setting { ended: None, .. }) => webhook::finish(world, call),
        Some(Setting {
            ended: Some((code, text)),
            ..
        }) => Err(Refusal::new(code, text)),
        // Its end was told by the one that took its place.
        None => Err(Refusal::new(409, webhook::OTHER)),
    }
}
