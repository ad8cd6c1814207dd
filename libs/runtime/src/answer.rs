//! What a mutating handler answers: something new, or the stored answer of the
//! same request (P3).

use prost::Message;
use tonic::Response;
use tonic::metadata::MetadataValue;

use crate::Refusal;

/// Metadata that tells a caller that its request had been done before.
const REPLAYED: &str = "recoup-replayed";

/// The answer of a mutating handler.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T>(Content<T>);

#[derive(Debug, Clone, PartialEq)]
enum Content<T> {
    New(T),
    Stored(Vec<u8>),
}

impl<T> Answer<T> {
    /// An answer to something that was done now.
    pub const fn new(message: T) -> Self {
        Self(Content::New(message))
    }

    /// The encoded answer that was stored when the request was done first.
    #[must_use]
    pub const fn replayed(stored: Vec<u8>) -> Self {
        Self(Content::Stored(stored))
    }
}

impl<T: Message + Default> Answer<T> {
    /// The response for the wire.
    pub(crate) fn into_response(self) -> Result<Response<T>, Refusal> {
        match self.0 {
            Content::New(message) => Ok(Response::new(message)),
            Content::Stored(bytes) => {
                let message = T::decode(bytes.as_slice()).map_err(Refusal::internal)?;
                let mut response = Response::new(message);
                let told = MetadataValue::from_static("true");
                response.metadata_mut().insert(REPLAYED, told);
                Ok(response)
            }
        }
    }
}

impl<T> From<T> for Answer<T> {
    fn from(message: T) -> Self {
        Self::new(message)
    }
}
