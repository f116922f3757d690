use super::*;

const OUTCOMES: [Outcome; 10] = [
    Outcome::Done,
    Outcome::OutOfReach,
    Outcome::TokenRefused,
    Outcome::TokenRefusedForADay,
    Outcome::BotRefused,
    Outcome::WebhookRefused,
    Outcome::TakenOver,
    Outcome::NoPublicAddress,
    Outcome::Sealed,
    Outcome::Unwritten,
];

#[test]
fn each_operation_goes_from_begun_to_confirmed_without_a_gap() {
    for operation in Operation::ALL {
        let mut at = Step::Begun;
        for stage in stages(operation) {
            assert_eq!(stage.at, at, "{operation:?}");
            assert!(!stage.asks.is_empty(), "a step without anything to do");
            at = stage.then;
        }
        assert_eq!(at, Step::Confirmed, "{operation:?}");
        assert!(stage(operation, at).is_none(), "nothing follows the end");
    }
}

#[test]
fn every_cell_says_what_becomes_of_the_record() {
    for operation in Operation::ALL {
        for stage in stages(operation) {
            for outcome in OUTCOMES {
                let becomes = after(operation, stage.at, outcome);
                let context = format!("{operation:?} {:?} {outcome:?}: {becomes:?}", stage.at);
                assert_eq!(
                    becomes,
                    told_otherwise(operation, stage, outcome),
                    "{context}"
                );
            }
        }
    }
}

/// The same in words: what must hold of every cell.
fn told_otherwise(operation: Operation, stage: &Stage, outcome: Outcome) -> Becomes {
    let is_off = operation == Operation::Disconnect;
    let from_nothing = operation.begins_from_nothing();
    let over = match (is_off, from_nothing) {
        (true, _) => Becomes::Next,
        (false, true) => Becomes::Undone,
        (false, false) => Becomes::GivenUp,
    };
    let can_be = |ask| stage.asks.contains(&ask);
    match outcome {
        Outcome::Done => Becomes::Next,
        Outcome::Unwritten => Becomes::Stays,
        Outcome::OutOfReach if is_off => Becomes::Stays,
        Outcome::OutOfReach => Becomes::Waits,
        Outcome::TokenRefused if operation == Operation::Rotate => Becomes::Waits,
        Outcome::TokenRefused
        | Outcome::TokenRefusedForADay
        | Outcome::BotRefused
        | Outcome::Sealed => over,
        Outcome::WebhookRefused if can_be(Ask::Set) && !from_nothing => Becomes::Waits,
        Outcome::WebhookRefused if can_be(Ask::Set) => Becomes::Undone,
        Outcome::NoPublicAddress if can_be(Ask::Set) => Becomes::Waits,
        Outcome::TakenOver if can_be(Ask::LookForOurs) || can_be(Ask::LookForNoOther) => over,
        // It cannot come to that, and if it did nothing would be written.
        Outcome::WebhookRefused | Outcome::NoPublicAddress | Outcome::TakenOver => Becomes::Stays,
    }
}

#[test]
fn nothing_is_set_again_once_telegram_was_told() {
    for operation in Operation::ALL {
        let late = stages(operation)
            .iter()
            .filter(|stage| stage.at != Step::Begun);
        for stage in late {
            let sets = [Ask::Set, Ask::DeleteOurs];
            assert!(!stage.asks.iter().any(|ask| sets.contains(ask)));
        }
    }
}

#[test]
fn the_readme_shows_the_machine() {
    let readme = include_str!("../../README.md");
    for shown in [steps(), outcomes()] {
        assert!(readme.contains(&shown), "the README should have\n\n{shown}");
    }
}

fn steps() -> String {
    let mut text = "| operation | the record says | Telegram is asked | then the record says |\n\
                    | --- | --- | --- | --- |\n"
        .to_owned();
    let registering: Vec<_> = Operation::ALL
        .into_iter()
        .filter(|operation| !matches!(operation, Operation::Renew | Operation::Disconnect))
        .collect();
    for (operations, shown) in [
        (registering, stages(Operation::Connect)),
        (vec![Operation::Renew], stages(Operation::Renew)),
        (vec![Operation::Disconnect], stages(Operation::Disconnect)),
    ] {
        for operation in &operations {
            assert!(std::ptr::eq(stages(*operation), shown));
        }
        let names: Vec<_> = operations.iter().map(|one| one.as_str()).collect();
        for Stage { at, asks, then } in shown {
            let (names, at, then) = (names.join(", "), at.as_str(), then.as_str());
            let asks: Vec<_> = asks.iter().map(|ask| ask.as_str()).collect();
            text += &format!("| {names} | {at} | {} | {then} |\n", asks.join(", "));
        }
    }
    text
}

fn outcomes() -> String {
    let names: Vec<_> = Operation::ALL.iter().map(|one| one.as_str()).collect();
    let mut text = format!(
        "| it ends with | {} |\n| --- | --- | --- | --- | --- | --- | --- |\n",
        names.join(" | ")
    );
    for outcome in OUTCOMES {
        let cells: Vec<_> = Operation::ALL
            .into_iter()
            .map(|operation| {
                let mut cells = stages(operation).iter();
                let cell = cells.find_map(|stage| cell(operation, stage.at, outcome));
                cell.map_or("–", becomes)
            })
            .collect();
        text += &format!("| {} | {} |\n", sentence(outcome), cells.join(" | "));
    }
    text
}

fn becomes(becomes: Becomes) -> &'static str {
    match becomes {
        Becomes::Next => "go on",
        Becomes::Waits => "say why, try again",
        Becomes::Stays => "try again",
        Becomes::GivenUp => "give up",
        Becomes::Undone => "undo",
    }
}

fn sentence(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "every answer",
        Outcome::OutOfReach => "Telegram out of reach, broken, or asking to wait for long",
        Outcome::TokenRefused => "the token refused",
        Outcome::TokenRefusedForADay => "the token refused for a day",
        Outcome::BotRefused => "the bot frozen, logged out, refused otherwise",
        Outcome::WebhookRefused => "the webhook refused",
        Outcome::TakenOver => "another webhook than ours, or none",
        Outcome::NoPublicAddress => "no public address of ours",
        Outcome::Sealed => "a token or secret that cannot be opened",
        Outcome::Unwritten => "a record that was not written",
    }
}
