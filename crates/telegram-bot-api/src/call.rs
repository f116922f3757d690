//! A Bot API call as a value.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{Method, Upload};

/// A Bot API call as a value: what handlers return as their effects, and what can be stored until it is done.
///
/// Made from any [`Method`], or untyped. It has no `null` in any object: the server would read a top-level one as the four
/// letters. `Debug` prints the parameters' names, not their values. It serializes as an object of `method` and `params`,
/// and not at all when it has uploads.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(from = "Stored")]
pub struct Call {
    method: Cow<'static, str>,
    params: Map<String, Value>,
    uploads: Vec<Upload>,
}

/// A chat as a key: what throttles and orders calls.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChatKey {
    /// A chat by its identifier; negative for groups and channels.
    Id(i64),
    /// A public chat by its name, in lower case, without the `@`.
    Username(Box<str>),
}

impl Call {
    /// A call of any method, known to this crate or not.
    #[must_use]
    pub fn new(method: impl Into<Cow<'static, str>>, mut params: Map<String, Value>) -> Self {
        drop_nulls(&mut params);
        Self {
            method: method.into(),
            params,
            uploads: Vec::new(),
        }
    }

    /// The same call of a typed method, which is kept.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "Method demands a JSON object: string keys, and no serializer that fails by itself"
    )]
    pub fn of<M: Method>(method: &M) -> Self {
        let params = match serde_json::to_value(method).expect("a method serializes as JSON") {
            Value::Object(params) => params,
            _ => Map::new(),
        };
        let call = Self::new(M::NAME, params);
        method.uploads().into_iter().fold(call, Self::attach)
    }

    /// The call with one file more. Wherever the upload stands in the parameters (as it serializes itself), the name
    /// under which it is sent along is put; so equal calls stay equal whenever their uploads were made.
    #[must_use]
    pub fn attach(mut self, upload: Upload) -> Self {
        let placeholder = upload.placeholder();
        let name = format!("attach://{}", part_name(self.uploads.len()));
        for value in self.params.values_mut() {
            replace(value, &placeholder, &name);
        }
        if !self
            .uploads
            .iter()
            .any(|known| known.placeholder() == placeholder)
        {
            self.uploads.push(upload);
        }
        self
    }

    /// The method's name.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Whether this calls that method. The server does not look at the case of letters, so neither do we.
    #[must_use]
    pub fn is(&self, method: &str) -> bool {
        self.method.eq_ignore_ascii_case(method)
    }

    /// The parameters, as JSON values.
    #[must_use]
    pub fn params(&self) -> &Map<String, Value> {
        &self.params
    }

    /// The files to send along, each named in the parameters as `attach://file0`, `attach://file1` and so on.
    #[must_use]
    pub fn uploads(&self) -> &[Upload] {
        &self.uploads
    }

    /// The chat that this call is about, by its parameter `chat_id`.
    #[must_use]
    pub fn chat(&self) -> Option<ChatKey> {
        match self.params.get("chat_id")? {
            Value::Number(id) => id.as_i64().map(ChatKey::Id),
            Value::String(text) => Some(ChatKey::read(text)),
            _ => None,
        }
    }
}

impl ChatKey {
    /// Whether this is a group or a channel rather than a private chat. Public chats addressed by name are, but for
    /// bots, which one may count as such: their limit is the wider one.
    #[must_use]
    pub fn is_group(&self) -> bool {
        match self {
            Self::Id(id) => *id < 0,
            Self::Username(_) => true,
        }
    }

    fn read(text: &str) -> Self {
        let name = || Self::Username(text.trim_start_matches('@').to_lowercase().into());
        text.parse().map_or_else(|_| name(), Self::Id)
    }
}

impl<M: Method> From<M> for Call {
    fn from(method: M) -> Self {
        Self::of(&method)
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.params.keys().collect();
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("params", &names)
            .field("uploads", &self.uploads.len())
            .finish()
    }
}

impl Serialize for Call {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.uploads.is_empty() {
            let why = "a call with uploads cannot be stored";
            return Err(serde::ser::Error::custom(why));
        }
        Written {
            method: &self.method,
            params: &self.params,
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
struct Written<'a> {
    method: &'a str,
    params: &'a Map<String, Value>,
}

#[derive(Deserialize)]
struct Stored {
    method: String,
    params: Map<String, Value>,
}

impl From<Stored> for Call {
    fn from(stored: Stored) -> Self {
        Self::new(stored.method, stored.params)
    }
}

/// The name under which the upload with this number is sent.
pub(crate) fn part_name(number: usize) -> String {
    format!("file{number}")
}

fn drop_nulls(object: &mut Map<String, Value>) {
    object.retain(|_, value| !value.is_null());
    object.values_mut().for_each(drop_inner_nulls);
}

fn drop_inner_nulls(value: &mut Value) {
    match value {
        Value::Object(object) => drop_nulls(object),
        // An element keeps its place, whatever it is.
        Value::Array(values) => values.iter_mut().for_each(drop_inner_nulls),
        _ => {}
    }
}

fn replace(value: &mut Value, old: &str, new: &str) {
    match value {
        Value::String(text) if text == old => new.clone_into(text),
        Value::Array(values) => values.iter_mut().for_each(|value| replace(value, old, new)),
        Value::Object(object) => object
            .values_mut()
            .for_each(|value| replace(value, old, new)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::InputFile;

    #[derive(Serialize)]
    struct SendMediaGroup {
        chat_id: i64,
        media: Vec<Photo>,
        message_thread_id: Option<i64>,
    }

    #[derive(Serialize)]
    struct Photo {
        media: InputFile,
        caption: Option<String>,
    }

    impl Method for SendMediaGroup {
        const NAME: &'static str = "sendMediaGroup";
        type Output = Value;

        fn uploads(&self) -> Vec<Upload> {
            let uploads = self.media.iter().filter_map(|photo| photo.media.upload());
            uploads.cloned().collect()
        }
    }

    #[derive(Serialize)]
    struct GetMe;

    impl Method for GetMe {
        const NAME: &'static str = "getMe";
        type Output = Value;
    }

    fn album() -> SendMediaGroup {
        let cat = Upload::bytes("cat.png", "cat");
        let dog = Upload::bytes("dog.png", "dog");
        let files = [
            cat.clone().into(),
            InputFile::id("AgAD"),
            dog.into(),
            cat.into(),
        ];
        SendMediaGroup {
            chat_id: -7,
            media: files
                .map(|media| Photo {
                    media,
                    caption: None,
                })
                .into(),
            message_thread_id: None,
        }
    }

    fn object(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_method_becomes_a_call_without_nulls_and_with_its_uploads_named() {
        let call = Call::from(album());
        assert_eq!(call.method(), "sendMediaGroup");
        assert_eq!(
            Value::from(call.params().clone()),
            json!({"chat_id": -7, "media": [
                {"media": "attach://file0"}, {"media": "AgAD"},
                {"media": "attach://file1"}, {"media": "attach://file0"},
            ]})
        );
        let names: Vec<_> = call.uploads().iter().map(Upload::file_name).collect();
        assert_eq!(names, ["cat.png", "dog.png"]);
        assert_eq!(call, Call::of(&album()), "equal whenever it was made");
    }

    #[test]
    fn a_method_without_parameters_is_a_call_without_parameters() {
        assert_eq!(Call::from(GetMe), Call::new("getMe", Map::new()));
        assert!(Call::from(GetMe).is("GETME"));
    }

    #[test]
    fn nulls_are_left_out_of_objects_at_any_depth_and_arrays_keep_their_places() {
        let params = object(json!({"url": null, "a": {"b": null, "c": [null, {"d": null}]}}));
        assert_eq!(
            Value::from(Call::new("x", params).params().clone()),
            json!({"a": {"c": [null, {}]}})
        );
    }

    #[test]
    fn a_call_can_be_stored_unless_it_has_uploads() {
        let call = Call::new("sendMessage", object(json!({"chat_id": 1, "text": "hi"})));
        let text = serde_json::to_string(&call).unwrap();
        assert_eq!(serde_json::from_str::<Call>(&text).unwrap(), call);
        assert!(serde_json::to_string(&Call::from(album())).is_err());
    }

    #[test]
    fn debug_shows_names_alone() {
        let call = Call::new("sendMessage", object(json!({"text": "private"})));
        let text = format!("{call:?}");
        assert!(
            text.contains("\"text\"") && !text.contains("private"),
            "{text}"
        );
    }

    #[test]
    fn a_chat_is_told_by_its_number_or_its_name() {
        let chat = |id: Value| Call::new("sendMessage", object(json!({"chat_id": id}))).chat();
        assert_eq!(chat(json!(-100)), Some(ChatKey::Id(-100)));
        assert_eq!(chat(json!("42")), Some(ChatKey::Id(42)));
        assert_eq!(chat(json!("@News")), Some(ChatKey::Username("news".into())));
        assert_eq!(chat(json!([1])), None);
        assert_eq!(Call::from(GetMe).chat(), None);
    }
}
