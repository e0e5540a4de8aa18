//! Tests of `src/login`.

mod csrf;
mod ldap;
mod one_answer;
mod setup;
mod sign_in;
mod throttle;
