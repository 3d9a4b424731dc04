//! How the program is linked.
//!
//! Cron starts mainstay every minute and editors at every save, so its start counts. Two thirds of that went into
//! relocation: the tables of time zones that `rrule` brings, of regular expressions and of the command line hold some
//! 45,000 addresses, and each page of them was copied and patched before `main`. A program with a fixed address has
//! them ready in its file: `validate` of a small file takes 1.4 ms instead of 2.2 ms, where an empty program takes 0.7.
//! Libraries, heap and stack keep their random addresses.
#![allow(clippy::print_stdout, reason = "this is how a build script talks to cargo")]

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    let target = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
