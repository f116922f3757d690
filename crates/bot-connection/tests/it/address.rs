//! The public name is looked up before Telegram does.

use bot_connection::{Error, Warning};

use crate::support::on_both;

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_to_private_addresses_is_refused_before_telegram_is_told() {
    on_both(async |mut place| {
        let (bot, token) = place.bot();
        let mut config = place.config.clone();
        config.public_url = Some("https://localhost".parse().unwrap());
        config.resolves_name = true;
        place.reconfigure(config);
        let refused = place.put("1", &token).await.unwrap_err();
        assert!(matches!(&refused, Error::PublicNameUnusable { host } if host == "localhost"));
        assert_eq!(place.control.calls(bot).len(), 0);
        assert_eq!(place.find("1").await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_does_not_resolve_here_is_worth_a_warning() {
    on_both(async |mut place| {
        let (bot, token) = place.bot();
        let host = "bots.example.invalid";
        let address = "127.0.0.1:9".parse().unwrap();
        let resolution = telegram_simulator::Resolution::clear(address);
        place.control.resolve(host, resolution).unwrap();
        let mut config = place.config.clone();
        config.public_url = Some(format!("https://{host}").parse().unwrap());
        config.resolves_name = true;
        place.reconfigure(config);
        let connected = place.put("1", &token).await.unwrap();
        let warning = Warning::NameDoesNotResolve {
            host: host.to_owned(),
        };
        assert_eq!(connected.warnings, [warning]);
        assert!(
            place
                .webhook(bot)
                .starts_with("https://bots.example.invalid/")
        );
    })
    .await;
}
