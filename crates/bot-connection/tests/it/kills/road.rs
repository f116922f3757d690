//! The way to whichever server lives just now: the address that Telegram knows stays, the process behind it does not.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};

/// A proxy for TCP.
pub(super) struct Road {
    pub(super) address: SocketAddr,
    leads_to: Arc<Mutex<Option<SocketAddr>>>,
}

impl Road {
    pub(super) async fn build() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let leads_to = Arc::default();
        tokio::spawn(carry(listener, Arc::clone(&leads_to)));
        Self { address, leads_to }
    }

    /// From now on it leads there; without a place, connections are closed at once.
    pub(super) fn leads_to(&self, place: Option<SocketAddr>) {
        *self.leads_to.lock().unwrap() = place;
    }
}

async fn carry(listener: TcpListener, leads_to: Arc<Mutex<Option<SocketAddr>>>) {
    while let Ok((mut from, _)) = listener.accept().await {
        let place = *leads_to.lock().unwrap();
        tokio::spawn(async move {
            if let Ok(mut to) = TcpStream::connect(place?).await {
                let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
            }
            Some(())
        });
    }
}
