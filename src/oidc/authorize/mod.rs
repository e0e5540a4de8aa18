//! The authorization endpoint: types carry the order.
//!
//! ```text
//! Params ─► RedirectTarget ─► AuthorizeRequest ─► Decision ─► answer
//!           client and redirect URI   the rest       pure        by redirect, form or page
//! ```
//! Before there is a target, an error is a page; after, it is a redirect. Only
//! [`target::RedirectTarget::verify`] makes a target, and only a target makes a redirect.

pub mod decide;
pub mod request;
pub mod resume;
pub mod target;
