//! Names in Rust for names in the Bot API.

/// `callback_query`, `sendMessage`, `application/pdf` or `HTML` as the name of a type or a variant.
pub(crate) fn camel(name: &str) -> String {
    let words = name.split(|character: char| !character.is_ascii_alphanumeric());
    words.map(capitalized).collect()
}

/// The name of a field, and its name in JSON where that differs.
pub(crate) fn field(name: &str) -> (String, Option<String>) {
    match name {
        "type" => ("r#type".to_owned(), Some(name.to_owned())),
        _ => (name.to_owned(), None),
    }
}

/// The names of a union's variants: its members' names without what all have in common.
pub(crate) fn variants(union: &str, members: &[String]) -> Vec<String> {
    let shortest = |prefix: &str, suffix: &str| {
        let short = members.iter().map(|member| {
            let rest = member.strip_prefix(prefix)?.strip_suffix(suffix)?;
            rest.starts_with(|c: char| c.is_ascii_uppercase())
                .then(|| rest.to_owned())
        });
        short.collect::<Option<Vec<_>>>()
    };
    let prefix = common_words(members);
    shortest(union, "")
        .or_else(|| shortest("Input", union.strip_prefix("Input").unwrap_or("-")))
        .or_else(|| shortest(&prefix, ""))
        .unwrap_or_else(|| members.to_vec())
}

fn capitalized(word: &str) -> String {
    let rest = word.get(1..).unwrap_or_default();
    let shouts = word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase());
    let rest = if shouts {
        rest.to_ascii_lowercase()
    } else {
        rest.to_owned()
    };
    format!(
        "{}{rest}",
        word.get(..1).unwrap_or_default().to_ascii_uppercase()
    )
}

/// The words that all names begin with.
fn common_words(names: &[String]) -> String {
    let Some((first, others)) = names.split_first() else {
        return String::new();
    };
    let ends = first
        .char_indices()
        .filter(|(_, c)| c.is_ascii_uppercase())
        .map(|(at, _)| at);
    let common = ends.filter(|at| others.iter().all(|name| name.starts_with(&first[..*at])));
    first[..common.max().unwrap_or_default()].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types_and_variants() {
        let names = [
            "callback_query",
            "sendMessage",
            "application/pdf",
            "HTML",
            "MarkdownV2",
        ];
        let expected = [
            "CallbackQuery",
            "SendMessage",
            "ApplicationPdf",
            "Html",
            "MarkdownV2",
        ];
        assert_eq!(names.map(camel), expected);
    }

    #[test]
    fn variants_go_without_what_all_have_in_common() {
        let of = |union: &str, members: &[&str]| {
            variants(
                union,
                &members
                    .iter()
                    .map(|member| (*member).to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(
            of("ChatMember", &["ChatMemberOwner", "ChatMemberLeft"]),
            ["Owner", "Left"]
        );
        let content = ["InputTextMessageContent", "InputVenueMessageContent"];
        assert_eq!(of("InputMessageContent", &content), ["Text", "Venue"]);
        let media = ["InputMediaPhoto", "InputMediaVideo"];
        assert_eq!(of("InputPollMedia", &media), ["Photo", "Video"]);
        let markup = ["InlineKeyboardMarkup", "ForceReply"];
        assert_eq!(of("ReplyMarkup", &markup), markup);
    }
}
