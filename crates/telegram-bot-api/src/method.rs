//! What makes a type a Bot API method.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Upload;

/// A Bot API method with its parameters: what `methods` generates, and what anybody may write for a method that is
/// newer than this crate.
///
/// It must serialize as a JSON object with one key for each parameter, or as nothing at all (a unit structure) when
/// there are none. Absent parameters are best left out; a `null` is taken out before it is sent, because the server
/// would read it as the four letters (docs/TELEGRAM.md: Parameters).
pub trait Method: Serialize + Send + Sync {
    /// The method's name as documented, such as `sendMessage`.
    const NAME: &'static str;
    /// What the server answers when it succeeds.
    type Output: DeserializeOwned + Send;

    /// The files to send along: each [`Upload`] that the parameters hold, however deep.
    fn uploads(&self) -> Vec<Upload> {
        Vec::new()
    }
}
