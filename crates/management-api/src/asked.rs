use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use ids::RequestId;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::tokens::Ability;

/// What a call is answered.
pub(crate) type Answer = Result<Response<Full<Bytes>>, ApiError>;

/// A call, without its body.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) query: Option<&'a str>,
    pub(crate) id: &'a RequestId,
}

impl Asked<'_> {
    /// Lets through who may do this for the whole server. To a token of one project such a thing does not exist.
    pub(crate) fn of_whole_server(&self, ability: Ability) -> Result<(), ApiError> {
        if !self.caller.covers_all() {
            return Err(ApiError::not_found());
        }
        self.caller.may(ability)
    }
}
