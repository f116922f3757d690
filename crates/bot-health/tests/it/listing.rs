//! What is stored, as others read it, and what is let go.

use std::time::Duration;

use bot_health::verdict::VerdictCode;
use bot_health::{ChangesPage, InspectionOutcome, StandingsPage};

use crate::support::{on_both, plain};

const DAY: Duration = Duration::from_secs(24 * 3_600);

#[tokio::test(flavor = "multi_thread")]
async fn standings_are_listed_by_page_and_code_and_changes_end_after_90_days() {
    on_both(plain(), async |place| {
        let mut bots = Vec::new();
        for number in 0..5 {
            bots.push(place.bot(&number.to_string()).await);
        }
        bots.sort_by(|one, other| one.id.cmp(&other.id));
        for bot in &bots[..3] {
            place.control.revoke(bot.bot).unwrap();
        }
        for bot in &bots[..4] {
            place.health.diagnose(&bot.project).await.unwrap();
        }
        let codes = [VerdictCode::TelegramApiUnauthorized];
        let mut page = StandingsPage {
            codes: &codes,
            after: None,
            limit: 2,
        };
        let first = place.health.standings(&page).await.unwrap();
        page.after = first.last().map(|standing| &standing.connection);
        let second = place.health.standings(&page).await.unwrap();
        let ids: Vec<_> = first
            .iter()
            .chain(&second)
            .map(|one| &one.connection)
            .collect();
        assert_eq!(ids, bots[..3].iter().map(|bot| &bot.id).collect::<Vec<_>>());
        assert!(
            first
                .iter()
                .all(|one| one.since <= one.looked_at && one.unconfirmed.is_none())
        );

        let ids: Vec<_> = bots.iter().map(|bot| bot.id.clone()).collect();
        assert_eq!(
            place.health.standings_of(&ids).await.unwrap().len(),
            3,
            "the healthy row has time"
        );
        let page = ChangesPage {
            before: Some(1),
            limit: 10,
        };
        assert!(
            place
                .health
                .changes(&bots[0].id, page)
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(place.changes(&bots[0]).await[0].number, 1);
        place.hands.advance(DAY * 89);
        assert_eq!(place.health.expire().await.unwrap(), 0);
        place.hands.advance(DAY * 2);
        assert_eq!(place.health.expire().await.unwrap(), 3);
        assert!(place.changes(&bots[0]).await.is_empty());
        assert_eq!(
            place.code(&bots[0]).await,
            Some(codes[0]),
            "how it stands stays"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_tell_what_was_done() {
    on_both(plain(), async |mut place| {
        let (bot, other) = (place.bot("1").await, place.bot("2").await);
        place.control.revoke(bot.bot).unwrap();
        place.watch().await;
        for bot in [&bot, &other] {
            place.health.diagnose(&bot.project).await.unwrap();
        }
        let counted = async || place.health.figures().connections.len() == 2;
        place.until(Duration::from_secs(1), counted).await;
        let figures = place.health.figures();
        assert!(figures.connections.contains(&(VerdictCode::Healthy, 1)));
        assert!(
            figures
                .connections
                .contains(&(VerdictCode::TelegramApiUnauthorized, 1))
        );
        let asked = |outcome| (bot_health::Cause::Asked, outcome, 1);
        assert!(
            figures
                .inspections
                .contains(&asked(InspectionOutcome::Healthy))
        );
        assert!(
            figures
                .inspections
                .contains(&asked(InspectionOutcome::Degraded))
        );
        assert_eq!((figures.changes, figures.healed), (1, 0));
    })
    .await;
}
