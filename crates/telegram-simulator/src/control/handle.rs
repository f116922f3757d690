use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use serde_json::Value;

use crate::bot::Standing;
use crate::botfather::Settling;
use crate::dialog::{Access, ChatKind};
use crate::error::Error;
use crate::ids::{BotId, ChatId, Token, UserId};
use crate::ledger::Ledger;
use crate::load::{self, Load};
use crate::records::{CallRecord, DeliveryRecord, UpdateRecord};
use crate::summary::Gap;
use crate::world::{Shared, World};
use crate::{botfather, people, rivals};

/// The handle by which the simulated Telegram is set up, acted upon and watched. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Control {
    pub(crate) shared: Arc<Shared>,
    /// A receiver that takes every webhook request and answers 200, as a rival's service would.
    pub(crate) rival: SocketAddr,
}

/// BotFather.
impl Control {
    /// `/newbot`: a bot with a fresh id and token.
    pub fn new_bot(&self, name: &str, username: &str) -> (BotId, Token) {
        self.change(|world| botfather::new_bot(world, name, username, false))
    }

    /// A bot of the test environment, whose calls go to `/bot<token>/test/<method>`.
    pub fn new_test_bot(&self, name: &str, username: &str) -> (BotId, Token) {
        self.change(|world| botfather::new_bot(world, name, username, true))
    }

    /// `/revoke`: a new token. The old one, its webhook and its allowed_updates are gone at once; queued updates stay.
    ///
    /// # Errors
    /// [`Error::NoBot`].
    pub fn revoke(&self, bot: BotId) -> Result<Token, Error> {
        self.revoke_unsettled(bot, Settling::default())
    }

    /// The same, with a new token that gets 401 for a while.
    ///
    /// # Errors
    /// [`Error::NoBot`].
    pub fn revoke_unsettled(&self, bot: BotId, settling: Settling) -> Result<Token, Error> {
        self.change(|world| botfather::revoke(world, bot, settling))
    }

    /// `/deletebot`.
    ///
    /// # Errors
    /// [`Error::NoBot`].
    pub fn delete(&self, bot: BotId) -> Result<(), Error> {
        self.change(|world| botfather::delete(world, bot))
    }

    /// The token gets 401 until [`Self::enable`]; the webhook is gone, queued updates stay.
    ///
    /// # Errors
    /// [`Error::NoBot`].
    pub fn disable(&self, bot: BotId) -> Result<(), Error> {
        self.change(|world| botfather::disable(world, bot))
    }

    /// The same token works again. It also undoes a logOut.
    ///
    /// # Errors
    /// [`Error::NoBot`].
    pub fn enable(&self, bot: BotId) -> Result<(), Error> {
        self.change(|world| botfather::enable(world, bot))
    }

    /// What becomes of calls with a bot's token.
    ///
    /// # Errors
    /// [`Error::NoBot`].
    pub fn standing(&self, bot: BotId) -> Result<Standing, Error> {
        self.change(|world| world.bot(bot).map(|bot| bot.standing))
    }
}

/// People. Users and chats come to be when they are first named; each answers the update's number, or `None` when the bot did not
/// ask for such updates.
impl Control {
    /// Gives a person a name, and perhaps a username. Messages already written keep what they say.
    pub fn name_user(&self, user: UserId, first_name: &str, username: Option<&str>) {
        self.change(|world| people::name_user(world, user, first_name, username));
    }

    /// Makes a group or channel, or describes one anew. A person's private chat needs none of this.
    ///
    /// # Errors
    /// [`Error::NoBot`].
    pub fn describe_chat(
        &self,
        bot: BotId,
        chat: ChatId,
        kind: ChatKind,
        title: &str,
        username: Option<&str>,
    ) -> Result<(), Error> {
        self.change(|world| people::describe_chat(world, bot, chat, kind, title, username))
    }

    /// A person writes in their private chat with the bot.
    ///
    /// # Errors
    /// [`Error::NoBot`].
    pub fn user_sends(&self, bot: BotId, chat: ChatId, text: &str) -> Result<Option<i64>, Error> {
        self.member_sends(bot, chat, UserId(chat.0.saturating_abs()), text)
    }

    /// A person writes in any chat.
    ///
    /// # Errors
    /// [`Error::NoBot`].
    pub fn member_sends(
        &self,
        bot: BotId,
        chat: ChatId,
        from: UserId,
        text: &str,
    ) -> Result<Option<i64>, Error> {
        self.change(|world| people::sends(world, bot, chat, from, text))
    }

    /// A person taps the button with this `callback_data`, on the last message of the chat that has one.
    ///
    /// # Errors
    /// [`Error::NoChat`], [`Error::NoButton`].
    pub fn user_taps(
        &self,
        bot: BotId,
        chat: ChatId,
        from: UserId,
        data: &str,
    ) -> Result<Option<i64>, Error> {
        self.change(|world| people::taps(world, bot, chat, from, data))
    }

    /// A person joins a group: the service message and the chat_member update.
    ///
    /// # Errors
    /// [`Error::NoBot`].
    pub fn member_joins(
        &self,
        bot: BotId,
        chat: ChatId,
        user: UserId,
    ) -> Result<[Option<i64>; 2], Error> {
        self.change(|world| people::joins(world, bot, chat, user))
    }

    /// A person asks to join a group.
    ///
    /// # Errors
    /// [`Error::NoBot`].
    pub fn asks_to_join(
        &self,
        bot: BotId,
        chat: ChatId,
        user: UserId,
    ) -> Result<Option<i64>, Error> {
        self.change(|world| people::asks_to_join(world, bot, chat, user))
    }

    /// An update of any kind, with this content. A `…_query` among them can be answered by its `id`. A kind that the simulator
    /// does not know stands for one that Telegram adds tomorrow: it is sent whatever the bot asked for.
    ///
    /// # Errors
    /// [`Error::NoBot`], [`Error::BadUpdate`].
    pub fn update(&self, bot: BotId, kind: &str, content: &Value) -> Result<Option<i64>, Error> {
        self.change(|world| people::update(world, bot, kind, content))
    }

    /// Many messages at a rate; it runs by itself, on the runtime that calls this, and ends with the simulator. The ledger tells how far it came.
    ///
    /// # Errors
    /// [`Error::NoBot`].
    pub fn load(&self, bot: BotId, load: Load) -> Result<(), Error> {
        let stop = self.change(|world| {
            world.bot(bot)?;
            Ok(world.stop.clone())
        })?;
        let task = load::run(Arc::clone(&self.shared), bot, load);
        tokio::spawn(async move { stop.run_until_cancelled(task).await });
        Ok(())
    }

    /// Whether the bot may speak in a chat, from now on.
    ///
    /// # Errors
    /// [`Error::NoBot`].
    pub fn set_access(&self, bot: BotId, chat: ChatId, access: Access) -> Result<(), Error> {
        self.change(|world| {
            world.bot(bot)?;
            world.make_dialog(bot, chat).access = access;
            Ok(())
        })
    }

    /// The messages of a chat, oldest first.
    #[must_use]
    pub fn messages(&self, bot: BotId, chat: ChatId) -> Vec<Value> {
        let world = self.shared.look();
        let dialog = world.dialogs.get(&(bot, chat));
        dialog
            .map(|dialog| dialog.messages().cloned().collect())
            .unwrap_or_default()
    }
}

/// What happened.
impl Control {
    /// The calls made with a bot's token, oldest first.
    #[must_use]
    pub fn calls(&self, bot: BotId) -> Vec<CallRecord> {
        self.shared.look().ledger.calls(bot).cloned().collect()
    }

    /// Every call, those with a token that is nobody's too.
    #[must_use]
    pub fn all_calls(&self) -> Vec<CallRecord> {
        self.shared.look().ledger.all_calls().to_vec()
    }

    /// The attempts to deliver a bot's updates, oldest first.
    #[must_use]
    pub fn deliveries(&self, bot: BotId) -> Vec<DeliveryRecord> {
        self.shared.look().ledger.deliveries(bot).cloned().collect()
    }

    /// A bot's updates by number.
    #[must_use]
    pub fn updates(&self, bot: BotId) -> Vec<UpdateRecord> {
        self.shared.look().ledger.updates(bot).cloned().collect()
    }

    /// The numbers of the updates that were acknowledged.
    #[must_use]
    pub fn acknowledged(&self, bot: BotId) -> BTreeSet<i64> {
        self.shared.look().ledger.acknowledged(bot)
    }

    /// The longest time between two acknowledgements of a bot's updates.
    #[must_use]
    pub fn longest_gap(&self, bot: BotId) -> Option<Gap> {
        self.shared.look().ledger.longest_gap(bot)
    }

    /// Forgets every record. Deliveries in flight are not recorded any more.
    pub fn clear_ledger(&self) {
        self.change(|world| world.ledger.clear());
    }

    /// What getWebhookInfo would answer, without a call.
    ///
    /// # Errors
    /// [`Error::NoBot`].
    pub fn webhook_info(&self, bot: BotId) -> Result<Value, Error> {
        self.change(|world| rivals::webhook_info(world, bot))
    }

    /// The parameters with which a query was answered, if it was.
    #[must_use]
    pub fn query_answer(&self, id: &str) -> Option<std::collections::BTreeMap<String, String>> {
        self.shared.look().queries.get(id)?.answer.clone()
    }

    /// Waits until the ledger is as wanted. What decides that looks at the ledger alone: it runs while the world stands still, so
    /// a call of this handle in it would wait for ever.
    ///
    /// # Errors
    /// [`Error::TimedOut`] after `deadline` on the machine's clock, even where the simulator's own is turned by hand: sockets
    /// are real.
    pub async fn wait_for(
        &self,
        wanted: impl Fn(&Ledger) -> bool,
        deadline: Duration,
    ) -> Result<(), Error> {
        let machine = Clock::system();
        let happened = self.shared.until(&machine, |world| wanted(&world.ledger));
        machine
            .timeout(deadline, happened)
            .await
            .map_err(|_| Error::TimedOut)
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        self.shared.change(change)
    }
}
