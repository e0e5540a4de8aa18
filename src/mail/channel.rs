//! How a parcel travels.

crate::spec::words! {
    /// Mail, or a text message.
    Channel {
        /// By SMTP, or into a folder.
        Mail = "mail",
        /// By the text message transport.
        Sms = "sms",
    }
}
