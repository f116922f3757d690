//! What callers send about an endpoint.

use std::collections::BTreeSet;

use outbound_http::Target;
use platform_events::{EndpointChange, EventType, EventTypes, NewEndpoint};

use crate::body::{Fields, invalid};
use crate::error::{ApiError, sentence};

pub(super) fn new(mut fields: Fields) -> Result<NewEndpoint, ApiError> {
    let url = url(&mut fields)?;
    let (description, types) = (description(&mut fields)?, types(&mut fields)?);
    fields.end(KNOWN)?;
    let url = url.ok_or_else(|| invalid("The endpoint needs a URL.").field("url", URL))?;
    Ok(NewEndpoint {
        url,
        description: description.unwrap_or_default(),
        types: types.unwrap_or_default(),
    })
}

/// What is not there stays as it is.
pub(super) fn change(mut fields: Fields) -> Result<EndpointChange, ApiError> {
    let change = EndpointChange {
        url: url(&mut fields)?,
        description: description(&mut fields)?,
        types: types(&mut fields)?,
    };
    fields.end(KNOWN)?;
    Ok(change)
}

fn url(fields: &mut Fields) -> Result<Option<Target>, ApiError> {
    let Some(text) = fields.take::<String>("url", URL)? else {
        return Ok(None);
    };
    // The text may hold a secret of the owner's, so it is not repeated.
    let target = text.parse::<Target>();
    target
        .map(Some)
        .map_err(|fault| invalid("The URL cannot be used.").field("url", sentence(&fault)))
}

fn description(fields: &mut Fields) -> Result<Option<String>, ApiError> {
    fields.take("description", "a text of at most 200 characters")
}

fn types(fields: &mut Fields) -> Result<Option<EventTypes>, ApiError> {
    let Some(names) = fields.take::<Vec<String>>("events", EVENTS)? else {
        return Ok(None);
    };
    if names == ["*"] {
        return Ok(Some(EventTypes::All));
    }
    let types: Result<BTreeSet<EventType>, _> = names.iter().map(|name| name.parse()).collect();
    match types {
        Ok(types) if !types.is_empty() => Ok(Some(EventTypes::Only(types))),
        _ => Err(invalid("These are no events.").field("events", EVENTS)),
    }
}

const URL: &str = "an address that begins with https://";
const EVENTS: &str = "[\"*\"] for all, or a list of project.bot.connected, project.bot.disconnected and project.bot.status_changed";
const KNOWN: &str = "there are url, description and events";
