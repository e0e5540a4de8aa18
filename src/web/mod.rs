//! The HTTP toolkit: what every `http/` folder needs, and no rule of the product.
//!
//! Used by `http/` folders, `routes`, `server` and `app` only. Start at [`edge`], which every
//! request passes, and [`page`], which makes every page.

pub mod again;
pub mod assets;
pub mod client_address;
pub mod cookies;
pub mod cors;
pub mod csrf;
pub mod edge;
pub mod errors;
pub mod form;
pub mod headers;
pub mod hosts;
pub mod onward;
pub mod page;
pub mod return_to;
pub mod upload;

pub use errors::PageError;
pub use form::Form;
pub use page::{Page, Pages};
pub use return_to::ReturnTo;
