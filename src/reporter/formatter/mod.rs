//! Formatter: the result as bytes.
//!
//! People's formats are made of one [`page::Page`], which words every fact once; JSON is the result itself.

pub mod debt;
pub mod html;
pub mod json;
pub mod markdown;
pub mod page;
pub mod text;
