//! The verdicts, row by row.

mod facts;
mod laws;
mod rows;
mod secrets;
mod table;
