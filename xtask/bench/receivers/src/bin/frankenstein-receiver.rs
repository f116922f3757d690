//! frankenstein's update type behind axum: the update is parsed whole, answered 200, and forgotten.

use axum::http::StatusCode;
use axum::{Json, Router};
use frankenstein::updates::Update;
use tokio::net::TcpListener;

fn main() -> anyhow::Result<()> {
    let address = receivers::address()?;
    receivers::run(async move {
        let listener = TcpListener::bind(address).await?;
        let router = Router::new().fallback(receive);
        Ok(axum::serve(listener, router).await?)
    })
}

async fn receive(Json(update): Json<Update>) -> StatusCode {
    std::hint::black_box(&update);
    StatusCode::OK
}
