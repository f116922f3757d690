//! The life of the process: compose, serve, and end in order when told to.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clock::{Clock, Entropy};
use http::Request;
use hyper::service::service_fn;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::compose::{self, Server};
use crate::config::Config;
use crate::logging::Lines;
use crate::metrics::{self, Metrics};

/// Serves until SIGTERM or SIGINT. `lines` is where the log goes.
pub(crate) async fn run(config: Config, lines: Arc<Lines>) -> anyhow::Result<()> {
    let server = compose::server(&config, Clock::system(), Entropy::system()).await?;
    let stop = CancellationToken::new();
    tokio::spawn(wait_for_signal(stop.clone())?);
    welcome(&config, &server)?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        private = %server.private.local_addr(),
        public = %server.public.local_addr(),
        waiting = server.inbox.depth().await.map_or(0, |depth| depth.pending),
        "started"
    );
    serve(server, lines, stop, config.shutdown_deadline).await?;
    tracing::info!(
        "stopped; webhooks stay registered, and updates that were not handled stay in the inbox"
    );
    Ok(())
}

async fn serve(
    server: Server,
    lines: Arc<Lines>,
    stop: CancellationToken,
    deadline: Duration,
) -> anyhow::Result<()> {
    let metrics = Metrics::of(&server, lines);
    let Server {
        api,
        dispatcher,
        inbox,
        ingress,
        private,
        public,
        request_log,
        upkeep,
    } = server;
    let upkeep = tokio::spawn(upkeep.run(stop.clone()));
    // What is wrong with a request before it has a head goes into the request log too.
    let heads = ingress.clone();
    let public = public.observe(move |peer, fault| heads.record_head_fault(peer, fault));
    let private_side = service_fn(move |request: Request<_>| {
        let (api, metrics) = (api.clone(), metrics.clone());
        async move {
            let answer = match request.uri().path() {
                metrics::PATH => metrics.answer(request.method()).await,
                _ => api.handle(request).await,
            };
            Ok::<_, std::convert::Infallible>(answer)
        }
    });
    tokio::join!(
        public.serve(
            move |peer: SocketAddr| ingress.service(peer.ip()),
            stop.clone()
        ),
        private.serve(move |_| private_side.clone(), stop)
    );
    let drained = dispatcher.drain(deadline).await;
    if !drained.interrupted.is_empty() {
        let updates = drained.interrupted.len();
        tracing::warn!(
            updates,
            "updates were interrupted; they will be handled again"
        );
    }
    let claim = upkeep.await.context("the upkeep panicked")?;
    inbox.close().await;
    request_log.close().await;
    // Only now may another process serve the database.
    drop(claim?);
    Ok(())
}

fn wait_for_signal(stop: CancellationToken) -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be heard")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be heard")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("told to stop: nothing is accepted any more, and what runs may end");
        stop.cancel();
    })
}

/// Says on standard output where everything is, and what to do next.
fn welcome(config: &Config, server: &Server) -> anyhow::Result<()> {
    let data = config.data_dir.display();
    let (private, public) = (server.private.local_addr(), server.public.local_addr());
    let mut out = std::io::stdout().lock();
    writeln!(out, "MemberPass's Telegram connection layer is up.")?;
    writeln!(
        out,
        "  API          http://{private}/v1   (health: /livez, /readyz; figures: /metrics)"
    )?;
    writeln!(
        out,
        "  webhooks     http://{public}/telegram/webhook/…   (for the proxy that terminates HTTPS)"
    )?;
    writeln!(
        out,
        "  data         {data}/   database, master key, first API token in {data}/api-token"
    )?;
    match &config.public_url {
        Some(url) => writeln!(out, "  public       {url}")?,
        None => writeln!(out, "  public       not told yet: bots cannot be connected")?,
    }
    writeln!(out, "What to do next:")?;
    writeln!(
        out,
        "  1. Copy {} somewhere safe: without it, stored bot tokens cannot be opened.",
        config.master_key.display()
    )?;
    match &config.public_url {
        Some(url) => writeln!(
            out,
            "  2. Let {url} reach {public} through a proxy that terminates HTTPS."
        )?,
        None => writeln!(
            out,
            "  2. Start again with --public-url https://your.name, and let that name reach {public}\n     through a proxy that terminates HTTPS. To look around without Telegram: cargo xtask demo"
        )?,
    }
    writeln!(
        out,
        "  3. Connect a bot:\n     curl -X PUT http://{private}/v1/projects/prj_demo/bot \\\n          -H \"Authorization: Bearer $(cat {data}/api-token)\" \\\n          -H 'Idempotency-Key: 1' -d '{{\"token\":\"<the token from @BotFather>\"}}'"
    )?;
    out.flush()?;
    Ok(())
}
