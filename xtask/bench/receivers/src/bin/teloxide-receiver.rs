//! teloxide's webhook listener and dispatcher for one bot, with a handler that does nothing. The path is `/teloxide`, the
//! secret token `teloxide`.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::Json;
use serde_json::json;
use teloxide::dptree;
use teloxide::error_handlers::LoggingErrorHandler;
use teloxide::prelude::*;
use teloxide::update_listeners::webhooks::{self, Options};
use tokio::net::TcpListener;

fn main() -> anyhow::Result<()> {
    let address = receivers::address()?;
    receivers::run(receive(address))
}

async fn receive(address: SocketAddr) -> anyhow::Result<()> {
    let options = Options::new(address, "https://bots.example.com/teloxide".parse()?)
        .secret_token("teloxide".to_owned());
    let (listener, _, router) = webhooks::axum_no_setup(options);
    let socket = TcpListener::bind(address).await?;
    tokio::spawn(async move { axum::serve(socket, router).await });

    let api = bot_api().await?.parse()?;
    let bot = Bot::new("123456789:AAbbccddeeffgghhiijjkkllmmnnooppqqr").set_api_url(api);
    let handler = dptree::endpoint(|update: Update| async move {
        std::hint::black_box(&update);
        Ok::<_, Infallible>(())
    });
    Dispatcher::builder(bot, handler)
        .build()
        .dispatch_with_listener(listener, LoggingErrorHandler::new())
        .await;
    Ok(())
}

/// A Bot API that knows one answer: to `getMe`, without which no dispatcher starts.
async fn bot_api() -> anyhow::Result<String> {
    let me = json!({"ok": true, "result": {
        "id": 123_456_789, "is_bot": true, "first_name": "Bench", "username": "bench_bot",
        "can_join_groups": true, "can_read_all_group_messages": false, "supports_inline_queries": false,
        "can_connect_to_business": false, "has_main_web_app": false,
    }});
    let socket = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", socket.local_addr()?);
    let router = axum::Router::new().fallback(async move || Json(me));
    tokio::spawn(async move { axum::serve(socket, router).await });
    Ok(url)
}
