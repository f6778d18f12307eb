//! Place: none. The repository as the other tests read it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Top of the repository.
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests have a folder above them").to_path_buf()
}

/// Text of a file, by its path from the top.
pub fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path))
        .unwrap_or_else(|error| panic!("{path} cannot be read: {error}"))
}

/// Runs a program at the top of the repository and returns what it printed.
pub fn output(program: &str, arguments: &[&str]) -> String {
    let done = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap_or_else(|error| panic!("{program} cannot be started: {error}"));
    assert!(
        done.status.success(),
        "{program} {} failed:\n{}",
        arguments.join(" "),
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout).expect("programs of the tool chain print UTF-8")
}

/// Every file that is tracked, or would be with the next commit.
pub fn files() -> Vec<String> {
    let listed = output("git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let mut files: Vec<String> = listed
        .split('\0')
        .filter(|path| !path.is_empty() && root().join(path).is_file())
        .map(str::to_owned)
        .collect();
    files.sort();
    files.dedup();
    assert!(
        files.iter().any(|path| path == "Cargo.toml"),
        "git lists no Cargo.toml: run this in a checkout of the repository"
    );
    files
}

/// Rust sources of the product: below a `src` folder.
pub fn sources() -> Vec<String> {
    files()
        .into_iter()
        .filter(|path| path.ends_with(".rs") && path.split('/').any(|part| part == "src"))
        .collect()
}

/// A member of the workspace.
pub struct Member {
    /// Name of the package.
    pub name: String,
    /// Its folder from the top, such as `enclave/image`.
    pub folder: String,
    /// Names of the packages of this workspace that it depends on, in whatever way.
    pub within: Vec<String>,
}

impl Member {
    /// Its manifest's text.
    pub fn manifest(&self) -> String {
        text(&format!("{}/Cargo.toml", self.folder))
    }

    /// First part of its folder.
    pub fn wing(&self) -> &str {
        self.folder.split('/').next().unwrap_or_default()
    }
}

/// All members.
pub fn members() -> Vec<Member> {
    let cargo = env!("CARGO");
    let metadata = output(cargo, &["metadata", "--format-version", "1", "--no-deps", "--locked"]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).expect("cargo metadata is JSON");
    let top = root();
    let text_of = |value: &serde_json::Value| value.as_str().expect("a text in cargo metadata").to_owned();
    let list = |value: &serde_json::Value| value.as_array().expect("a list in cargo metadata").clone();
    let members: Vec<Member> = list(&metadata["packages"])
        .iter()
        .map(|package| {
            let manifest = PathBuf::from(text_of(&package["manifest_path"]));
            let folder = manifest
                .parent()
                .and_then(|folder| folder.strip_prefix(&top).ok())
                .expect("members lie in the repository");
            Member {
                name: text_of(&package["name"]),
                folder: folder.to_string_lossy().into_owned(),
                within: list(&package["dependencies"])
                    .iter()
                    .filter(|dependency| dependency["path"].is_string())
                    .map(|dependency| text_of(&dependency["name"]))
                    .collect(),
            }
        })
        .collect();
    assert!(members.len() >= 13, "the workspace lost members: {}", members.len());
    members
}

/// Names of all packages that `package` is built from for `target`, itself included, over `edges`: `normal` is what is
/// linked into it, `normal,build` what builds it as well.
pub fn closure(package: &str, target: &str, edges: &str) -> Vec<String> {
    let arguments = ["tree", "-p", package, "-e", edges, "--target", target, "--prefix", "none", "--locked"];
    let tree = output(env!("CARGO"), &arguments);
    let mut names: Vec<String> =
        tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    assert!(names.iter().any(|name| name == package), "cargo tree does not name {package} itself");
    names
}
