//! Which call a method and a path ask for.

use http::Method;
use ids::ProjectId;
use update_dispatcher::Seq;

use crate::updates::UpdatesCall;

/// A call of the API.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `DELETE /v1/projects/{project}/bot`
    Disconnect(ProjectId),
    /// `POST /v1/projects/{project}/bot/pause`
    Hold(ProjectId),
    /// `GET /livez`
    Live,
    /// `PUT /v1/projects/{project}/bot`
    PutToken(ProjectId),
    /// `GET /readyz`
    Ready,
    /// `POST /v1/projects/{project}/bot/reconnect`
    Reconnect(ProjectId),
    /// `POST /v1/projects/{project}/bot/resume`
    Release(ProjectId),
    /// `GET /v1/projects/{project}/bot`
    Show(ProjectId),
    /// `/v1/updates` and what is below.
    Updates(UpdatesCall),
}

/// Why there is no such call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoRoute {
    /// The path is known, but not with this method; these it has.
    Method(&'static str),
    /// The path is not known.
    Path,
    /// What stands where a project's id belongs is none.
    Project,
}

impl Route {
    pub(crate) fn of(method: &Method, path: &str) -> Result<Self, NoRoute> {
        let segments: Vec<&str> = path
            .strip_prefix('/')
            .ok_or(NoRoute::Path)?
            .split('/')
            .collect();
        match segments.as_slice() {
            ["livez"] => only(method, &Method::GET, Self::Live, "GET"),
            ["readyz"] => only(method, &Method::GET, Self::Ready, "GET"),
            ["v1", "projects", project, "bot"] => match *method {
                Method::DELETE => Ok(Self::Disconnect(id(project)?)),
                Method::GET => Ok(Self::Show(id(project)?)),
                Method::PUT => Ok(Self::PutToken(id(project)?)),
                _ => Err(NoRoute::Method("DELETE, GET, PUT")),
            },
            [
                "v1",
                "projects",
                project,
                "bot",
                what @ ("pause" | "reconnect" | "resume"),
            ] => {
                let route = match *what {
                    "pause" => Self::Hold,
                    "resume" => Self::Release,
                    _ => Self::Reconnect,
                };
                match *method {
                    Method::POST => Ok(route(id(project)?)),
                    _ => Err(NoRoute::Method("POST")),
                }
            }
            ["v1", "updates", rest @ ..] => updates(method, rest).map(Self::Updates),
            _ => Err(NoRoute::Path),
        }
    }
}

fn updates(method: &Method, rest: &[&str]) -> Result<UpdatesCall, NoRoute> {
    use UpdatesCall::{Discard, List, Replay, ReplayAll, Running, Show};
    match (rest, method) {
        ([], &Method::GET) => Ok(List),
        (["running"], &Method::GET) => Ok(Running),
        (["replay"], &Method::POST) => Ok(ReplayAll),
        ([] | ["running"], _) => Err(NoRoute::Method("GET")),
        (["replay"], _) => Err(NoRoute::Method("POST")),
        ([one], &Method::GET) => number(one).map(Show),
        ([one], &Method::DELETE) => number(one).map(Discard),
        ([one, "replay"], &Method::POST) => number(one).map(Replay),
        ([one], _) => number(one).and(Err(NoRoute::Method("DELETE, GET"))),
        ([one, "replay"], _) => number(one).and(Err(NoRoute::Method("POST"))),
        _ => Err(NoRoute::Path),
    }
}

/// An update's number, as it is written.
fn number(text: &str) -> Result<Seq, NoRoute> {
    let number: i64 = text.parse().map_err(|_| NoRoute::Path)?;
    let seq = (number > 0 && number.to_string() == text).then(|| Seq::new(number));
    seq.ok_or(NoRoute::Path)
}

fn only(
    given: &Method,
    wanted: &Method,
    route: Route,
    allow: &'static str,
) -> Result<Route, NoRoute> {
    if given == wanted {
        Ok(route)
    } else {
        Err(NoRoute::Method(allow))
    }
}

fn id(text: &str) -> Result<ProjectId, NoRoute> {
    text.parse().map_err(|_| NoRoute::Project)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_one_path_and_nothing_else_does() {
        let project: ProjectId = "prj_1".parse().unwrap();
        let bot = "/v1/projects/prj_1/bot";
        assert_eq!(
            Route::of(&Method::PUT, bot),
            Ok(Route::PutToken(project.clone()))
        );
        assert_eq!(
            Route::of(&Method::GET, bot),
            Ok(Route::Show(project.clone()))
        );
        assert_eq!(
            Route::of(&Method::DELETE, bot),
            Ok(Route::Disconnect(project.clone()))
        );
        let reconnect = format!("{bot}/reconnect");
        assert_eq!(
            Route::of(&Method::POST, &reconnect),
            Ok(Route::Reconnect(project))
        );
        assert_eq!(
            Route::of(&Method::POST, bot),
            Err(NoRoute::Method("DELETE, GET, PUT"))
        );
        assert_eq!(
            Route::of(&Method::GET, "/v1/projects/7/bot"),
            Err(NoRoute::Project)
        );
        for path in [
            "",
            "/",
            "/v1",
            "/v1/updates/",
            "/v1/updates/0",
            "/v1/updates/07",
            "/v1/updates/-1",
            "/v1/updates/1/2",
            "/v1/projects/prj_1/bot/",
            "//livez",
            "/v2/projects/prj_1/bot",
        ] {
            assert_eq!(Route::of(&Method::GET, path), Err(NoRoute::Path), "{path}");
        }
    }
}
