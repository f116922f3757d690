//! Who carries a step out: the server that runs, else this process, which claims the database for it. Both answer alike.

use bytes::Bytes;
use http::Method;
use ids::KeyId;
use serde_json::Value;

use super::here::Here;
use crate::config::Config;
use crate::local_api::{call_with, is_running};

pub(super) enum Doer<'a> {
    Running(&'a Config),
    Here(Box<Here>),
}

impl<'a> Doer<'a> {
    pub(super) async fn find(config: &'a Config) -> anyhow::Result<Self> {
        if is_running(config).await? {
            return Ok(Self::Running(config));
        }
        Ok(Self::Here(Box::new(Here::claim(config).await?)))
    }

    pub(super) async fn status(&mut self) -> anyhow::Result<Value> {
        match self {
            Self::Running(config) => ask(config, Method::GET, "").await,
            Self::Here(here) => here.status().await,
        }
    }

    pub(super) async fn add(&mut self) -> anyhow::Result<Value> {
        match self {
            Self::Running(config) => ask(config, Method::POST, "/add").await,
            Self::Here(here) => here.add().await,
        }
    }

    pub(super) async fn promote(&mut self, key: KeyId) -> anyhow::Result<Value> {
        match self {
            Self::Running(config) => ask(config, Method::POST, &format!("/{key}/promote")).await,
            Self::Here(here) => here.promote(key).await,
        }
    }

    pub(super) async fn retire(&mut self, key: KeyId) -> anyhow::Result<Value> {
        match self {
            Self::Running(config) => ask(config, Method::POST, &format!("/{key}/retire")).await,
            Self::Here(here) => here.retire(key).await,
        }
    }

    pub(super) async fn reload(&mut self) -> anyhow::Result<Value> {
        match self {
            Self::Running(config) => ask(config, Method::POST, "/reload").await,
            Self::Here(here) => here.reload().await,
        }
    }

    /// A share of the work.
    pub(super) async fn rewrap(&mut self, cursor: Option<&str>) -> anyhow::Result<Value> {
        match self {
            Self::Running(config) => {
                let query = cursor.map_or_else(String::new, |cursor| format!("?cursor={cursor}"));
                ask(config, Method::POST, &format!("/rewrap{query}")).await
            }
            Self::Here(here) => here.rewrap(cursor).await,
        }
    }
}

async fn ask(config: &Config, method: Method, what: &str) -> anyhow::Result<Value> {
    let path = format!("/v1/keys{what}");
    let mut answer = call_with(config, method, &path, Bytes::new()).await?;
    Ok(answer["data"].take())
}
