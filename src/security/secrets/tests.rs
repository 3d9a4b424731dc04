use std::fs;
use std::os::unix::fs::PermissionsExt;

use secrecy::ExposeSecret;

use super::*;
use crate::model::Connections;
use crate::world::clock::Clock;

/// A plan file whose task needs the secret `s`, in a folder with a file `password`.
struct Place {
    folder: tempfile::TempDir,
    plan: PlanFile,
    world: World,
}

impl Place {
    fn new(source: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "mainstay: 1\nsecrets: {{s: {source}}}\ntasks:\n  t:\n    type: routine\n    domain: component\n    \
             duration: 1m\n    steps: [{{run: [\"true\"], env: {{P: {{secret: s}}}}}}]\n"
        );
        let plan =
            crate::planfile::Text::new("maintenance.yaml", text.into_bytes()).read().into_plan().unwrap();
        let path = folder.path().join("maintenance.yaml");
        let world = World::new(&Connections::default(), &path, Clock::new(None));
        Self { folder, plan, world }
    }

    fn password(self, value: impl AsRef<[u8]>, mode: u32) -> Self {
        let path = self.folder.path().join("password");
        fs::write(&path, value).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    fn read(&self) -> Result<String, String> {
        let task = self.plan.tasks.get("t").unwrap();
        let values = Secrets::new(&self.plan, &self.world).read_for(task, &Cancel::new().unwrap());
        let value = values.map(|values| values.get("s").unwrap().expose_secret().to_owned());
        value.map_err(|error| {
            crate::in_words(&error).replace(&self.folder.path().display().to_string(), "FOLDER")
        })
    }
}

#[track_caller]
fn refused(place: &Place, expected: &str) {
    assert_eq!(place.read(), Err(format!("secret `s`: {expected}")));
}

#[test]
fn a_file_is_a_secret_without_its_line_end_when_it_is_ours_alone() {
    let source = "{file: password}";
    for mode in [0o600, 0o400] {
        assert_eq!(Place::new(source).password("hunter2\n", mode).read(), Ok("hunter2".to_owned()));
    }
    assert_eq!(Place::new(source).password("two\nlines\r\n", 0o600).read(), Ok("two\nlines".to_owned()));
    for mode in [0o640, 0o604, 0o620, 0o666] {
        let place = Place::new(source).password("hunter2\n", mode);
        let expected =
            format!("FOLDER/password has the mode {mode:04o}, so that others can use it; chmod 0600 it");
        refused(&place, &expected);
    }
    refused(&Place::new(source), "cannot read FOLDER/password: No such file or directory (os error 2)");
    refused(&Place::new("{file: .}"), "FOLDER/. is no regular file");
}

#[test]
fn what_cannot_be_a_secret_is_refused() {
    let source = "{file: password}";
    refused(&Place::new(source).password("\n", 0o600), "it is empty");
    refused(&Place::new(source).password([0xff; 9], 0o600), "it is no UTF-8 text, or holds a NUL byte");
    refused(&Place::new(source).password("hunter\0two", 0o600), "it is no UTF-8 text, or holds a NUL byte");
    refused(&Place::new(source).password(vec![b'x'; MAX_BYTES + 1], 0o600), "it has more than 65536 bytes");
    let expected = "it has 3 bytes, and a secret has at least 4: a shorter one cannot be hidden from what is shown and stored";
    refused(&Place::new(source).password("abc\n", 0o600), expected);
    refused(
        &Place::new("{env: NO_SUCH_VARIABLE_AT_ALL}"),
        "the environment variable `NO_SUCH_VARIABLE_AT_ALL` is not set",
    );
}

#[test]
fn a_pipe_in_the_place_of_a_file_does_not_hold_up_anything() {
    let place = Place::new("{file: password}");
    let path = place.folder.path().join("password");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    refused(&place, "FOLDER/password is no regular file");
}

#[test]
fn a_command_is_a_secret_by_what_it_prints_on_standard_output() {
    let place = Place::new("{command: [sh, -c, 'echo noise >&2; echo hunter2; sleep 60 >/dev/null 2>&1 &']}");
    assert_eq!(place.read(), Ok("hunter2".to_owned()));
    let place = Place::new("{command: [sh, -c, 'echo hunter2; echo the vault is sealed >&2; exit 3']}");
    refused(&place, "`sh` failed, exit code 3: the vault is sealed");
    refused(&Place::new("{command: [sh, -c, 'yes']}"), "it has more than 65536 bytes");
    refused(&Place::new("{command: [sh, -c, 'kill -9 $$']}"), "`sh` failed, killed by signal 9 (SIGKILL)");
    let error = Place::new("{command: [no-such-program-at-all]}").read().unwrap_err();
    assert!(error.starts_with("secret `s`: program `no-such-program-at-all` is not in PATH"), "{error}");
}

#[test]
fn a_command_that_hangs_ends_with_the_work() {
    let place = Place::new("{command: [sleep, \"600\"]}");
    let cancel = Cancel::new().unwrap();
    cancel.fire();
    let task = place.plan.tasks.get("t").unwrap();
    let error = Secrets::new(&place.plan, &place.world).read_for(task, &cancel).unwrap_err();
    assert_eq!(crate::in_words(&error), "secret `s`: interrupted");
}

#[test]
fn what_was_read_is_hidden_and_so_is_what_is_only_at_hand() {
    let place = Place::new("{file: password}").password("hunter2\n", 0o600);
    let redactor = &place.world.outputs.redactor;
    Secrets::new(&place.plan, &place.world).hide_what_is_at_hand();
    assert_eq!(redactor.hide("x hunter2"), "x [secret s]");
    let place = Place::new("{command: [echo, hunter2]}");
    let redactor = &place.world.outputs.redactor;
    Secrets::new(&place.plan, &place.world).hide_what_is_at_hand();
    assert_eq!(redactor.hide("x hunter2"), "x hunter2", "its command was not run");
    place.read().unwrap();
    assert_eq!(redactor.hide("x hunter2"), "x [secret s]");
}
