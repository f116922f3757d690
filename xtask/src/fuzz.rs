//! `cargo xtask fuzz`: arbitrary bytes for whatever reads bytes from outside.
//!
//! The fuzzer is libFuzzer, which the crate `libfuzzer-sys` brings along as source; it needs a C++ compiler. What tells it which code
//! was reached works with any toolchain; the address sanitizer only with a nightly one.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::command::{self, cargo, workspace_root};

/// What to give bytes to, and for how long.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// What to fuzz; everything, one after the other, when nothing is said.
    target: Option<Target>,
    /// For how long each.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Afterwards, adds to the corpus in the repository whatever reached code that nothing there had reached.
    #[arg(long)]
    keep: bool,
    /// Does without the address sanitizer even where there is a nightly toolchain.
    #[arg(long)]
    stable: bool,
    /// Runs one input only, such as one that was found, and fails as it did.
    #[arg(long, requires = "target", conflicts_with_all = ["seconds", "keep"])]
    input: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Target {
    /// The body of a webhook request, read as an envelope.
    Envelope,
    /// All that comes over a connection to the public listener.
    Ingress,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if ["c++", "g++", "clang++"]
        .iter()
        .all(|program| command::in_path(program).is_none())
    {
        bail!("libFuzzer needs a C++ compiler: install g++ or clang");
    }
    let toolchain = Toolchain::find(options.stable);
    let targets = match options.target {
        Some(target) => vec![target],
        None => vec![Target::Envelope, Target::Ingress],
    };
    for target in targets {
        let built = Built::build(target, &toolchain)?;
        match &options.input {
            Some(input) => command::run(built.command().arg(input))?,
            None => built.fuzz(options.seconds)?,
        }
        if options.keep {
            built.keep()?;
        }
    }
    Ok(())
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Self::Envelope => "envelope",
            Self::Ingress => "ingress",
        }
    }

    /// The package that holds it: a workspace of its own, beside the crate that it is for.
    fn package(self) -> PathBuf {
        workspace_root().join(match self {
            Self::Envelope => "crates/telegram-bot-api/fuzz",
            Self::Ingress => "crates/webhook-ingress/fuzz",
        })
    }

    /// How the fuzzer goes about it. A body is a small thing, so it may look closely; a connection goes through most of what we have,
    /// and weighing every difference would take longer than the inputs.
    fn manner(self) -> &'static [&'static str] {
        match self {
            Self::Envelope => &["-use_value_profile=1"],
            Self::Ingress => &["-entropic=0"],
        }
    }

    /// The longest input: a body may be as long as it likes, and what matters of a connection is short.
    fn max_bytes(self) -> u32 {
        match self {
            Self::Envelope => 4_096,
            Self::Ingress => 2_048,
        }
    }
}

/// What the targets are built with.
enum Toolchain {
    /// With the address sanitizer.
    Nightly,
    /// The one that runs this program.
    Ours,
}

impl Toolchain {
    fn find(stable: bool) -> Self {
        let mut asked = Command::new("rustup");
        asked
            .args(["run", "nightly", "rustc", "--version"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if !stable && asked.status().is_ok_and(|status| status.success()) {
            return Self::Nightly;
        }
        if !stable {
            println!(
                "no nightly toolchain (rustup toolchain install nightly): without the address sanitizer"
            );
        }
        Self::Ours
    }

    fn cargo(&self) -> Command {
        let ours = cargo::<&str>([]);
        match self {
            Self::Ours => ours,
            Self::Nightly => {
                let mut command = Command::new("rustup");
                command
                    .args(["run", "nightly", "cargo"])
                    .current_dir(workspace_root());
                for (name, _) in ours.get_envs().filter(|(_, value)| value.is_none()) {
                    command.env_remove(name);
                }
                command
            }
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Nightly => "nightly",
            Self::Ours => "stable",
        }
    }

    fn flags(&self) -> String {
        // What libFuzzer looks at: counters for each edge, where they are, and what was compared with what.
        const COVERAGE: [&str; 6] = [
            "--cfg=fuzzing",
            "-Cpasses=sancov-module",
            "-Cllvm-args=-sanitizer-coverage-level=4",
            "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
            "-Cllvm-args=-sanitizer-coverage-pc-table",
            "-Cllvm-args=-sanitizer-coverage-trace-compares",
        ];
        let sanitizer = match self {
            Self::Nightly => " -Zsanitizer=address",
            Self::Ours => "",
        };
        COVERAGE.join(" ") + sanitizer
    }
}

/// A target that can be run.
struct Built {
    target: Target,
    program: PathBuf,
    /// Where it keeps what it finds on its way.
    scratch: PathBuf,
}

impl Built {
    fn build(target: Target, toolchain: &Toolchain) -> Result<Self> {
        let folder = command::target_directory()?.join("fuzz");
        let host = host()?;
        // Instrumented code is of no use to anybody else.
        let build_folder = folder.join(toolchain.name());
        let mut command = toolchain.cargo();
        command
            .args([
                "build",
                "--release",
                "--bin",
                target.name(),
                "--target",
                &host,
            ])
            .arg("--manifest-path")
            .arg(target.package().join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&build_folder)
            .env("RUSTFLAGS", toolchain.flags());
        command::run(&mut command)?;
        Ok(Self {
            target,
            program: build_folder.join(host).join("release").join(target.name()),
            scratch: folder.join(target.name()),
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(workspace_root())
            // What lives until the process ends is no leak.
            .env("ASAN_OPTIONS", "detect_leaks=0:detect_odr_violation=0")
            .args(["-detect_leaks=0", "-timeout=20", "-rss_limit_mb=2048"]);
        command
    }

    fn fuzz(&self, seconds: u32) -> Result<()> {
        let (grown, found) = (self.scratch.join("corpus"), self.scratch.join("found"));
        for folder in [&grown, &found] {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let mut command = self.command();
        command
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-max_len={}", self.target.max_bytes()))
            .arg(option("-artifact_prefix=", &found.join("")))
            .arg(option(
                "-dict=",
                &self.target.package().join("dictionary.txt"),
            ))
            .arg("-print_final_stats=1")
            .args(self.target.manner())
            .args([&grown, &self.corpus()]);
        let name = self.target.name();
        command::run(&mut command).with_context(|| {
            format!(
                "{name}: what did it is the newest file in {}; run it alone with `cargo xtask fuzz {name} --input FILE`",
                found.display()
            )
        })
    }

    /// Adds what reached new code to the corpus of the repository.
    fn keep(&self) -> Result<()> {
        let mut command = self.command();
        command
            // As few as reach every edge: how often each was passed is for the scratch corpus to know.
            .args(["-merge=1", "-set_cover_merge=1", "-use_counters=0"])
            .args([self.corpus(), self.scratch.join("corpus")]);
        command::run(&mut command)
    }

    fn corpus(&self) -> PathBuf {
        self.target
            .package()
            .join("corpus")
            .join(self.target.name())
    }
}

fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(name);
    option.push(path);
    option
}

/// The platform that this program was built for, by the name that cargo has for it. Naming it keeps build scripts and macros
/// without instruments.
fn host() -> Result<String> {
    let told = command::read(Command::new("rustc").arg("-vV"))?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("`rustc -vV` names no host")?.to_owned())
}
