//! Bots whose updates wait because an operator said so. They are stored and acknowledged as ever, and nothing of them expires.

use std::collections::BTreeSet;

use clock::Timestamp;
use diesel::prelude::*;
use ids::ConnectionId;
use store::Connection;

use crate::schema::inbox_held;

/// All of them, as they were when the process before ended.
pub(crate) async fn all(connection: &mut Connection) -> store::Result<BTreeSet<ConnectionId>> {
    let owners: Vec<ConnectionId> = connection
        .fetch(inbox_held::table.select(inbox_held::connection_id))
        .await?;
    Ok(owners.into_iter().collect())
}

pub(crate) async fn add(
    connection: &mut Connection,
    owner: &ConnectionId,
    since: Timestamp,
) -> store::Result<()> {
    let added = diesel::insert_into(inbox_held::table)
        .values((
            inbox_held::connection_id.eq(owner.clone()),
            inbox_held::since_us.eq(since.unix_us()),
        ))
        .on_conflict(inbox_held::connection_id)
        .do_nothing();
    connection.run(added).await.map(drop)
}

pub(crate) async fn remove(connection: &mut Connection, owner: &ConnectionId) -> store::Result<()> {
    let gone = inbox_held::table.find(owner.clone());
    connection.run(diesel::delete(gone)).await.map(drop)
}
