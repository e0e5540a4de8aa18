//! The real binary, as an operator runs it.

mod held;
mod ledger;
mod out_means_out;
mod secrets;
