//! A polling library that somebody else runs with a bot's token.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::api::answer::{Answer, Refusal};
use crate::api::call::Call;
use crate::api::{methods, updates};
use crate::ids::{BotId, Token};
use crate::params::Params;
use crate::records::Via;
use crate::world::Shared;

/// How long it rests after a refusal.
const PAUSE: Duration = Duration::from_secs(3);

/// Asks for updates until its token is no good any more. Conflicts do not end it.
pub(crate) async fn run(shared: Arc<Shared>, bot: BotId, token: Token) {
    let mut offset = 0;
    while opens(&shared, bot, &token) {
        match poll(&shared, bot, offset).await {
            Ok(done) => {
                let last = done.result.as_array().and_then(|updates| updates.last());
                let last = last.and_then(|update| update["update_id"].as_i64());
                offset = last.map_or(offset, |last| last + 1);
            }
            Err(Refusal { code: 409, .. }) => shared.clock.sleep(PAUSE).await,
            Err(_) => return,
        }
    }
}

fn opens(shared: &Shared, bot: BotId, token: &Token) -> bool {
    let world = shared.look();
    let owner = world.bots.get(&bot);
    owner.is_some_and(|owner| owner.token == *token && owner.is_active())
}

async fn poll(shared: &Shared, bot: BotId, offset: i64) -> Answer {
    let pair = |name: &str, value: Value| (name.to_owned(), value.to_string());
    let call = Call {
        bot,
        method: "getUpdates".to_owned(),
        params: Params {
            pairs: vec![pair("offset", offset.into()), pair("timeout", 50.into())],
            files: Vec::new(),
        },
        via: Via::Rival,
    };
    let at = shared.clock.elapsed();
    let answer = updates::get(shared, &call).await;
    shared.change(|world| methods::record(world, &call, at, &answer));
    answer
}
