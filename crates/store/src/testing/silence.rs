//! A Postgres that can fall silent: its connections stay, and nothing comes through any more, as when a machine vanishes.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::url::{DatabaseUrl, Place};

/// A TCP proxy before a Postgres.
#[derive(Debug)]
pub struct Silence(watch::Sender<bool>);

#[derive(Clone)]
enum Target {
    Tcp(String, u16),
    Unix(std::path::PathBuf),
}

impl Silence {
    /// A proxy before this Postgres, and the URL that leads through it, on which an answer is waited for so long at most, in whole
    /// seconds; nothing for SQLite.
    ///
    /// # Panics
    /// When no socket can be bound: then the test has failed.
    pub async fn before(url: &DatabaseUrl, patience: Duration) -> Option<(Self, DatabaseUrl)> {
        let Place::Postgres(url) = &url.0 else {
            return None;
        };
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port is free");
        let port = listener
            .local_addr()
            .expect("a bound socket has an address");
        let through = through(url, port.port(), patience);
        let (silent, hears) = watch::channel(false);
        let target = target(url);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, target.clone(), hears.clone()));
            }
        });
        let through = through
            .parse()
            .expect("the URL for tests is one of Postgres");
        Some((Self(silent), through))
    }

    /// From now on nothing comes through, on connections that are there and on new ones.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// New connections come through again. Those of before say nothing more.
    pub fn end(&self) {
        self.0.send_replace(false);
    }
}

async fn serve(client: TcpStream, target: Target, silent: watch::Receiver<bool>) {
    match target {
        Target::Tcp(host, port) => {
            if let Ok(server) = TcpStream::connect((host, port)).await {
                carry(client, server, silent).await;
            }
        }
        Target::Unix(path) => {
            if let Ok(server) = UnixStream::connect(path).await {
                carry(client, server, silent).await;
            }
        }
    }
}

/// Once silent, both sockets are held open and neither is read any more.
async fn carry(
    mut client: TcpStream,
    mut server: impl AsyncRead + AsyncWrite + Unpin,
    mut silent: watch::Receiver<bool>,
) {
    let is_silent = async { silent.wait_for(|silent| *silent).await.map(drop) };
    let carried = tokio::select! {
        biased;
        _ = is_silent => false,
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => true,
    };
    if !carried {
        std::future::pending::<()>().await;
    }
}

fn target(url: &str) -> Target {
    let config: Config = url.parse().expect("the URL for tests is one of Postgres");
    let port = config.get_ports().first().copied().unwrap_or(5_432);
    match config.get_hosts().first() {
        Some(Host::Unix(folder)) => Target::Unix(folder.join(format!(".s.PGSQL.{port}"))),
        Some(Host::Tcp(host)) => Target::Tcp(host.clone(), port),
        None => Target::Tcp("localhost".into(), port),
    }
}

/// The URL with another place: who, which database and what else it asks for stay.
fn through(url: &str, port: u16, patience: Duration) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    let (before, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let (place, name) = before.split_once('/').unwrap_or((before, ""));
    let who = place.rsplit_once('@').map_or("", |(who, _)| who);
    let at = if who.is_empty() { "" } else { "@" };
    let ours = ["host=", "hostaddr=", "port=", "tcp_user_timeout="];
    let mut url = format!(
        "{scheme}://{who}{at}127.0.0.1:{port}/{name}?tcp_user_timeout={}",
        patience.as_secs()
    );
    for pair in parameters.split('&').filter(|pair| !pair.is_empty()) {
        if !ours.iter().any(|own| pair.starts_with(own)) {
            url = format!("{url}&{pair}");
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_leads_through_the_proxy_and_keeps_the_rest() {
        let url = "postgres://me:pw@db:5433/x?options=-csearch_path%3Da&port=9";
        assert_eq!(
            through(url, 7, Duration::from_secs(2)),
            "postgres://me:pw@127.0.0.1:7/x?tcp_user_timeout=2&options=-csearch_path%3Da"
        );
    }
}
