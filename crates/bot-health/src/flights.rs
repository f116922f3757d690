//! One inspection of a connection at a time: whoever wants another one meanwhile gets the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use tokio::task::JoinHandle;

use crate::looked::Looked;

type Flight = BoxFuture<'static, Arc<Looked>>;

/// The inspections that are under way, each in a task of its own that ends when nobody waits for it any more.
#[derive(Default)]
pub(crate) struct Flights(Arc<Mutex<Table>>);

#[derive(Default)]
struct Table {
    begun: u64,
    /// With its number, by connection.
    flights: HashMap<u128, (u64, WeakShared<Flight>)>,
}

impl Flights {
    /// The inspection of a connection that is under way, else the one that this makes; and whether it is that.
    pub(crate) fn join<F>(
        &self,
        connection: u128,
        look: impl FnOnce() -> F,
    ) -> (Shared<Flight>, bool)
    where
        F: Future<Output = Looked> + Send + 'static,
    {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let under_way = table.flights.get(&connection);
        let under_way = under_way.and_then(|(_, flight)| flight.upgrade());
        if let Some(flight) = under_way.filter(|flight| flight.peek().is_none()) {
            return (flight, false);
        }
        table.begun += 1;
        let entry = Entry {
            table: Arc::clone(&self.0),
            connection,
            number: table.begun,
        };
        let (number, look) = (entry.number, look());
        let task = Task(tokio::spawn(async move {
            let _entry = entry;
            look.await
        }));
        let flight = task.ended().boxed().shared();
        if let Some(weak) = flight.downgrade() {
            table.flights.insert(connection, (number, weak));
        }
        (flight, true)
    }

    pub(crate) fn under_way(&self) -> usize {
        let table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.flights.len()
    }
}

struct Task(JoinHandle<Looked>);

impl Task {
    async fn ended(mut self) -> Arc<Looked> {
        let looked = (&mut self.0).await;
        Arc::new(looked.unwrap_or_else(|error| {
            if error.is_panic() {
                tracing::error!("an inspection panicked");
            }
            Looked::Unsettled
        }))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An inspection's place in the table, free again when its task ends.
struct Entry {
    table: Arc<Mutex<Table>>,
    connection: u128,
    number: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let held = table.flights.get(&self.connection);
        // Not that of one that was begun since nobody waited for this one any more.
        if held.is_some_and(|(number, _)| *number == self.number) {
            table.flights.remove(&self.connection);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn many_share_one_and_who_comes_later_gets_another() {
        let flights = Flights::default();
        let (begun, gate) = (Cell::new(0), Arc::new(Notify::new()));
        let join = || {
            flights.join(1, || {
                begun.set(begun.get() + 1);
                let gate = Arc::clone(&gate);
                async move {
                    gate.notified().await;
                    Looked::Moot
                }
            })
        };
        let ((first, is_own), (second, is_own_too)) = (join(), join());
        assert!(is_own && !is_own_too);
        gate.notify_one();
        let (first, second) = futures_util::future::join(first, second).await;
        assert!(Arc::ptr_eq(&first, &second));
        drop(join());
        assert_eq!(begun.get(), 2);
        while !flights.0.lock().unwrap().flights.is_empty() {
            tokio::task::yield_now().await;
        }
        let (third, _) = join();
        gate.notify_one();
        third.await;
        assert_eq!(begun.get(), 3);
        assert!(flights.0.lock().unwrap().flights.is_empty());
    }
}
