//! Looks the public name up before Telegram does: a refused `setWebhook` leaves a bot without any webhook.

use std::time::Duration;

use clock::Clock;

use crate::error::{Error, Warning};
use crate::parts::ConnectConfig;
use crate::public_url::{PublicUrl, is_refused_address};

/// The public address, and what is doubtful about it.
pub(crate) async fn usable<'a>(
    config: &'a ConnectConfig,
    clock: &Clock,
) -> Result<(&'a PublicUrl, Option<Warning>), Error> {
    let url = config.public_url.as_ref().ok_or(Error::NoPublicUrl)?;
    if !config.resolves_name {
        return Ok((url, None));
    }
    let host = || url.host().to_owned();
    match clock
        .timeout(LOOK_UP, tokio::net::lookup_host((url.host(), 443)))
        .await
    {
        Ok(Ok(mut found)) => {
            if found.all(|address| is_refused_address(address.ip())) {
                return Err(Error::PublicNameUnusable { host: host() });
            }
            Ok((url, None))
        }
        Ok(Err(_)) | Err(_) => Ok((url, Some(Warning::NameDoesNotResolve { host: host() }))),
    }
}

/// How long a name service may take before the name counts as not resolved.
const LOOK_UP: Duration = Duration::from_millis(1_500);
