//! The running server's API, asked by the commands of the same configuration: what a server has in memory only it can change.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clock::Clock;
use http::{Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::config::Config;

/// Makes one call and answers the body; what the server refuses is an error with its own words.
pub(crate) async fn call(config: &Config, method: Method, path: &str) -> anyhow::Result<Value> {
    call_with(config, method, path, Bytes::new()).await
}

/// The same with a body, which is JSON.
pub(crate) async fn call_with(
    config: &Config,
    method: Method,
    path: &str,
    body: Bytes,
) -> anyhow::Result<Value> {
    let token = token(config)?;
    let address = reached(config.private_listen)?;
    let clock = Clock::system();
    let answer = clock.timeout(PATIENCE, send(address, &token, method, path, body));
    let (status, body) = answer
        .await
        .with_context(|| format!("the server at {address} has not answered for {PATIENCE:?}"))??;
    let body: Value = serde_json::from_slice(&body)
        .with_context(|| format!("what answers at {address} is not this server's API"))?;
    if status.is_success() {
        return Ok(body);
    }
    let error = &body["error"];
    let told = |what: &str| error[what].as_str().unwrap_or_default();
    let fields = error["fields"].as_array().map(Vec::as_slice);
    let fields: String = fields
        .unwrap_or_default()
        .iter()
        .filter_map(|one| {
            Some(format!(
                " {}: {}.",
                one["field"].as_str()?,
                one["message"].as_str()?.trim_end_matches('.')
            ))
        })
        .collect();
    // Its cause is in the server's log, under this.
    let request = match error["request_id"].as_str() {
        Some(id) if status.is_server_error() => format!(", request {id}"),
        _ => String::new(),
    };
    bail!(
        "{}{fields} {} ({status}, {}{request})",
        told("message"),
        told("remediation"),
        told("code")
    )
}

/// Whether anything listens where the server of this configuration would.
///
/// # Errors
/// When its port is not known.
pub(crate) async fn is_running(config: &Config) -> anyhow::Result<bool> {
    let address = reached(config.private_listen)?;
    Ok(match TcpStream::connect(address).await {
        Ok(_) => true,
        Err(error) => error.kind() != std::io::ErrorKind::ConnectionRefused,
    })
}

async fn send(
    address: SocketAddr,
    token: &str,
    method: Method,
    path: &str,
    body: Bytes,
) -> anyhow::Result<(http::StatusCode, Bytes)> {
    let stream = TcpStream::connect(address).await.with_context(|| {
        format!(
            "no server answers at {address}: this command asks the running one, with its --private-listen and --data-dir"
        )
    })?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, address.to_string())
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(body))?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    Ok((status, answer.into_body().collect().await?.to_bytes()))
}

/// The token that the server made at its first start.
fn token(config: &Config) -> anyhow::Result<String> {
    let path = config.data_dir.join("api-token");
    let token = std::fs::read_to_string(&path).with_context(|| {
        format!(
            "the API token cannot be read from {}: put one there (`memberpass-telegram token mint`), or name its folder with --data-dir",
            path.display()
        )
    })?;
    Ok(token.trim().to_owned())
}

/// Where a listener is reached from its own machine.
fn reached(listens: SocketAddr) -> anyhow::Result<SocketAddr> {
    anyhow::ensure!(
        listens.port() != 0,
        "the server's port is not known: give its address with --private-listen"
    );
    let loopback: IpAddr = match listens.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Ok(SocketAddr::new(loopback, listens.port()))
}

/// Putting back many updates takes a while.
const PATIENCE: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_every_address_is_reached_on_loopback() {
        let reached = |text: &str| reached(text.parse().unwrap()).map(|found| found.to_string());
        assert_eq!(reached("0.0.0.0:8080").unwrap(), "127.0.0.1:8080");
        assert_eq!(reached("[::]:8080").unwrap(), "[::1]:8080");
        assert_eq!(reached("10.0.0.7:8080").unwrap(), "10.0.0.7:8080");
        assert!(reached("127.0.0.1:0").is_err());
    }
}
