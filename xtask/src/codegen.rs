//! Writes the Bot API's types and methods from the schema kept in `crates/telegram-bot-api/schema`.

pub(crate) fn run(_check: bool) -> anyhow::Result<()> {
    anyhow::bail!("not written yet")
}
