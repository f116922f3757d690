//! Reads from the database what the dispatcher had no room for.

use std::sync::Arc;
use std::time::Duration;

use update_dispatcher::{Offer, Queued};

use crate::error::Error;
use crate::feed::{Dispatch, before};
use crate::journal::spread_patiently;
use crate::pending;
use crate::shared::Shared;

/// Runs until the dispatcher is closed. To be dropped when the inbox is.
pub(crate) async fn feed(shared: Arc<Shared>, dispatcher: Arc<impl Dispatch>) {
    let _watch = shared.watch_for_panic();
    loop {
        let lag = shared.feed.behind().await;
        let limit = shared.config.page.max(1);
        let page = async {
            spread_patiently(&shared).await?;
            let mut connection = shared.database.connect().await?;
            Ok::<_, Error>(pending::after(&mut connection, lag.cursor, limit).await?)
        };
        match page.await {
            Ok(page) => {
                let last = (page.len() as i64) < limit;
                if !hand_over(&shared, &*dispatcher, page).await {
                    return;
                }
                if last {
                    shared.feed.caught_up(lag);
                }
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "pending updates cannot be read"
                );
                shared.clock.sleep(PAUSE).await;
            }
        }
    }
}

/// Hands updates over as soon as there is room; answers whether the dispatcher still takes any.
async fn hand_over(shared: &Shared, dispatcher: &impl Dispatch, mut page: Vec<Queued>) -> bool {
    while let Some(last) = page.last().map(|queued| queued.seq) {
        #[cfg(feature = "failpoints")]
        fail::fail_point!("inbox-while-reading", |_| std::process::abort());
        let offered = dispatcher.offer_all(page);
        page = offered.rest;
        let upto = page.first().map_or(last, |first| before(first.seq));
        shared.feed.advance(upto);
        match offered.stopped {
            Some(Offer::Closed) => return false,
            Some(_) => dispatcher.room().await,
            None => {}
        }
    }
    true
}

/// After a failed read.
const PAUSE: Duration = Duration::from_secs(1);
