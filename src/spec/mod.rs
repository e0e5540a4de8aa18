//! Words of the RFCs as types: parse and `Display`, nothing else. No clock, no data, no HTTP.
//!
//! Start at [`params`]: whatever comes in from a browser or a client is read there first.

pub mod acr;
pub mod auth_method;
pub mod claims_request;
pub mod display_mode;
pub mod error_code;
pub mod grant_type;
pub mod params;
pub mod permission_name;
pub mod pkce;
pub mod plain;
pub mod prompt;
pub mod resource;
pub mod response_mode;
pub mod response_type;
pub mod scope;
pub mod small_word;
mod words;

pub use acr::Acr;
pub use auth_method::AuthMethod;
pub use claims_request::ClaimsRequest;
pub use error_code::ErrorCode;
pub use grant_type::GrantType;
pub use params::Params;
pub use permission_name::PermissionName;
pub use prompt::Prompts;
pub use resource::Audiences;
pub use response_mode::ResponseMode;
pub use response_type::ResponseType;
pub use scope::Scope;
pub(crate) use words::words;
