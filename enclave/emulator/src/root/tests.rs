//! Place: none. The root's files: made once, kept private, refused when they are not whole.

use super::*;

fn folder_with_root() -> (tempfile::TempDir, DevelopmentRoot) {
    let folder = tempfile::tempdir().unwrap();
    let root = DevelopmentRoot::load_or_create(folder.path()).unwrap();
    (folder, root)
}

#[test]
fn it_is_made_once_and_then_loaded() {
    let (folder, root) = folder_with_root();
    let again = DevelopmentRoot::load_or_create(folder.path()).unwrap();
    assert_eq!(root.certificate_der(), again.certificate_der());
    assert_eq!(root.key().to_bytes(), again.key().to_bytes());
    let pem = fs::read_to_string(DevelopmentRoot::certificate_path(folder.path())).unwrap();
    assert_eq!(pem, root.certificate_pem().unwrap());
    let other = DevelopmentRoot::load_or_create(&folder.path().join("other")).unwrap();
    assert_ne!(root.certificate_der(), other.certificate_der());
}

#[test]
fn several_at_once_get_the_same_root() {
    let folder = tempfile::tempdir().unwrap();
    let roots: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    DevelopmentRoot::load_or_create(folder.path()).unwrap().certificate_der().to_vec()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(roots.iter().all(|der| *der == roots[0]));
}

#[test]
fn the_key_is_for_its_owner_only() {
    let (folder, _) = folder_with_root();
    let key = folder.path().join(KEY);
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let error = DevelopmentRoot::load_or_create(folder.path()).err().unwrap();
    assert!(matches!(error, RootError::Exposed(_, 0o640)), "{error}");
}

#[test]
fn a_missing_half_is_not_made_anew() {
    for name in [KEY, CERTIFICATE] {
        let (folder, _) = folder_with_root();
        fs::remove_file(folder.path().join(name)).unwrap();
        let error = DevelopmentRoot::load_or_create(folder.path()).err().unwrap();
        assert!(matches!(&error, RootError::Half(path) if path.ends_with(name)), "{error}");
    }
}

#[test]
fn malformed_and_foreign_files_are_refused() {
    let (folder, _) = folder_with_root();
    let (other, _) = folder_with_root();
    let certificate = folder.path().join(CERTIFICATE);
    fs::copy(other.path().join(CERTIFICATE), &certificate).unwrap();
    assert!(matches!(DevelopmentRoot::load_or_create(folder.path()), Err(RootError::Mismatch(_))));
    fs::write(&certificate, "no certificate").unwrap();
    assert!(
        matches!(DevelopmentRoot::load_or_create(folder.path()), Err(RootError::Malformed(path, _)) if path == certificate)
    );
    let key = folder.path().join(KEY);
    fs::write(&key, "no key").unwrap();
    assert!(
        matches!(DevelopmentRoot::load_or_create(folder.path()), Err(RootError::Malformed(path, _)) if path == key)
    );
}

#[test]
fn nobody_takes_it_for_the_root_of_aws() {
    let (_folder, root) = folder_with_root();
    let name = root.certificate().tbs_certificate().subject().to_string();
    assert!(
        name.contains("CN=development.emulated-enclaves.invalid") && name.contains("Development only"),
        "{name}"
    );
    assert!(!name.contains("aws") && !name.contains("Amazon"));
}
