//! Place: none. A host, an enclave as a process or in QEMU, and the files of three officers and three custodians.

use crate::programs::{bounded, program, scratch};
use fuin_host::config::HostConfig;
use fuin_host::{Host, RunningHost};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const LOOK: Duration = Duration::from_millis(50);
/// Longest wait for a phase, or for a file; a boot in QEMU without hardware's help takes its time.
const PATIENCE: Duration = Duration::from_secs(360);

/// Officers, of whom two are needed.
pub const OFFICERS: [&str; 3] = ["ada", "ben", "cem"];
/// Custodians, of whom two are needed.
pub const CUSTODIANS: [&str; 3] = ["kei", "lea", "mio"];

/// Where the enclave runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enclave {
    /// As an ordinary process; the host is `fuin serve`.
    Process,
    /// In QEMU, from this image, whose release.json lies beside it; the host runs within the test, which has its relay.
    Image(PathBuf),
}

/// The host.
enum Carrier {
    Program(Child),
    Within(Box<RunningHost>),
}

/// A service that is being founded.
pub struct Place {
    own: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    kind: Enclave,
    host: Option<Carrier>,
    enclave: Option<Child>,
    /// An enclave that another was started beside.
    former: Option<Child>,
    /// Base URL of the public listener.
    pub public: String,
    /// Base URL of the listener for ceremonies.
    pub ceremony: String,
    transcript: Vec<String>,
}

/// How a command ended.
pub struct Said {
    /// Exit status.
    pub status: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// It must have ended well, saying this.
    pub fn says(self, text: &str) -> Self {
        assert!(self.status == 0 && self.out.contains(text), "{}\n{}{}", self.status, self.out, self.err);
        self
    }

    /// It must have been refused, for this reason.
    pub fn refuses(self, text: &str) -> Self {
        assert!(self.status == 1 && self.err.contains(text), "{}\n{}{}", self.status, self.out, self.err);
        self
    }
}

impl Place {
    /// Host and enclave are up; nothing is founded.
    #[must_use]
    pub fn new(kind: &Enclave) -> Self {
        let own = scratch();
        let dir = own.path().display();
        let enclave = match kind {
            Enclave::Process => format!("unix://{dir}/enclave.sock"),
            Enclave::Image(_) => format!("unix://{dir}/run/vm_5000"),
        };
        let config = format!(
            "enclave = \"{enclave}\"\ndata = \"{dir}/data\"\nlisten = \"127.0.0.1:0\"\n\n[ceremony]\nlisten = \"127.0.0.1:0\"\n"
        );
        std::fs::write(own.path().join("host.toml"), config).unwrap();
        if let Enclave::Image(image) = kind {
            std::fs::create_dir(own.path().join("run")).unwrap();
            std::fs::copy(image.with_file_name("release.json"), own.path().join("release.json")).unwrap();
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let mut place = Self {
            own,
            runtime,
            kind: kind.clone(),
            host: None,
            enclave: None,
            former: None,
            public: String::new(),
            ceremony: String::new(),
            transcript: Vec::new(),
        };
        place.start_host();
        place.start_enclave();
        place
    }

    /// Ends host and enclave, and starts both again; what `between` does is done while neither runs.
    pub fn kill_both(&mut self, between: impl FnOnce(&Self)) {
        self.end_enclave();
        match self.host.take().unwrap() {
            Carrier::Program(mut host) => {
                host.kill().unwrap();
                host.wait().unwrap();
            }
            Carrier::Within(host) => self.runtime.block_on(host.shutdown()),
        }
        between(self);
        self.start_host();
        self.start_enclave();
    }

    /// The host's insides, and what drives it.
    ///
    /// # Panics
    /// The host is a process of its own.
    #[must_use]
    pub fn within(&self) -> (&RunningHost, &tokio::runtime::Runtime) {
        match &self.host {
            Some(Carrier::Within(host)) => (host, &self.runtime),
            _ => panic!("the host is a process of its own"),
        }
    }

    /// Copies a folder of files.
    pub fn copy(&self, from: &str, to: &str) {
        let _ = std::fs::remove_dir_all(self.path(to));
        std::fs::create_dir(self.path(to)).unwrap();
        for file in std::fs::read_dir(self.path(from)).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), self.path(to).join(file.file_name())).unwrap();
        }
    }

    /// A file of this place.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.own.path().join(name)
    }

    fn start_host(&mut self) {
        if self.kind == Enclave::Process {
            let (host, public, ceremony) = start_host(self.own.path());
            (self.host, self.public, self.ceremony) = (Some(Carrier::Program(host)), public, ceremony);
            return;
        }
        let config = HostConfig::read(&self.path("host.toml")).unwrap();
        let host = self.runtime.block_on(Host::start(config)).unwrap();
        host.base_url().clone_into(&mut self.public);
        self.ceremony = format!("http://{}", host.ceremony_addr().unwrap());
        self.host = Some(Carrier::Within(Box::new(host)));
    }

    /// Starts the enclave, and waits until what it is can be read.
    pub fn start_enclave(&mut self) {
        let log = std::fs::File::create(self.path("enclave.log")).unwrap();
        let mut command = match &self.kind {
            Enclave::Process => {
                let mut command = Command::new(program("fuin-enclave-process"));
                command.arg("--connect").arg(format!("unix://{}", self.path("enclave.sock").display()));
                command.arg("--measurement").arg(self.path("release.json"));
                command
            }
            Enclave::Image(image) => {
                let mut command = Command::new(program("fuin-emulator"));
                command.arg("run").arg("--eif").arg(image).arg("--run-dir").arg(self.path("run"));
                command
            }
        };
        command.arg("--root-dir").arg(self.path("nsm")).stdin(Stdio::null());
        let child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        self.enclave = Some(child);
        let begin = Instant::now();
        while !self.path("release.json").is_file() || !self.path("nsm/nsm-root.pem").is_file() {
            assert!(begin.elapsed() < PATIENCE, "the enclave did not start");
            std::thread::sleep(LOOK);
        }
    }

    /// Starts another enclave beside the one that runs.
    pub fn start_beside(&mut self) {
        self.former = self.enclave.take();
        self.start_enclave();
    }

    /// Kills the one that was started beside another; that one is left.
    pub fn end_latter(&mut self) {
        self.end_enclave();
        self.enclave = self.former.take();
    }

    /// Kills the enclave as a power failure does, and starts it again.
    pub fn kill_enclave(&mut self) {
        self.end_enclave();
        self.start_enclave();
    }

    /// A machine that did not come up is started again, as an operator does: on a busy computer without hardware's help its
    /// kernel may find no timer.
    fn start_again(&mut self) {
        let ended = self.enclave.as_mut().is_some_and(|child| child.try_wait().unwrap().is_some());
        if ended && self.kind != Enclave::Process {
            eprintln!("the machine ended; it is started again\n{}", self.logs());
            self.start_enclave();
        }
    }

    /// The enclave as a process is killed. Of the one in QEMU the emulator is asked to end, so that no machine stays
    /// behind: to the enclave that is a power failure all the same.
    fn end_enclave(&mut self) {
        let mut enclave = self.enclave.take().unwrap();
        if self.kind == Enclave::Process {
            enclave.kill().unwrap();
        } else {
            let emulator = Pid::from_raw(i32::try_from(enclave.id()).unwrap());
            // It may have ended by itself.
            let _ = kill(emulator, Signal::SIGTERM);
        }
        enclave.wait().unwrap();
    }

    /// `fuin ceremony ...` in the folder of this place; `HOST` stands for the listener.
    pub fn fuin(&mut self, command: &str) -> Said {
        self.fuin_with(command, &[])
    }

    /// The same, with these variables.
    pub fn fuin_with(&mut self, command: &str, variables: &[(&str, &OsStr)]) -> Said {
        let mut fuin = bounded(program("fuin"));
        fuin.current_dir(self.own.path()).envs(variables.iter().copied()).arg("ceremony");
        fuin.args(command.split_whitespace().map(|word| if word == "HOST" { &self.ceremony } else { word }));
        let Output { status, stdout, stderr } = fuin.output().unwrap();
        let said = Said {
            status: status.code().unwrap_or(-1),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        };
        let told = format!("$ fuin ceremony {command}\n{}{}", said.out, said.err);
        self.transcript.push(told);
        said
    }

    /// What was said since the last time, for docs/ceremony.md; nothing in it names this machine.
    pub fn tell(&mut self, title: &str) {
        println!("\n## {title}\n{}\n", std::mem::take(&mut self.transcript).join("\n"));
    }

    /// The status as JSON, once the enclave is in this phase.
    pub fn wait_for(&mut self, phase: &str) -> Value {
        let begin = Instant::now();
        loop {
            let said = self.fuin("status --host HOST --json");
            self.transcript.pop();
            if let Ok(state) = serde_json::from_str::<Value>(&said.out)
                && state["phase"] == phase
            {
                return state;
            }
            assert!(begin.elapsed() < PATIENCE, "never {phase}: {}{}\n{}", said.out, said.err, self.logs());
            self.start_again();
            std::thread::sleep(LOOK);
        }
    }

    /// Whether the public listener says that signers are served.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let answer = async { reqwest::get(format!("{}/readyz", self.public)).await?.json::<Value>().await };
        self.runtime.block_on(answer).unwrap()["ready"] == true
    }

    fn logs(&self) -> String {
        let read = |name| std::fs::read_to_string(self.path(name)).unwrap_or_default();
        format!("{}\n{}", read("host.log"), read("enclave.log"))
    }

    /// Keys, manifest, signatures, pins, installation; `more` is added to the service's description.
    pub fn found(&mut self, more: &str) {
        for name in OFFICERS {
            self.fuin(&format!("init officer --name {name} --key {name}.pem --entry {name}.json")).says(name);
        }
        for name in CUSTODIANS {
            let made = format!("init custodian --name {name} --state {name}.state --entry {name}.json");
            self.fuin(&made).says(name);
        }
        self.tell("keys");
        self.describe(more);
        let entries: Vec<_> =
            OFFICERS.iter().chain(&CUSTODIANS).map(|name| format!("--entry {name}.json")).collect();
        let made =
            format!("init manifest --description service.toml {} --output manifest.cbor", entries.join(" "));
        let service = service_in(&self.fuin(&made).says("2 of kei, lea, mio").out);
        self.fuin("init sign --manifest manifest.cbor --key ada.pem").says("signatures: 1");
        self.fuin("init install --host HOST --manifest manifest.cbor").refuses("quorum");
        self.fuin("init sign --manifest manifest.cbor --key ben.pem").says("signatures: 2");
        self.tell("manifest");
        for name in CUSTODIANS {
            let join = format!(
                "init join --state {name}.state --manifest manifest.cbor --release release.json --service {service}"
            );
            self.fuin(&join).says("has joined");
        }
        self.wait_for("booted");
        self.fuin("init install --host HOST --manifest manifest.cbor").says(&service);
        self.fuin("status --host HOST").says("2 of ada, ben, cem");
        self.tell("joining and installing");
    }

    /// Writes the service's description; `more` may say when results are released.
    pub fn describe(&self, more: &str) {
        let mut told = DESCRIPTION.to_owned();
        if more.contains("release = ") {
            told = told.replace("release = \"durable\"\n", "");
        }
        std::fs::write(self.path("service.toml"), told + more).unwrap();
    }

    /// One officer's approval.
    pub fn approve(&mut self, name: &str) -> Said {
        self.fuin(&format!(
            "approve --host HOST --manifest manifest.cbor --release release.json --key {name}.pem"
        ))
    }

    /// One custodian's part.
    pub fn share(&mut self, name: &str) -> Said {
        self.fuin(&format!("share --host HOST --state {name}.state"))
    }

    /// The verified status, with a card.
    pub fn card(&mut self) -> Value {
        self.fuin(
            "status --host HOST --manifest manifest.cbor --release release.json --card service-card.json",
        )
        .says("evidence verified");
        serde_json::from_slice(&std::fs::read(self.path("service-card.json")).unwrap()).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.logs());
        }
        while self.enclave.is_some() {
            self.end_latter();
        }
        if let Some(Carrier::Program(host)) = &mut self.host {
            let _ = host.kill();
            let _ = host.wait();
        }
    }
}

/// Starts `fuin serve`; gives the base URLs of its listeners.
fn start_host(dir: &Path) -> (Child, String, String) {
    let mut host = Command::new(program("fuin"))
        .args(["serve", "--config"])
        .arg(dir.join("host.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(dir.join("host.log")).unwrap())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(host.stdout.take().unwrap()).lines().map_while(Result::ok);
    let public = lines.next().and_then(|l| l.strip_prefix("serving on ").map(str::to_owned));
    let ceremony = lines.next().and_then(|l| l.strip_prefix("ceremonies on ").map(str::to_owned));
    (host, public.expect("fuin serve"), ceremony.expect("a listener for ceremonies"))
}

/// The service id in what a command said.
#[must_use]
pub fn service_in(out: &str) -> String {
    let line = out.lines().find_map(|line| line.strip_prefix("service    "));
    line.expect("a service id").to_owned()
}

/// The permission bits of a file.
#[must_use]
pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// What the officers sign.
pub const DESCRIPTION: &str = r#"name = "Example signing service"
development = true
not_after = "2046-01-01T00:00:00Z"
ledger_prefix = "sign.example/ledger"
officer_quorum = 2
share_threshold = 2
release = "durable"
evidence_anchors = ["nsm/nsm-root.pem"]
measurements = ["release.json"]
"#;
