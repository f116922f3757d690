//! The schema as tests see it: a sample of every type, and the way from an update to every type.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Reads JSON as some type, and writes it again.
pub(crate) type Through = fn(&Value) -> Result<Value, String>;

pub(crate) fn through<T: Serialize + DeserializeOwned>(value: &Value) -> Result<Value, String> {
    let value: T = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    serde_json::to_value(value).map_err(|error| error.to_string())
}

/// The types of the crate's schema.
pub(crate) struct Schema(Map<String, Value>);

/// A field of a type, or a kind of update.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) owner: &'a str,
    facts: &'a Value,
}

/// The fields that lead from an update to a value.
pub(crate) type Way<'a> = Vec<Field<'a>>;

impl<'a> Field<'a> {
    pub(crate) fn name(self) -> &'a str {
        self.facts["name"].as_str().unwrap()
    }

    pub(crate) fn is_required(self) -> bool {
        self.facts["required"] == json!(true)
    }

    /// The strings that it may hold, as far as they are known.
    pub(crate) fn is_string_enum(self) -> bool {
        self.facts["enum"][0].is_string()
    }

    /// The type of what it holds, arrays aside.
    pub(crate) fn element(self) -> &'a str {
        let mut text = self.text();
        while let Some(element) = text.strip_prefix("Array of ") {
            text = element;
        }
        text
    }

    /// A value in as many arrays as the field has.
    pub(crate) fn wrap(self, value: Value) -> Value {
        (0..self.text().matches("Array of ").count()).fold(value, |value, _| json!([value]))
    }

    fn text(self) -> &'a str {
        self.facts["types"][0].as_str().unwrap()
    }
}

impl Schema {
    pub(crate) fn read() -> Self {
        let text = include_str!("../../schema/bot-api-schema.json");
        let schema: Value = serde_json::from_str(text).unwrap();
        Self(schema["types"].as_object().unwrap().clone())
    }

    pub(crate) fn types(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }

    pub(crate) fn fields<'a>(&'a self, owner: &'a str) -> impl Iterator<Item = Field<'a>> {
        let facts = self
            .0
            .get(owner)
            .into_iter()
            .flat_map(|t| t["fields"].as_array().unwrap());
        facts.map(move |facts| Field { owner, facts })
    }

    /// The kinds of update, as fields of `Update`.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = Field<'_>> {
        self.fields("Update")
            .filter(|field| field.name() != "update_id")
    }

    /// The field that tells the members of a union apart, if `name` is a union that has one.
    pub(crate) fn discriminator(&self, name: &str) -> Option<&str> {
        let is_rich_text = name == "RichText";
        self.0.get(name)?["discriminator"]
            .as_str()
            .or(is_rich_text.then_some("type"))
    }

    /// The objects that a type may be: itself, or the members of a union.
    pub(crate) fn objects<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        match self
            .0
            .get(name)
            .and_then(|facts| facts["subtypes"].as_array())
        {
            Some(members) => {
                let members = members.iter().map(|member| member.as_str().unwrap());
                members
                    .filter(|member| self.0.contains_key(*member))
                    .collect()
            }
            None => self
                .0
                .get_key_value(name)
                .map(|(name, _)| name.as_str())
                .into_iter()
                .collect(),
        }
    }

    /// A value of a type, with optional fields as deep as `depth` objects go.
    pub(crate) fn sample(&self, name: &str, depth: usize) -> Value {
        match name {
            "Integer" => json!(1),
            "Float" => json!(1.5),
            "String" | "RichText" => json!("x"),
            "Boolean" | "True" => json!(true),
            _ => self.sample_object(self.objects(name)[0], depth),
        }
    }

    fn sample_object(&self, name: &str, depth: usize) -> Value {
        let fields = self
            .fields(name)
            .filter(|field| field.is_required() || depth > 0);
        let depth = depth.saturating_sub(1);
        fields
            .map(|field| (field.name().to_owned(), self.sample_field(field, depth)))
            .collect()
    }

    pub(crate) fn sample_field(&self, field: Field<'_>, depth: usize) -> Value {
        match field.facts {
            Value::Object(facts) if facts.contains_key("literal") => facts["literal"].clone(),
            Value::Object(facts) if facts.contains_key("enum") => facts["enum"][0].clone(),
            _ => field.wrap(self.sample(field.element(), depth)),
        }
    }

    /// A shortest way from an update to every object that it may lead to.
    pub(crate) fn ways(&self) -> BTreeMap<&str, Way<'_>> {
        let mut ways = BTreeMap::new();
        let mut open: VecDeque<Way<'_>> = self.kinds().map(|kind| vec![kind]).collect();
        while let Some(way) = open.pop_front() {
            for object in self.objects(way.last().unwrap().element()) {
                if ways.contains_key(object) {
                    continue;
                }
                ways.insert(object, way.clone());
                for field in self.fields(object) {
                    open.push_back(way.iter().copied().chain([field]).collect());
                }
            }
        }
        ways
    }

    /// An update in which `value` stands at the end of the way, and only what must be beside it.
    pub(crate) fn update(&self, way: &[Field<'_>], value: Value) -> Value {
        way.iter().rev().fold(value, |value, field| {
            let mut object = match field.owner {
                "Update" => json!({"update_id": 1}),
                owner => self.sample_object(owner, 0),
            };
            object[field.name()] = field.wrap(value);
            object
        })
    }
}
