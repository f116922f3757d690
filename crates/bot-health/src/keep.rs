//! What is written now and then, and what is let go of.

use std::time::Duration;

use crate::error::Result;
use crate::table;
use crate::watch::{Watch, failed};

/// Writes down the looks that showed nothing new, and counts how bots stand.
pub(crate) async fn keep(watch: &Watch) {
    loop {
        watch.parts.clock.sleep(KEEP_EVERY).await;
        if let Err(error) = kept(watch).await {
            failed(&error, "looks at bots could not be written down");
        }
    }
}

async fn kept(watch: &Watch) -> Result<()> {
    let mut link = watch.parts.database.connect().await?;
    loop {
        let some = watch.state().take_looked(WRITTEN_AT_ONCE);
        if some.is_empty() {
            break;
        }
        let rows: Vec<_> = some.iter().map(|(_, row)| row.clone()).collect();
        let written = link.transaction(async |link| table::looked(link, &rows).await);
        if let Err(error) = written.await {
            let mut state = watch.state();
            for (id, row) in some {
                state.looked.entry(id).or_insert(row);
            }
            return Err(error.into());
        }
    }
    let counts = table::counts(&mut link).await?;
    watch.state().counts = counts;
    Ok(())
}

/// Lets go of changes whose time is over.
pub(crate) async fn expire(watch: &Watch) {
    loop {
        watch.parts.clock.sleep(EXPIRE_EVERY).await;
        if let Err(error) = expired(watch).await {
            failed(&error, "old changes of bots could not be deleted");
        }
    }
}

/// Deletes what is too old, a bounded share a commit; answers how many that were.
pub(crate) async fn expired(watch: &Watch) -> Result<usize> {
    let clock = &watch.parts.clock;
    let before = clock.now() - watch.config.keep_changes;
    let mut deleted = 0;
    loop {
        let mut link = watch.parts.database.connect().await?;
        let share = link
            .transaction(async |link| table::expire(link, before, DELETED_AT_ONCE as i64).await)
            .await?;
        deleted += share;
        if share < DELETED_AT_ONCE {
            return Ok(deleted);
        }
        drop(link);
        clock.sleep(BETWEEN_SHARES).await;
    }
}

const KEEP_EVERY: Duration = Duration::from_secs(10);
const WRITTEN_AT_ONCE: usize = 100;
const EXPIRE_EVERY: Duration = Duration::from_secs(3_600);
const DELETED_AT_ONCE: usize = 500;
const BETWEEN_SHARES: Duration = Duration::from_millis(200);
