//! What is made from the definition of the command line: completions, manual pages, and help that people read.

use std::fs;
use std::path::Path;

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use mainstay::validator::{codes, rules};
use serde_json::Value;

use super::support::{Case, assert_committed, assert_understood};

#[test]
fn the_committed_completions_are_current() {
    for (shell, name) in
        [(Shell::Bash, "mainstay.bash"), (Shell::Zsh, "_mainstay"), (Shell::Fish, "mainstay.fish")]
    {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut mainstay::cli::command(), "mainstay", &mut script);
        assert_committed(&format!("completions/{name}"), &without_trailing_blanks(&script));
    }
}

#[test]
fn the_committed_manual_pages_are_current_and_there_is_no_other() {
    let mut expected = Vec::new();
    for command in all_commands() {
        let name = format!("{}.1", full_name(&command));
        assert_committed(&format!("completions/man/{name}"), &manual_page(&command));
        expected.push(name);
    }
    assert_committed("completions/man/mainstay-rules.7", &manual_of_rules());
    assert_committed("completions/man/mainstay-checks.7", &manual_of_checks());
    expected.push("mainstay-checks.7".to_owned());
    expected.push("mainstay-rules.7".to_owned());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions/man");
    let mut committed: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    committed.sort();
    expected.sort();
    assert_eq!(committed, expected);
}

#[test]
fn the_help_is_what_people_are_meant_to_see() {
    insta::assert_snapshot!("help", Case::new().run("--help").exit(0).take_text());
    insta::assert_snapshot!("help_of_run", Case::new().run("run --help").exit(0).take_text());
}

#[test]
fn without_arguments_the_help_is_an_error() {
    let help = Case::new().run("-h").exit(0).take_text();
    Case::new().run("").exit(2).stderr(&help);
}

#[test]
fn help_is_also_a_command() {
    let help = Case::new().run("run --help").exit(0).take_text();
    Case::new().run("help run").exit(0).stdout(&help);
}

#[test]
fn every_example_in_the_help_is_a_command_line_that_mainstay_understands() {
    let mut n_examples = 0;
    for command in all_commands() {
        let help =
            command.get_after_help().unwrap_or_else(|| panic!("{} has no examples", full_name(&command)));
        let help = help.to_string();
        assert!(help.contains("Examples:"), "{help}");
        for line in help.lines() {
            assert!(line.chars().count() < 80, "too wide for a terminal of 80 columns: {line}");
            // What stands before the command belongs to a crontab.
            let Some(start) =
                line.find("mainstay ").filter(|start| !line[..*start].contains(char::is_alphanumeric))
            else {
                continue;
            };
            assert_understood(&line[start..]);
            n_examples += 1;
        }
    }
    assert!(n_examples > 30, "only {n_examples} examples were found");
}

/// The command and all below it.
fn all_commands() -> Vec<Command> {
    let mut root = without_help_command(mainstay::cli::command());
    root.build();
    let mut found = vec![root];
    let mut next = 0;
    while next < found.len() {
        let below: Vec<_> = found[next].get_subcommands().cloned().collect();
        found.extend(below);
        next += 1;
    }
    found
}

/// There is no manual page of `mainstay help`, so none may point to it.
fn without_help_command(command: Command) -> Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help_command)
}

/// Its name in full: `mainstay-audit-log`.
fn full_name(command: &Command) -> &str {
    command.get_display_name().unwrap_or(command.get_name())
}

fn manual_page(command: &Command) -> String {
    let after_help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let man =
        Man::new(command.clone().after_help("")).source(concat!("mainstay ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render_title(&mut page).unwrap();
    man.render_name_section(&mut page).unwrap();
    man.render_synopsis_section(&mut page).unwrap();
    man.render_description_section(&mut page).unwrap();
    man.render_options_section(&mut page).unwrap();
    if command.get_subcommands().next().is_some() {
        man.render_subcommands_section(&mut page).unwrap();
    }
    sections_of(&after_help).to_writer(&mut page).unwrap();
    without_trailing_blanks(&page)
}

/// The blocks after the options, line by line as they stand: roff would fill them into paragraphs.
fn sections_of(after_help: &str) -> Roff {
    let mut roff = Roff::default();
    for block in after_help.split("\n\n") {
        let (title, lines) = block.split_once(":\n").unwrap_or(("", block));
        let title = if title == "Exit codes" { "EXIT STATUS".to_owned() } else { title.to_uppercase() };
        roff.control("SH", [title.as_str()]).control("nf", []);
        for line in lines.lines() {
            roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
        }
        roff.control("fi", []);
    }
    roff
}

/// The page of all rules: a section each, with its reason and an example before and after.
fn manual_of_rules() -> String {
    let mut roff = Roff::default();
    roff.control("TH", ["mainstay-rules", "7", "", concat!("mainstay ", env!("CARGO_PKG_VERSION"))]);
    roff.control("SH", ["NAME"]).text([roman("mainstay-rules - what mainstay validate looks for, and why")]);
    roff.control("SH", ["DESCRIPTION"]).text([roman(
        "Every finding of mainstay-validate(1) has the code of a rule. A judgement can be waived, in a comment beside \
         what it is about or in the list `ignore:` of the plan file, with a reason and for a time:",
    )]);
    example(&mut roff, "# mainstay: ignore MS316 until 2027-01-31 there is no way back from a new kernel");
    for rule in rules::all() {
        let severity = format!("{:?}", rule.severity).to_lowercase();
        let waivable = if rule.is_waivable() { ", can be waived" } else { "" };
        roff.control("SH", [format!("{} {}", rule.code, rule.title).as_str()]);
        roff.text([roman(format!("({severity}{waivable})"))]).control("PP", []).text([roman(rule.why)]);
        roff.control("PP", []).text([roman("Before:")]);
        example(&mut roff, rule.before);
        roff.control("PP", []).text([roman("After:")]);
        example(&mut roff, rule.after);
    }
    roff.control("SH", ["WHAT IS NOT IN A PLAN FILE"]).text([roman(
        "Findings about the live system, recorded runs and silences have codes of their own, and no waiver takes them \
         back.",
    )]);
    for code in codes::all() {
        let severity = format!("{:?}", code.severity).to_lowercase();
        roff.control("SH", [format!("{} {}", code.code, code.title).as_str()]);
        roff.text([roman(format!("({severity})"))]).control("PP", []).text([roman(code.why)]);
        if !code.help.is_empty() {
            roff.control("PP", []).text([roman(code.help)]);
        }
    }
    let mut page = Vec::new();
    roff.to_writer(&mut page).unwrap();
    without_trailing_blanks(&page)
}

/// Every kind of check with its keys, as the JSON Schema describes them, and an example.
fn manual_of_checks() -> String {
    let schema = mainstay::planfile::schema();
    let described = |of: &serde_json::Value| of["description"].as_str().unwrap_or_default().to_owned();
    let mut roff = Roff::default();
    roff.control("TH", ["mainstay-checks", "7", "", concat!("mainstay ", env!("CARGO_PKG_VERSION"))]);
    roff.control("SH", ["NAME"]).text([roman("mainstay-checks - what mainstay asks of a live system")]);
    roff.control("SH", ["DESCRIPTION"]).text([roman(
        "A check is one assertion: exactly one of the kinds below, and the time that it may take (`timeout`, 10s by \
         default). A value that is expected is a matcher: a literal, a list of which each element has to be there, or \
         tests such as `{ge: 1}`, `{matches: '^v2'}`, `{exactly: [a, b]}` and `{not: {contains: error}}`. What cannot be \
         found out is unknown, never a yes and never a no.",
    )]);
    for (kind, yaml) in mainstay::validator::checks::manual::EXAMPLES {
        let key = &schema["definitions"]["Check"]["properties"][kind];
        let form = key.to_string();
        let form =
            form.split("#/definitions/").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let form = &schema["definitions"][form];
        assert!(form["properties"].is_object(), "the schema has no form of {kind}: {key}");
        roff.control("SH", [*kind]).text([roman(described(form))]);
        for (name, value) in form["properties"].as_object().unwrap() {
            roff.control("TP", ["4"]).text([roman(name.as_str())]).text([roman(described(value))]);
        }
        roff.control("PP", []).text([roman("Example:")]);
        example(&mut roff, yaml);
    }
    let mut page = Vec::new();
    roff.to_writer(&mut page).unwrap();
    without_trailing_blanks(&page)
}

/// Lines as they stand.
fn example(roff: &mut Roff, text: &str) {
    roff.control("RS", ["4"]).control("nf", []);
    for line in text.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []).control("RE", []);
}

/// Generators leave blanks at the ends of lines, which editors and `git diff --check` take offence at.
fn without_trailing_blanks(generated: &[u8]) -> String {
    let text = String::from_utf8(generated.to_vec()).unwrap();
    text.lines().fold(String::new(), |text, line| text + line.trim_end() + "\n")
}
