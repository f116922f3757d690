//! Files: sent with a message, described, downloaded.

use serde_json::{Value, json};

use crate::api::answer::{Answer, Refusal};
use crate::api::call::Call;
use crate::api::messages::{inline_keyboard, post};
use crate::ids::BotId;
use crate::params::FilePart;
use crate::world::{StoredFile, World};

/// The largest file that getFile describes.
const LARGEST_DOWNLOAD: usize = 20 << 20;

/// The method and the parameter that holds its file.
const WITH_FILE: [(&str, &str); 8] = [
    ("sendphoto", "photo"),
    ("senddocument", "document"),
    ("sendvideo", "video"),
    ("sendaudio", "audio"),
    ("sendvoice", "voice"),
    ("sendanimation", "animation"),
    ("sendvideonote", "video_note"),
    ("sendsticker", "sticker"),
];

/// The parameter with the file of a method that sends one.
pub(crate) fn field(method: &str) -> Option<&'static str> {
    WITH_FILE
        .iter()
        .find(|(name, _)| *name == method)
        .map(|(_, field)| *field)
}

/// sendPhoto, sendDocument and their like: an upload, the id of a file that is known, or a URL.
pub(crate) fn send(world: &mut World, call: &Call, field: &'static str) -> Answer {
    let file = match call.params.file(field) {
        Some(part) => store(world, call.bot, part),
        None => known(world, call.get(field), field)?,
    };
    let chat = call.chat(world)?;
    let mut content = match field {
        "photo" => json!({"photo": [with_size(file)]}),
        field => json!({field: file}),
    };
    if !call.get("caption").is_empty() {
        content["caption"] = json!(call.get("caption"));
    }
    if let Some(markup) = inline_keyboard(call)? {
        content["reply_markup"] = markup;
    }
    post(world, call, chat, content)
}

/// getFile.
pub(crate) fn get_file(world: &mut World, call: &Call) -> Answer {
    let id = call.get("file_id");
    let file = world
        .files
        .get(id)
        .ok_or_else(|| Refusal::bad("wrong file_id or the file is temporarily unavailable"))?;
    if file.content.len() > LARGEST_DOWNLOAD {
        return Err(Refusal::bad("file is too big"));
    }
    let mut answer = describe(id, file.content.len());
    answer["file_path"] = json!(file.path);
    Ok(answer.into())
}

/// Keeps a file and answers its description.
pub(crate) fn store(world: &mut World, bot: BotId, part: &FilePart) -> Value {
    let number = world.number();
    let id = format!("FILE{number:08}");
    let file = StoredFile {
        bot,
        path: format!("documents/file_{number}"),
        content: part.content.clone(),
    };
    let mut description = describe(&id, part.content.len());
    description["file_name"] = json!(part.name);
    world.files.insert(id, file);
    description
}

fn known(world: &mut World, text: &str, field: &str) -> Result<Value, Refusal> {
    if text.is_empty() {
        return Err(Refusal::bad(format!("there is no {field} in the request")));
    }
    if text.starts_with("http://") || text.starts_with("https://") {
        return Ok(describe(&format!("URL{:08}", world.number()), 0));
    }
    match world.files.get(text) {
        Some(file) => Ok(describe(text, file.content.len())),
        None => Err(Refusal::bad("wrong file identifier/HTTP URL specified")),
    }
}

fn describe(id: &str, size: usize) -> Value {
    json!({"file_id": id, "file_unique_id": format!("U{id}"), "file_size": size})
}

fn with_size(mut file: Value) -> Value {
    file["width"] = json!(1);
    file["height"] = json!(1);
    if let Some(file) = file.as_object_mut() {
        file.remove("file_name");
    }
    file
}
