//! What the schema does not say: better names, and the meaning of some fields by their names.

use crate::codegen::schema::FieldFacts;

/// Types that are written by hand.
pub(crate) const BY_HAND: [&str; 3] = ["InputFile", "MaybeInaccessibleMessage", "Update"];

/// Types that hold something no log may show: the address of a webhook names its path secret.
pub(crate) const QUIET: [&str; 1] = ["WebhookInfo"];

/// Names for enums that stand in several places; any other is named by its type and field.
const ENUM_NAMES: [(&str, &[&str]); 11] = [
    ("ButtonStyle", &["danger", "success", "primary"]),
    ("ChatType", &["private", "group", "supergroup", "channel"]),
    ("HorizontalAlign", &["left", "center", "right"]),
    (
        "IdentityDocumentType",
        &[
            "passport",
            "driver_license",
            "identity_card",
            "internal_passport",
        ],
    ),
    ("ParseMode", &PARSE_MODES),
    (
        "PassportFileType",
        &[
            "utility_bill",
            "bank_statement",
            "rental_agreement",
            "passport_registration",
            "temporary_registration",
        ],
    ),
    ("PollType", &["regular", "quiz"]),
    ("PriceCurrency", &["XTR", "TON"]),
    ("StickerFormat", &["static", "animated", "video"]),
    ("StickerType", &["regular", "mask", "custom_emoji"]),
    (
        "ThumbnailMimeType",
        &["image/jpeg", "image/gif", "video/mp4"],
    ),
];

/// The values of every parameter whose name ends in `parse_mode`.
const PARSE_MODES: [&str; 3] = ["HTML", "MarkdownV2", "Markdown"];

/// Unions that have no name of their own in the Bot API, by their first and last member.
const UNION_NAMES: [(&str, &str, &str); 3] = [
    ("ReplyMarkup", "InlineKeyboardMarkup", "ForceReply"),
    ("MediaGroupItem", "InputMediaAudio", "InputMediaVideo"),
    (
        "RichMessageMedia",
        "InputMediaAnimation",
        "InputMediaVoiceNote",
    ),
];

/// Fields of `Input…` types that are strings in the Bot API, and take `attach://` and the name of an upload.
const FILES: [&str; 7] = [
    "animation",
    "cover",
    "media",
    "photo",
    "sticker",
    "thumbnail",
    "video",
];

/// The newtypes that hold numbers.
pub(crate) const NUMBER_IDS: [&str; 5] = [
    "ChatId",
    "MessageId",
    "MessageThreadId",
    "UpdateId",
    "UserId",
];

const TEXT_IDS: [(&str, &str); 10] = [
    ("business_connection_id", "BusinessConnectionId"),
    ("callback_query_id", "CallbackQueryId"),
    ("custom_emoji_id", "CustomEmojiId"),
    ("file_id", "FileId"),
    ("file_unique_id", "FileUniqueId"),
    ("inline_message_id", "InlineMessageId"),
    ("inline_query_id", "InlineQueryId"),
    ("poll_id", "PollId"),
    ("pre_checkout_query_id", "PreCheckoutQueryId"),
    ("shipping_query_id", "ShippingQueryId"),
];

const OWN_IDS: [(&str, &str); 9] = [
    ("BusinessConnection", "BusinessConnectionId"),
    ("CallbackQuery", "CallbackQueryId"),
    ("Chat", "ChatId"),
    ("ChatFullInfo", "ChatId"),
    ("InlineQuery", "InlineQueryId"),
    ("Poll", "PollId"),
    ("PreCheckoutQuery", "PreCheckoutQueryId"),
    ("ShippingQuery", "ShippingQueryId"),
    ("User", "UserId"),
];

/// The name of the enum with exactly these values, in any order, where it has one of its own.
pub(crate) fn enum_name(values: &[String]) -> Option<&'static str> {
    let same = |known: &[&str]| {
        known.len() == values.len() && values.iter().all(|value| known.contains(&value.as_str()))
    };
    ENUM_NAMES
        .iter()
        .find(|(_, known)| same(known))
        .map(|(name, _)| *name)
}

/// The values that a string field has, where the schema does not list them.
pub(crate) fn values(field: &FieldFacts) -> Option<Vec<String>> {
    let is_parse_mode = field.name.ends_with("parse_mode");
    is_parse_mode.then(|| PARSE_MODES.map(str::to_owned).to_vec())
}

/// The name of a union that the Bot API only lists.
pub(crate) fn union_name(members: &[&str]) -> Option<&'static str> {
    let ends = (members.first()?, members.last()?);
    UNION_NAMES
        .iter()
        .find(|(_, first, last)| ends == (first, last))
        .map(|(name, ..)| *name)
}

/// Whether a string field of this type takes a file.
pub(crate) fn is_file(owner: &str, field: &FieldFacts) -> bool {
    owner.starts_with("Input") && field.types == ["String"] && FILES.contains(&field.name.as_str())
}

/// The newtype for an integer field.
pub(crate) fn number_id(owner: &str, field: &str) -> Option<&'static str> {
    let field = field
        .strip_suffix('s')
        .filter(|name| name.ends_with("_id"))
        .unwrap_or(field);
    match field {
        "id" => own_id(owner),
        "ephemeral_message_id" => None,
        "update_id" => Some("UpdateId"),
        "message_thread_id" => Some("MessageThreadId"),
        _ if field.ends_with("user_id") => Some("UserId"),
        _ if field.ends_with("chat_id") => Some("ChatId"),
        _ if field.ends_with("message_id") => Some("MessageId"),
        _ => None,
    }
}

/// The newtype for a string field.
pub(crate) fn text_id(owner: &str, field: &str) -> Option<&'static str> {
    if field == "id" {
        return own_id(owner);
    }
    let field = field
        .strip_suffix('s')
        .filter(|name| name.ends_with("_id"))
        .unwrap_or(field);
    let fits = |name: &str| {
        field == name
            || field
                .strip_suffix(name)
                .is_some_and(|before| before.ends_with('_'))
    };
    TEXT_IDS
        .iter()
        .find(|(name, _)| fits(name))
        .map(|(_, id)| *id)
}

fn own_id(owner: &str) -> Option<&'static str> {
    OWN_IDS
        .iter()
        .find(|(name, _)| *name == owner)
        .map(|(_, id)| *id)
}
