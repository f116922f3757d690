//! What is to be generated: the schema, with every type resolved to a Rust type.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};

use crate::codegen::reach::Direction;
use crate::codegen::schema::{FieldFacts, Schema};
use crate::codegen::shape::Shape;
use crate::codegen::{docs, names, overrides, reach, shape};

/// Everything by name, in alphabetical order.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) objects: BTreeMap<String, Object>,
    pub(crate) unions: BTreeMap<String, Union>,
    pub(crate) enums: BTreeMap<String, Enum>,
    pub(crate) methods: BTreeMap<String, Method>,
}

pub(crate) struct Object {
    pub(crate) href: String,
    pub(crate) direction: Direction,
    /// The field that has but one value, and the value.
    pub(crate) tag: Option<(String, String)>,
    pub(crate) fields: Vec<Field>,
}

pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) shape: Shape,
    pub(crate) docs: Vec<String>,
}

pub(crate) struct Union {
    /// Absent for those that the Bot API does not name.
    pub(crate) href: Option<String>,
    pub(crate) direction: Direction,
    pub(crate) tag: Option<String>,
    /// Scalars and arrays.
    pub(crate) plain: Vec<Shape>,
    pub(crate) members: Vec<Member>,
}

pub(crate) struct Member {
    pub(crate) variant: String,
    pub(crate) type_name: String,
    /// The value of the union's tag.
    pub(crate) value: Option<String>,
}

pub(crate) struct Enum {
    pub(crate) values: Vec<String>,
    /// Where it stands, as `Type.field`.
    pub(crate) places: Vec<String>,
}

pub(crate) struct Method {
    pub(crate) href: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) output: Shape,
}

impl Model {
    pub(crate) fn of(schema: &Schema) -> anyhow::Result<Self> {
        let mut model = Self::default();
        let directions = reach::directions(schema);
        for (name, facts) in &schema.types {
            let direction = directions.get(name.as_str()).copied().unwrap_or_default();
            if overrides::BY_HAND.contains(&name.as_str()) {
                continue;
            }
            if facts.subtypes.is_empty() {
                let (tag, fields) = split_tag(schema, name, &facts.fields);
                let fields = model.fields(schema, name, fields)?;
                let href = facts.href.clone();
                model.objects.insert(
                    name.clone(),
                    Object {
                        href,
                        direction,
                        tag,
                        fields,
                    },
                );
            } else {
                let members: Vec<&str> = facts.subtypes.iter().map(String::as_str).collect();
                let mut union = model.union(schema, name, &members)?;
                union.href = Some(facts.href.clone());
                union.direction = direction;
                model.unions.insert(name.clone(), union);
            }
        }
        for (name, facts) in &schema.methods {
            let owner = names::camel(name);
            let fields = model.fields(schema, &owner, facts.params.iter())?;
            let output = shape::output(schema, &facts.returns)?;
            let href = facts.href.clone();
            model.methods.insert(
                name.clone(),
                Method {
                    href,
                    fields,
                    output,
                },
            );
        }
        model.check(schema)?;
        Ok(model)
    }

    /// Whether this is the name of a type that fields may have.
    pub(crate) fn has_type(&self, name: &str) -> bool {
        self.objects.contains_key(name)
            || self.unions.contains_key(name)
            || self.enums.contains_key(name)
            || overrides::BY_HAND.contains(&name)
            || name == "MessageOrTrue"
    }

    /// Whether a newtype holds a number rather than text.
    pub(crate) fn is_number_id(&self, name: &str) -> bool {
        overrides::NUMBER_IDS.contains(&name)
    }

    /// Whether a value may hold a file to send along.
    pub(crate) fn holds_files(&self, shape: &Shape) -> bool {
        self.leads_to_file(shape, &mut BTreeSet::new())
    }

    fn leads_to_file(&self, shape: &Shape, seen: &mut BTreeSet<String>) -> bool {
        let name = match shape.innermost() {
            Shape::InputFile => return true,
            Shape::Object(name) | Shape::Union(name) if seen.insert(name.clone()) => name,
            _ => return false,
        };
        let fields = self
            .objects
            .get(name)
            .into_iter()
            .flat_map(|object| &object.fields);
        let members = self
            .unions
            .get(name)
            .into_iter()
            .flat_map(|union| &union.members);
        let members = members.map(|member| Shape::Object(member.type_name.clone()));
        let mut inside = fields.map(|field| field.shape.clone()).chain(members);
        inside.any(|shape| self.leads_to_file(&shape, seen))
    }

    fn fields<'a>(
        &mut self,
        schema: &Schema,
        owner: &str,
        fields: impl Iterator<Item = &'a FieldFacts>,
    ) -> anyhow::Result<Vec<Field>> {
        fields
            .map(|facts| self.field(schema, owner, facts))
            .collect()
    }

    fn field(&mut self, schema: &Schema, owner: &str, facts: &FieldFacts) -> anyhow::Result<Field> {
        let place = format!("{owner}.{}", facts.name);
        let shape = match self.enumeration(owner, facts) {
            Some(name) => shape::wrap(&facts.types[0], Shape::Enum(name)),
            None if facts.types.len() > 2 => self.listed_union(schema, facts)?,
            None => shape::of_field(schema, owner, facts).with_context(|| place.clone())?,
        };
        let docs = docs::facts(facts, &shape);
        Ok(Field {
            name: facts.name.clone(),
            required: facts.required,
            shape,
            docs,
        })
    }

    /// The enum for a string field whose values are known and can be named in Rust.
    fn enumeration(&mut self, owner: &str, facts: &FieldFacts) -> Option<String> {
        let listed = facts.values.as_ref().map(|values| {
            values
                .iter()
                .map(|value| value.as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>()
        });
        let values = listed.flatten().or_else(|| overrides::values(facts))?;
        let variants: BTreeSet<String> = values.iter().map(|value| names::camel(value)).collect();
        let named = variants
            .iter()
            .all(|name| name.starts_with(|c: char| c.is_ascii_uppercase()));
        if !named || variants.len() < values.len() {
            return None;
        }
        let same =
            |known: &&Enum| known.values.iter().collect::<BTreeSet<_>>() == values.iter().collect();
        let own_name = || format!("{owner}{}", names::camel(&facts.name));
        let known = self
            .enums
            .iter()
            .find(|(_, known)| same(known))
            .map(|(name, _)| name.clone());
        let shared = overrides::enum_name(&values).map(str::to_owned);
        let name = known.or(shared).unwrap_or_else(own_name);
        let entry = self.enums.entry(name.clone());
        let entry = entry.or_insert_with(|| Enum {
            values,
            places: Vec::new(),
        });
        entry.places.push(format!("{owner}.{}", facts.name));
        Some(name)
    }

    /// The union for a field that lists objects.
    fn listed_union(&mut self, schema: &Schema, facts: &FieldFacts) -> anyhow::Result<Shape> {
        let members: Vec<&str> = facts
            .types
            .iter()
            .map(|name| shape::element(name))
            .collect();
        let name = overrides::union_name(&members)
            .with_context(|| format!("no name for the union of {}", members.join(", ")))?;
        if !self.unions.contains_key(name) {
            let mut union = self.union(schema, name, &members)?;
            union.direction.sent = true;
            self.unions.insert(name.to_owned(), union);
        }
        Ok(shape::wrap(&facts.types[0], Shape::Union(name.to_owned())))
    }

    fn union(&mut self, schema: &Schema, name: &str, members: &[&str]) -> anyhow::Result<Union> {
        let (objects, plain): (Vec<&str>, Vec<&str>) = members.iter().partition(|member| {
            schema
                .types
                .get(**member)
                .is_some_and(|t| t.subtypes.is_empty())
        });
        let plain = plain.into_iter().map(|text| shape::of_type(schema, text));
        let plain = plain.collect::<anyhow::Result<Vec<_>>>()?;
        let objects: Vec<String> = objects.into_iter().map(str::to_owned).collect();
        let tags = objects.iter().map(|member| {
            let (tag, _) = split_tag(schema, member, &schema.types[member].fields);
            tag
        });
        let tags: Vec<Option<(String, String)>> = tags.collect();
        let variants = names::variants(name, &objects);
        ensure!(
            variants.iter().collect::<BTreeSet<_>>().len() == variants.len(),
            "{name} has two variants of one name"
        );
        let tag = tags.first().cloned().flatten().map(|(tag, _)| tag);
        let members = objects.into_iter().zip(variants).zip(tags);
        let members = members.map(|((type_name, variant), tag)| Member {
            variant,
            type_name,
            value: tag.map(|(_, value)| value),
        });
        let members = members.collect();
        Ok(Union {
            href: None,
            direction: Direction::default(),
            tag,
            plain,
            members,
        })
    }

    fn check(&self, schema: &Schema) -> anyhow::Result<()> {
        for name in self.enums.keys() {
            ensure!(
                !schema.types.contains_key(name),
                "the enum {name} has the name of a type"
            );
        }
        for (name, union) in &self.unions {
            let told = union.tag.is_some() && union.members.iter().all(|m| m.value.is_some());
            ensure!(
                told || !union.direction.received,
                "nothing tells the members of {name} apart"
            );
        }
        Ok(())
    }
}

type Tag = (String, String);

/// Takes the field apart that has but one value and tells the members of a union apart.
fn split_tag<'a>(
    schema: &Schema,
    owner: &str,
    fields: &'a [FieldFacts],
) -> (Option<Tag>, impl Iterator<Item = &'a FieldFacts>) {
    let unions = schema
        .types
        .values()
        .filter(|t| t.subtypes.iter().any(|member| member == owner));
    let discriminators: Vec<&String> = unions.filter_map(|t| t.discriminator.as_ref()).collect();
    let is_tag =
        |field: &&FieldFacts| field.name == "type" || discriminators.contains(&&field.name);
    let tag = fields.iter().filter(is_tag).find_map(|field| {
        let value = field.literal.as_ref()?.as_str()?;
        Some((field.name.clone(), value.to_owned()))
    });
    let name = tag.as_ref().map(|(name, _)| name.clone());
    (
        tag,
        fields
            .iter()
            .filter(move |field| Some(&field.name) != name.as_ref()),
    )
}
