//! Sign-in for apps that know nothing of `OpenID` Connect: a proxy asks us about every request.
//!
//! ```text
//! browser ─► proxy ─► /forward-auth/check ─► rule ─► pass ─► session ─► admitted? ─► 200 with Remote-*, 401 or 403
//!               └──── 401 ─► /forward-auth ─► 302 ─► /forward-auth/start at the issuer: sign in, admitted?
//!    pass in a cookie of the app's host ◄── /.portcullis/return at the app's host ◄── ticket ──┘
//! ```
//! A pass is a cookie of one host and good for that host only, so that an app that sees it can do
//! nothing elsewhere. It names a session and is asked about with each request: when the session
//! ends, so does the pass. Nothing is stored for it (docs/decisions/0017).
//!
//! May import kernel to oidc. Start at [`rule`].

pub mod http;
pub mod pass;
pub mod rule;
pub mod target;
pub mod visitor;

pub use pass::Passes;
pub use rule::Rules;
pub use visitor::Visitors;
