//! The files of an output and of a registry on file systems that lack something: locks, hard links, space, rights.
//!
//! A small library in C, loaded before the system's own, plays what NFS, exFAT or a full disk answer.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::json;

use crate::command::{CommandOutput, rolecall, run_command};
use crate::fixture::{Fixture, account_with, write_registry};

/// Answers of file systems, by the value of `PLAYED`.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int played(const char *what) {
    const char *all = getenv("PLAYED");
    return all && strstr(all, what) != NULL;
}
static int fail(int code) { errno = code; return -1; }

int linkat(int a, const char *from, int b, const char *to, int flags) {
    if (played("nolink:EPERM")) return fail(EPERM);
    if (played("nolink:EOPNOTSUPP")) return fail(EOPNOTSUPP);
    if (played("nolink:ENOSYS")) return fail(ENOSYS);
    if (played("nolink:EMLINK")) return fail(EMLINK);
    int (*own)(int, const char *, int, const char *, int) = dlsym(RTLD_NEXT, "linkat");
    return own(a, from, b, to, flags);
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int flock(int fd, int operation) {
    if (played("nfs") && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY) return fail(EBADF);
    if (played("nolock:EBADF")) return fail(EBADF);
    if (played("nolock:ENOLCK")) return fail(ENOLCK);
    if (played("nolock:EOPNOTSUPP")) return fail(EOPNOTSUPP);
    if (played("nolock:ENOSYS")) return fail(ENOSYS);
    int (*own)(int, int) = dlsym(RTLD_NEXT, "flock");
    return own(fd, operation);
}
static int is_file(int fd) {
    struct stat found;
    return fd > 2 && fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
}
ssize_t write(int fd, const void *bytes, size_t count) {
    static long written = 0;
    const char *space = getenv("SPACE");
    if (space && is_file(fd)) {
        long left = atol(space) - __sync_fetch_and_add(&written, (long) count);
        if (left <= 0) return fail(ENOSPC);
        if ((size_t) left < count) count = (size_t) left;
    }
    ssize_t (*own)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    return own(fd, bytes, count);
}
int fsync(int fd) {
    if (played("fullatsync") && is_file(fd)) return fail(EDQUOT);
    int (*own)(int) = dlsym(RTLD_NEXT, "fsync");
    return own(fd);
}
"#;

/// The folder that holds the compiled library for as long as the tests run.
static LIBRARY: LazyLock<(tempfile::TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let (source, library) = (folder.path().join("played.c"), folder.path().join("played.so"));
    std::fs::write(&source, SHIM).expect("written");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl");
    let compiled = run_command(compiler);
    assert_eq!(compiled.code, 0, "{compiled:?}");
    (folder, library)
});

/// Lets a command run on a file system that answers as `what` says.
fn play(command: &mut Command, what: &str) {
    command.env("LD_PRELOAD", &LIBRARY.1).env("PLAYED", what);
}

fn add(registry: &str, account: &str) -> Command {
    rolecall(&["targets", "add", account, "--registry", registry])
}

fn mode(path: impl AsRef<Path>) -> u32 {
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

/// Returns the names in a folder that are left of unfinished files.
fn partial_files(folder: &Path) -> Vec<PathBuf> {
    let files = crate::fixture::files_below(folder);
    files.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "partial")).collect()
}

fn assert_refused(output: &CommandOutput, words: &str) {
    assert_eq!(output.code, 2, "{output:?}");
    assert!(output.err.contains(words), "{words}: {output:?}");
    assert_eq!(output.out, "", "{output:?}");
}

#[test]
fn only_the_owner_reads_a_new_registry_and_an_edit_keeps_its_access() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = folder.path().join("new/targets.json");
    let address = registry.display().to_string();
    // A shell makes the mask as open as it can be, and watches the folder for names that others can read.
    let mut command = Command::new("sh");
    let own = add(&address, "111122223333");
    command.args(["-c", "umask 000; exec \"$0\" \"$@\""]).arg(own.get_program()).args(own.get_args());
    let added = run_command(command);
    assert_eq!(added.code, 0, "{added:?}");
    assert_eq!(mode(&registry), 0o600);
    for kept in [0o600, 0o640, 0o400, 0o664] {
        std::fs::set_permissions(&registry, PermissionsExt::from_mode(kept)).expect("set");
        let before = std::fs::metadata(&registry).expect("a file");
        let account = format!("{:012}", 100 + kept);
        assert_eq!(run_command(add(&address, &account)).code, 0);
        let after = std::fs::metadata(&registry).expect("a file");
        assert_ne!(before.ino(), after.ino(), "it was replaced");
        assert_eq!((mode(&registry), after.uid(), after.gid()), (kept, before.uid(), before.gid()));
    }
    // A name as long as a file system takes.
    let long = folder.path().join(format!("{}.json", "x".repeat(250))).display().to_string();
    assert_eq!(run_command(add(&long, "111122223333")).code, 0);
    assert_eq!(run_command(add(&long, "111122224444")).code, 0);
    let longer = folder.path().join("x".repeat(256)).display().to_string();
    assert_refused(&run_command(add(&longer, "111122223333")), "name too long");
    assert_eq!(partial_files(folder.path()), Vec::<PathBuf>::new());
}

#[test]
fn the_temporary_file_of_a_registry_is_never_open_to_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = folder.path().join("targets.json").display().to_string();
    for account in ["111122223333", "111122224444"] {
        // The write of the content fails, so that the temporary file would be seen if it remained; strace would need
        // rights that a test does not have. `SPACE` is enough for the file to be created.
        let mut command = add(&registry, account);
        play(&mut command, "");
        command.env("SPACE", "1");
        let full = run_command(command);
        assert_eq!(full.code, 2, "{full:?}");
        assert!(full.err.contains("No space left"), "{full:?}");
        assert_eq!(partial_files(folder.path()), Vec::<PathBuf>::new());
        let mut command = add(&registry, account);
        play(&mut command, "fullatsync");
        let full = run_command(command);
        assert_eq!(full.code, 2, "{full:?}");
        assert_eq!(partial_files(folder.path()), Vec::<PathBuf>::new());
        assert_eq!(run_command(add(&registry, account)).code, 0);
    }
}

#[test]
fn a_registry_is_edited_on_nfs_and_a_file_system_without_locks_is_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = write_registry(folder.path(), &[json!({ "account_id": "111122223333", "external_id": null })]);
    let mut command = add(&registry, "111122224444");
    play(&mut command, "nfs");
    let added = run_command(command);
    assert_eq!(added.code, 0, "{added:?}");
    let before = std::fs::read(&registry).expect("a file");
    for missing in ["nolock:EBADF", "nolock:ENOLCK", "nolock:EOPNOTSUPP", "nolock:ENOSYS"] {
        let mut command = add(&registry, "111122225555");
        play(&mut command, missing);
        let refused = run_command(command);
        assert_refused(&refused, "cannot be locked against other writers");
        assert_eq!(std::fs::read(&registry).expect("a file"), before);
    }
    assert_eq!(partial_files(folder.path()), Vec::<PathBuf>::new());
}

#[test]
fn a_registry_is_created_without_hard_links() {
    let folder = tempfile::tempdir().expect("a folder");
    for missing in ["nolink:EPERM", "nolink:EOPNOTSUPP", "nolink:ENOSYS", "nolink:EMLINK"] {
        let registry = folder.path().join(missing).join("targets.json");
        let mut command = add(&registry.display().to_string(), "111122223333");
        play(&mut command, missing);
        let added = run_command(command);
        assert_eq!(added.code, 0, "{added:?}");
        assert_eq!(mode(&registry), 0o600);
    }
    assert_eq!(partial_files(folder.path()), Vec::<PathBuf>::new());
}

#[test]
fn an_address_that_would_become_a_folder_by_mistake_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = write_registry(folder.path(), &[json!({ "account_id": "111122223333", "external_id": null })]);
    for address in [
        "~/x",
        "~",
        "arn:aws:s3:::abc/x",
        "s3:abc/x",
        "s3:/abc",
        "S3://abc/x",
        "http://abc/x",
        "https://abc.s3.amazonaws.com/x",
        "file:///tmp/x",
        "s3a://abc/x",
        "s3//abc/x",
        "$HOME/x",
        "'x'",
        "\"s3://abc/x\"",
        "x\r",
        "s3://abc//x",
        "s3://abc/./x",
        "abc.s3.amazonaws.com/x",
        "nas:/x",
    ] {
        let commands: [&[&str]; 6] = [
            &["run", "--accounts", "all", "--registry", &registry, "--output", address],
            &["schema", "duckdb", "--output", address],
            &["status", "x", "--output", address],
            &["targets", "add", "111122224444", "--registry", address],
            &["targets", "list", "--registry", address],
            &["plan", "--accounts", "all", "--registry", address],
        ];
        for arguments in commands {
            let mut command = rolecall(arguments);
            command.current_dir(folder.path());
            let refused = run_command(command);
            assert_refused(&refused, "InvalidSettings");
            assert!(refused.err.contains("write") || refused.err.contains("remove"), "{refused:?}");
        }
        for (name, arguments) in [("ROLECALL_OUTPUT", ["schema", "duckdb"]), ("ROLECALL_REGISTRY", ["targets", "list"])]
        {
            let mut command = rolecall(&arguments);
            command.current_dir(folder.path()).env(name, address);
            assert_refused(&run_command(command), name);
        }
    }
    let names: Vec<_> =
        std::fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("it").file_name()).collect();
    assert_eq!(names, ["targets.json"], "a folder was created");
}

#[test]
fn an_unusable_output_is_refused_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("file"), "x").expect("written");
    symlink(path("nothing"), path("dangling")).expect("a link");
    symlink("loop", path("loop")).expect("a link");
    for (output, words) in [
        (path("file"), "is a file"),
        (path("file/below"), "is a file"),
        (path("dangling"), "is a symbolic link to"),
        (path("dangling/below"), "is a symbolic link to"),
        (path("loop"), "loop"),
        (path(&"x".repeat(300)), "name too long"),
    ] {
        for arguments in [["schema", "duckdb"], ["status", "x"]] {
            let mut command = rolecall(&arguments);
            command.args(["--output", &output]);
            let refused = run_command(command);
            assert_refused(&refused, "OutputUnreadable");
            assert!(refused.err.to_lowercase().contains(words), "{words}: {refused:?}");
        }
        for registry in [output.clone(), format!("{output}/targets.json")] {
            if registry == path("file") {
                continue;
            }
            let refused = run_command(add(&registry, "111122223333"));
            assert_eq!(refused.code, 2, "{refused:?}");
            assert!(refused.err.to_lowercase().contains(words), "{words}: {refused:?}");
        }
    }
}

/// Runs are played on the simulated AWS: the file system alone is odd.
#[tokio::test(flavor = "multi_thread")]
async fn runs_are_committed_on_odd_file_systems_or_not_at_all() {
    let fixture = Fixture::start(1, account_with(1, 1, 1), |_| {}).await;
    let run = |id: &str, what: &str, space: Option<&str>| {
        let output = fixture.folder.path().join(what.replace(':', "-"));
        let mut command = fixture.command(output.to_str().expect("a path"));
        command.args(["--run-id", id]);
        play(&mut command, what);
        if let Some(space) = space {
            command.env("SPACE", space);
        }
        async move { (tokio::task::spawn_blocking(move || run_command(command)).await.expect("it ran"), output) }
    };
    let latest = |output: &Path| std::fs::read_to_string(output.join("latest.json")).expect("latest.json");
    for what in ["nfs,x", "nolink:EPERM", "nolink:EOPNOTSUPP"] {
        for id in ["one", "two"] {
            let (ran, output) = run(id, what, None).await;
            assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{what} {ran:?}");
            assert!(latest(&output).contains(&format!("\"{id}\"")), "{what}: {}", latest(&output));
            assert_eq!(partial_files(&output), Vec::<PathBuf>::new());
        }
    }
    // Without any lock the run is committed, and the one file that is ever replaced is not: that is an error.
    let (_, output) = run("one", "nolock:ENOLCK", None).await;
    let (ran, _) = run("two", "nolock:ENOLCK", None).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("run two is committed") && ran.err.contains("cannot be locked"), "{ran:?}");
    assert!(latest(&output).contains("\"one\""));
    // A disk that fills up at any time commits nothing.
    for space in ["1", "2000", "20000"] {
        let (ran, output) = run(&format!("full-{space}"), "full", Some(space)).await;
        assert_eq!(ran.code, 2, "{space} {ran:?}");
        assert!(ran.err.contains("No space left"), "{ran:?}");
        assert!(!output.join(format!("runs/full-{space}/manifest.json")).exists());
        assert_eq!(partial_files(&output), Vec::<PathBuf>::new());
    }
}

/// A case-insensitive file system gives a run the folder of another one.
#[tokio::test(flavor = "multi_thread")]
async fn the_documents_of_another_run_are_not_taken_for_its_own() {
    let fixture = Fixture::start(1, account_with(1, 1, 1), |_| {}).await;
    let output = fixture.out().display().to_string();
    let run = |id: &'static str| {
        let mut command = fixture.command(&output);
        command.args(["--regions", "eu-central-1", "--resources", "ec2_vpcs", "--run-id", id]);
        async move { tokio::task::spawn_blocking(move || run_command(command)).await.expect("it ran") }
    };
    assert_eq!(run("Nightly").await.code, 0);
    symlink("Nightly", fixture.out().join("runs/nightly")).expect("a link");
    let refused = run("nightly").await;
    assert_refused(&refused, "RunIdTaken");
    let status = run_command(rolecall(&["status", "nightly", "--output", &output]));
    assert_refused(&status, "RunIdTaken");
}

#[test]
fn a_registry_that_takes_too_much_memory_is_refused_with_the_limit() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = folder.path().join("targets.json");
    // The file is sparse: it takes no space.
    std::fs::File::create(&registry).and_then(|file| file.set_len((128 << 20) + 1)).expect("a file");
    let address = registry.display().to_string();
    for arguments in [["targets", "list"], ["plan", "--skip-unknown"]] {
        let mut command = rolecall(&arguments);
        command.args(["--registry", &address]);
        assert_refused(&run_command(command), "at most 134217728 are read");
    }
}

#[test]
fn a_setting_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    for name in ["ROLECALL_OUTPUT", "ROLECALL_DEADLINE"] {
        let mut command = rolecall(&["schema", "duckdb", "--format", "ndjson"]);
        command.env(name, std::ffi::OsStr::from_bytes(b"a\xff"));
        assert_refused(&run_command(command), name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn timings_that_cannot_be_written_are_reported_before_the_run() {
    let fixture = Fixture::start(1, account_with(1, 1, 1), |_| {}).await;
    let mut command = fixture.command(fixture.out().to_str().expect("a path"));
    command.args(["--run-id", "timed", "--timings", "/dev/null/nowhere"]);
    let refused = tokio::task::spawn_blocking(move || run_command(command)).await.expect("it ran");
    assert_refused(&refused, "the timings cannot be written");
    assert!(!fixture.out().exists());
}
