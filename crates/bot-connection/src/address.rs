//! Looks the public name up before Telegram does: a refused `setWebhook` leaves a bot without any webhook.

use crate::error::{Error, Warning};
use crate::parts::ConnectConfig;
use crate::public_url::{PublicUrl, is_refused_address};

/// The public address, and what is doubtful about it.
pub(crate) async fn usable(config: &ConnectConfig) -> Result<(&PublicUrl, Vec<Warning>), Error> {
    let url = config.public_url.as_ref().ok_or(Error::NoPublicUrl)?;
    if !config.resolves_name {
        return Ok((url, Vec::new()));
    }
    let host = || url.host().to_owned();
    match tokio::net::lookup_host((url.host(), 443)).await {
        Ok(mut found) if found.any(|address| !is_refused_address(address.ip())) => Ok((url, Vec::new())),
        Ok(_) => Err(Error::PublicNameUnusable { host: host() }),
        Err(_) => Ok((url, vec![Warning::NameDoesNotResolve { host: host() }])),
    }
}
