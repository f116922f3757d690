//! Commands, typed or followed from a link.

/// A bot command: typed as `/name words`, or followed from a link that carries one.
///
/// The platform's links (`https://t.me/<bot>?start=<payload>`) carry commands where Telegram's alphabet has room for
/// nothing but letters, digits, `_` and `-`: a leading `-` stands for `/`, `__` for `_`, and `_-` separates arguments. So
/// `/start -check_-42` is the command `/check 42`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Command {
    /// The name, in lower case, without the slash.
    pub name: String,
    /// The words behind it.
    pub args: Vec<String>,
    /// All that stands behind it, as it was written.
    pub text: String,
    /// The bot that it is addressed to, as in `/name@SomeBot`, without the `@`.
    pub addressed_to: Option<String>,
    /// Whether it was carried by a link.
    pub linked: bool,
}

impl Command {
    /// Reads a command from the text of a message; `None` when it is not one.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.strip_prefix('/')?;
        let (head, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let (name, bot) = match head.split_once('@') {
            Some((name, bot)) => (name, Some(bot.to_owned())),
            None => (head, None),
        };
        is_name(name).then(|| Self {
            name: name.to_ascii_lowercase(),
            args: rest.split_whitespace().map(str::to_owned).collect(),
            text: rest.trim().to_owned(),
            addressed_to: bot,
            linked: false,
        })
    }

    /// Reads a command from the payload of a link; `None` when the payload does not carry one.
    #[must_use]
    pub fn from_payload(payload: &str) -> Option<Self> {
        let mut words = decode(payload.strip_prefix('-')?).into_iter();
        let name = words.next().filter(|name| is_name(name))?;
        let args: Vec<_> = words.collect();
        Some(Self {
            name: name.to_ascii_lowercase(),
            text: args.join(" "),
            args,
            addressed_to: None,
            linked: true,
        })
    }

    /// What a link carried to `/start`: its payload, whatever it means.
    #[must_use]
    pub fn payload(&self) -> Option<&str> {
        let start = self.name == "start" && self.args.len() == 1;
        start.then(|| self.args[0].as_str())
    }

    /// Whether it is for the bot with this username; yes when either is not known.
    #[must_use]
    pub fn is_for(&self, bot_username: Option<&str>) -> bool {
        match (&self.addressed_to, bot_username) {
            (Some(addressed_to), Some(bot)) => addressed_to.eq_ignore_ascii_case(bot),
            _ => true,
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The words of a payload, read from the left: `__` is an underscore, `_-` ends a word, and a lone `_` is itself.
fn decode(payload: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut rest = payload.chars().peekable();
    while let Some(letter) = rest.next() {
        let pair = (letter == '_')
            .then(|| rest.next_if(|next| matches!(next, '_' | '-')))
            .flatten();
        match (pair, words.last_mut()) {
            (Some('-'), _) => words.push(String::new()),
            (_, Some(word)) => word.push(letter),
            (_, None) => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_a_name_words_and_perhaps_an_addressee() {
        let command = Command::read("/Ban@MyBot  42\nfor good ").unwrap();
        assert_eq!(command.name, "ban");
        assert_eq!(command.args, ["42", "for", "good"]);
        assert_eq!(command.text, "42\nfor good");
        assert!(command.is_for(Some("mybot")) && command.is_for(None));
        assert!(!command.is_for(Some("other_bot")));
        for not_one in [
            "",
            "start",
            "/",
            "/ start",
            "//start",
            "/caf\u{e9}",
            "/@bot",
            " /start",
        ] {
            assert_eq!(Command::read(not_one), None, "{not_one}");
        }
    }

    #[test]
    fn a_link_carries_a_command_in_the_platforms_spelling() {
        let cases: [(&str, &str, &[&str]); 6] = [
            ("-status", "status", &[]),
            ("-custom__command", "custom_command", &[]),
            ("-check_-123456789", "check", &["123456789"]),
            ("-ban_--100123_-a__b", "ban", &["-100123", "a_b"]),
            ("-my_resources", "my_resources", &[]),
            ("-a___-b", "a_", &["b"]),
        ];
        for (payload, name, args) in cases {
            let command = Command::from_payload(payload).unwrap();
            assert_eq!(
                (command.name.as_str(), command.args.as_slice()),
                (
                    name,
                    &args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>()[..]
                )
            );
            assert!(command.linked);
        }
        for not_one in [
            "",
            "-",
            "ABCD-1234",
            "0e4f2a7c-11aa-4b7e-9a0b-1b2c3d4e5f60",
            "--x",
        ] {
            assert_eq!(Command::from_payload(not_one), None, "{not_one}");
        }
    }

    #[test]
    fn a_payload_is_the_one_word_behind_start() {
        let payload = |text| Command::read(text).unwrap().payload().map(str::to_owned);
        assert_eq!(payload("/start ABCD-1234"), Some("ABCD-1234".into()));
        assert_eq!(payload("/start"), None);
        assert_eq!(payload("/start a b"), None);
        assert_eq!(payload("/help a"), None);
    }
}
