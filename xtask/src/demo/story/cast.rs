//! The bots of the story, one to a project: what one of them suffers must not show in what another is told of.

use anyhow::{Result, ensure};

use super::bot::DemoBot;
use crate::stage::Stage;
use crate::stage::events::Events;
use crate::stage::simulator::Simulator;

/// Everybody, by what becomes of them.
pub(crate) struct Cast {
    /// Whom most of the story is about.
    pub(crate) demo: DemoBot,
    pub(crate) rekeyed: DemoBot,
    pub(crate) unmoved: DemoBot,
    pub(crate) crowded: DemoBot,
    pub(crate) overwritten: DemoBot,
    pub(crate) polled: DemoBot,
    pub(crate) unsecured: DemoBot,
    pub(crate) disabled: DemoBot,
    pub(crate) deleted: Vec<DemoBot>,
}

impl Cast {
    pub(crate) fn new(telegram: &Simulator) -> Result<Self> {
        let bot = |project| DemoBot::new(telegram, project);
        Ok(Self {
            demo: bot("prj_demo")?,
            rekeyed: bot("prj_rekeyed")?,
            unmoved: bot("prj_unmoved")?,
            crowded: bot("prj_crowded")?,
            overwritten: bot("prj_overwritten")?,
            polled: bot("prj_polled")?,
            unsecured: bot("prj_unsecured")?,
            disabled: bot("prj_disabled")?,
            deleted: vec![
                bot("prj_deleted1")?,
                bot("prj_deleted2")?,
                bot("prj_deleted3")?,
            ],
        })
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &DemoBot> {
        let one = [
            &self.demo,
            &self.rekeyed,
            &self.unmoved,
            &self.crowded,
            &self.overwritten,
            &self.polled,
            &self.unsecured,
            &self.disabled,
        ];
        one.into_iter().chain(&self.deleted)
    }

    /// Everybody else is connected too, long before anything happens to them: a bot that was looked at just now is not looked at
    /// again for some seconds.
    pub(crate) fn enter(&self, stage: &Stage) -> Result<String> {
        let mut others = 0;
        for bot in self.all().skip(1) {
            stage.server.connect(bot.project, bot.token())?;
            others += 1;
        }
        Ok(format!("{others} more, each of a project of its own"))
    }

    /// What was told of each, from the first event to the last: all of it signed, nothing twice, nothing too much.
    pub(crate) fn told(&self, events: &Events) -> Result<String> {
        let all = events.all()?;
        let mut ids: Vec<&str> = all.iter().map(|event| event.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ensure!(
            ids.len() == all.len(),
            "{} events came more than once",
            all.len() - ids.len()
        );
        let changes = |bot: &DemoBot| -> Vec<String> {
            let of_bot = all.iter().filter(|event| event.project == bot.project);
            of_bot
                .filter_map(|event| event.reason.clone().or_else(|| event.status.clone()))
                .collect()
        };
        for (bot, reason) in [
            (&self.unmoved, "webhook_taken_over"),
            (&self.overwritten, "webhook_taken_over"),
            (&self.polled, "webhook_removed"),
            (&self.unsecured, "webhook_secret_mismatch"),
            (&self.disabled, "telegram_api_unauthorized"),
        ] {
            let changes = changes(bot);
            ensure!(
                changes == [reason, "healthy"],
                "{} was told of as {changes:?}",
                bot.project
            );
        }
        let kinds: Vec<&str> = all
            .iter()
            .filter(|event| event.project == self.demo.project && event.status.is_none())
            .map(|event| event.kind.as_str())
            .collect();
        ensure!(
            kinds
                == [
                    "project.bot.connected",
                    "project.bot.disconnected",
                    "project.bot.connected"
                ],
            "{} was told of as {kinds:?}",
            self.demo.project
        );
        Ok(format!(
            "{} heard, none twice, each signature is right by OpenSSL",
            all.len()
        ))
    }
}
