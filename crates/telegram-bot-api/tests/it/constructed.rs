//! Methods and types as bots construct them: each key is there under its name, and nothing else is.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};
use telegram_bot_api::types::{
    InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto, InputMediaVideo, InputSticker,
    InputStoryContentVideo, ParseMode, StickerFormat,
};
use telegram_bot_api::{Call, InputFile, Method, Upload, UserId, methods};

/// The names of an object's fields.
pub(crate) struct Keys<'a> {
    pub(crate) required: &'a [&'a str],
    pub(crate) optional: &'a [&'a str],
}

pub(crate) fn check_method<M: Method>(name: &str, least: &M, all: &M, keys: &Keys<'_>) {
    assert_eq!(M::NAME, name);
    check_object(least, all, keys);
}

pub(crate) fn check_object<T: Serialize>(least: &T, all: &T, keys: &Keys<'_>) {
    let least = serde_json::to_value(least).unwrap();
    let all = serde_json::to_value(all).unwrap();
    assert_eq!(names(&least), keys.required.iter().copied().collect());
    assert_eq!(
        names(&all),
        keys.required.iter().chain(keys.optional).copied().collect()
    );
    assert!(!has_null(&least) && !has_null(&all), "{all}");
}

fn names(object: &Value) -> BTreeSet<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.iter().any(has_null),
        Value::Object(values) => values.values().any(has_null),
        _ => false,
    }
}

#[test]
fn a_message_with_buttons() {
    let button = InlineKeyboardButton::new("Yes").callback_data("yes");
    let message = methods::SendMessage::new(UserId(7), "*Sure?*")
        .parse_mode(ParseMode::MarkdownV2)
        .disable_notification(true)
        .reply_markup(InlineKeyboardMarkup::new([vec![button]]));
    let expected = json!({
        "chat_id": 7, "text": "*Sure?*", "parse_mode": "MarkdownV2", "disable_notification": true,
        "reply_markup": {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]},
    });
    assert_eq!(serde_json::to_value(message).unwrap(), expected);
}

#[test]
fn debug_shows_no_parameter() {
    let webhook = methods::SetWebhook::new("https://x.example/secret").secret_token("secret");
    assert_eq!(format!("{webhook:?}"), "SetWebhook { .. }");
}

#[test]
fn files_are_found_however_deep() {
    let file = |name: &str| InputFile::from(Upload::bytes(name, "content"));
    let photo = InputMediaPhoto::new(file("photo")).caption("one");
    let video = InputMediaVideo::new(file("video"))
        .thumbnail(file("thumbnail"))
        .cover(InputFile::id("c"));
    let album = methods::SendMediaGroup::new(1, [photo.into(), video.into()]);
    assert_eq!(uploads(album), ["photo", "video", "thumbnail"]);

    let stickers = ["a", "b"]
        .map(|name| InputSticker::new(file(name), StickerFormat::Static, ["x".to_owned()]));
    assert_eq!(
        uploads(methods::CreateNewStickerSet::new(
            UserId(1),
            "name",
            "title",
            stickers
        )),
        ["a", "b"]
    );

    let story =
        methods::PostStory::new("b", InputStoryContentVideo::new(file("story")), 86_400_i64);
    assert_eq!(uploads(story), ["story"]);
    assert_eq!(
        uploads(methods::SendPhoto::new(1, file("plain"))),
        ["plain"]
    );
    assert_eq!(uploads(methods::SendMessage::new(1, "text")), [""; 0]);
}

fn uploads(method: impl Method) -> Vec<String> {
    let call = Call::of(&method);
    call.uploads()
        .iter()
        .map(|upload| upload.file_name().to_owned())
        .collect()
}
