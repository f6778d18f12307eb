//! Place: none. Why a call of the API failed.

/// A failed call.
#[derive(Debug, thiserror::Error)]
pub enum CscClientError {
    /// The address cannot be used.
    #[error("service address {address}: {reason}")]
    Address {
        /// The address.
        address: String,
        /// What is wrong and what to do.
        reason: &'static str,
    },
    /// The service was not reached, or did not answer in time.
    #[error("{method}: the service did not answer ({source}); is it running?")]
    Transport {
        /// API method.
        method: &'static str,
        /// What happened.
        source: reqwest::Error,
    },
    /// The service refused.
    #[error("{method}: refused with {status}: {error}: {description}")]
    Refused {
        /// API method.
        method: &'static str,
        /// HTTP status.
        status: u16,
        /// CSC `error`.
        error: String,
        /// CSC `error_description`.
        description: String,
    },
    /// The answer is not what the API says.
    #[error("{method}: the answer's {field} {reason}")]
    Answer {
        /// API method.
        method: &'static str,
        /// Member of the answer.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
}
