//! Tests of `src/login`.

mod csrf;
mod ldap;
mod ldap_sign_in;
mod one_answer;
mod password_schemes;
mod setup;
mod sign_in;
mod throttle;
