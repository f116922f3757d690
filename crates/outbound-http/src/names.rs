//! From a name to addresses, once per exchange.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// What [`Resolve::resolve`] gives.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Looks names up. It is asked once per exchange, and only what it answered then is connected to.
pub trait Resolve: Send + Sync {
    /// All addresses of a name, the best first. None, and an error, both mean that the name does not resolve. Whoever
    /// waits has a deadline, and drops the future when it has passed.
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a>;
}

/// The operating system's look-up: its files, its name servers.
#[derive(Clone, Debug)]
pub struct SystemNames {
    places: Arc<Semaphore>,
    ask: fn(&str) -> io::Result<Vec<IpAddr>>,
}

/// Names that are known beforehand, and no others.
#[derive(Clone, Debug, Default)]
pub struct FixedNames(HashMap<String, Vec<IpAddr>>);

/// How many names are looked up at once; further ones wait their turn.
const LOOKUPS: usize = 32;

impl Default for SystemNames {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(LOOKUPS)),
            ask: ask_system,
        }
    }
}

impl Resolve for SystemNames {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a> {
        let (places, ask, host) = (Arc::clone(&self.places), self.ask, host.to_owned());
        Box::pin(async move {
            let place = places.acquire_owned().await.map_err(io::Error::other)?;
            let looking = spawn_blocking(move || {
                // The operating system's call cannot be cut short: its thread stays taken after the deadline, and so
                // does its place. Name servers that hang hold this many threads of the pool, not all of them.
                let _place = place;
                ask(&host)
            });
            looking.await.map_err(io::Error::other)?
        })
    }
}

impl FixedNames {
    /// A table of names, in lower case, and their addresses.
    #[must_use]
    pub fn new(table: impl IntoIterator<Item = (String, Vec<IpAddr>)>) -> Self {
        Self(table.into_iter().collect())
    }
}

impl Resolve for FixedNames {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a> {
        let found = self.0.get(host).cloned().unwrap_or_default();
        Box::pin(std::future::ready(Ok(found)))
    }
}

fn ask_system(host: &str) -> io::Result<Vec<IpAddr>> {
    let found = (host, 0).to_socket_addrs()?;
    Ok(found.map(|address| address.ip()).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    static SILENT: Mutex<()> = Mutex::new(());

    #[tokio::test]
    async fn a_look_up_holds_its_place_until_its_thread_is_free() {
        let names = SystemNames {
            places: Arc::new(Semaphore::new(1)),
            ask: |_| {
                let _answering = SILENT.lock();
                Ok(vec![IpAddr::from([127, 0, 0, 1])])
            },
        };
        let silent = SILENT.lock();
        let given_up = tokio::spawn({
            let names = names.clone();
            async move { names.resolve("a.example.com").await }
        });
        while names.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        given_up.abort();
        assert!(given_up.await.unwrap_err().is_cancelled());
        assert_eq!(names.places.available_permits(), 0);
        drop(silent);
        let found = names.resolve("b.example.com").await.unwrap();
        assert_eq!(found, [IpAddr::from([127, 0, 0, 1])]);
    }
}
