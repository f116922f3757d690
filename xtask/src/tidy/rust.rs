//! Just enough of Rust's grammar: comments and literals blanked out, braces matched, the text cut into tokens.

/// The text with comments, strings and characters replaced by spaces; every line keeps its number and length.
pub(crate) fn mask(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&char) = chars.get(at) {
        let blank = opaque(&chars, at);
        if blank == 0 {
            masked.push(char);
            at += 1;
            continue;
        }
        let end = (at + blank).min(chars.len());
        masked.extend(
            chars[at..end]
                .iter()
                .map(|char| if *char == '\n' { '\n' } else { ' ' }),
        );
        at = end;
    }
    masked
}

/// How many characters from here on are a comment or a literal.
fn opaque(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1);
    match chars[at] {
        '/' if next == Some(&'/') => chars[at..]
            .iter()
            .position(|char| *char == '\n')
            .unwrap_or(chars.len() - at),
        '/' if next == Some(&'*') => block_comment(&chars[at..]),
        '"' => string(&chars[at..]),
        '\'' => character(&chars[at..]),
        'r' | 'b' | 'c'
            if !at
                .checked_sub(1)
                .is_some_and(|before| is_word(chars[before])) =>
        {
            prefixed(&chars[at..])
        }
        _ => 0,
    }
}

fn block_comment(chars: &[char]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

fn string(chars: &[char]) -> usize {
    let mut at = 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// Zero for a lifetime.
fn character(chars: &[char]) -> usize {
    if chars.get(1) == Some(&'\\') {
        let end = chars.iter().skip(3).position(|char| *char == '\'');
        return end.map_or(chars.len(), |end| end + 4);
    }
    if chars.get(2) == Some(&'\'') { 3 } else { 0 }
}

/// `r"…"`, `r#"…"#`, `b"…"`, `b'…'`, `br#"…"#` and their like.
fn prefixed(chars: &[char]) -> usize {
    let letters = chars
        .iter()
        .take_while(|char| matches!(char, 'r' | 'b' | 'c'))
        .count();
    let raw = chars[..letters].contains(&'r');
    let hashes = chars[letters..]
        .iter()
        .take_while(|char| **char == '#')
        .count();
    let start = letters + hashes;
    match chars.get(start) {
        Some('"') if raw => {
            let closing: Vec<char> = ['"'].into_iter().chain(vec!['#'; hashes]).collect();
            let body = &chars[start + 1..];
            let end = body
                .windows(closing.len())
                .position(|window| window == closing);
            end.map_or(chars.len(), |end| start + 1 + end + closing.len())
        }
        Some('"') if hashes == 0 => letters + string(&chars[letters..]),
        Some('\'') if hashes == 0 => match character(&chars[letters..]) {
            0 => 0,
            length => letters + length,
        },
        _ => 0,
    }
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// A token of masked code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    /// `::`
    Step,
    Symbol(char),
}

/// A token and the line it stands on, counted from one.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) token: Token,
    pub(crate) line: usize,
}

impl Placed {
    pub(crate) fn word(&self) -> Option<&str> {
        match &self.token {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(crate) fn is(&self, symbol: char) -> bool {
        self.token == Token::Symbol(symbol)
    }
}

/// Cuts masked code into tokens.
pub(crate) fn tokens(code: &str) -> Vec<Placed> {
    let mut found = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|char| !is_word(char)).unwrap_or(rest.len());
            let (token, length) = if word > 0 {
                (Token::Word(rest[..word].to_owned()), word)
            } else if rest.starts_with("::") {
                (Token::Step, 2)
            } else {
                (Token::Symbol(first), first.len_utf8())
            };
            found.push(Placed {
                token,
                line: number + 1,
            });
            rest = rest[length..].trim_start();
        }
    }
    found
}

/// The tokens without what is compiled for tests only.
pub(crate) fn without_tests(tokens: Vec<Placed>) -> Vec<Placed> {
    let is_mark = |at: usize| {
        let mark = ["#", "[", "cfg", "(", "test", ")", "]"];
        tokens.len() >= at + mark.len()
            && mark
                .iter()
                .zip(&tokens[at..])
                .all(|(wanted, found)| match &found.token {
                    Token::Word(word) => word == wanted,
                    Token::Symbol(symbol) => *wanted == symbol.to_string(),
                    Token::Step => false,
                })
    };
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_mark(at) {
            at = end_of_item(&tokens, at + 7);
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// The place after the item that starts here: after its `;`, or after the brace that closes its body.
fn end_of_item(tokens: &[Placed], from: usize) -> usize {
    for at in from..tokens.len() {
        if tokens[at].is(';') {
            return at + 1;
        }
        if tokens[at].is('{') {
            return closing(tokens, at).map_or(tokens.len(), |end| end + 1);
        }
    }
    tokens.len()
}

/// The place of the brace that closes the one opened here.
pub(crate) fn closing(tokens: &[Placed], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token.is('{') {
            depth += 1;
        } else if token.is('}') {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_is_left() {
        let text = "let a = \"x } \\\" y\"; // b {\nlet c: &'static str = r#\"\n\"}\"#; /* /* { */ } */ '{' '\\'' b'x'; bring();";
        let masked = mask(text);
        assert_eq!(masked.chars().count(), text.chars().count());
        let words: String = masked.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words, "let a = ; let c: &'static str = ; ; bring();");
    }

    #[test]
    fn test_code_is_left_out() {
        let code = "mod a; #[cfg(test)] mod tests { fn b() {} } #[cfg(test)] use c; fn d() {}";
        let words: Vec<String> = without_tests(tokens(code))
            .iter()
            .filter_map(|token| token.word().map(str::to_owned))
            .collect();
        assert_eq!(words, ["mod", "a", "fn", "d"]);
    }

    #[test]
    fn paths_are_cut_into_steps() {
        let cut: Vec<Token> = tokens("a::b<c>")
            .into_iter()
            .map(|placed| placed.token)
            .collect();
        let word = |word: &str| Token::Word(word.to_owned());
        let symbol = Token::Symbol;
        assert_eq!(
            cut,
            [
                word("a"),
                Token::Step,
                word("b"),
                symbol('<'),
                word("c"),
                symbol('>')
            ]
        );
    }
}
