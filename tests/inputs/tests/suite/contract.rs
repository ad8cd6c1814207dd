//! The methods of the contracts, and a client that calls any of them with a message that only the
//! descriptors know.

use std::time::Duration;

use contracts::access::{self, Method};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor};
use tokio::time::timeout;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

/// A call that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Every method of every contract.
pub fn methods() -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(contracts::DESCRIPTOR_SET).unwrap();
    let ours = |name: &str| name.starts_with("recoup.");
    let services = pool.services().filter(|one| ours(one.full_name()));
    let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
    methods.collect()
}

/// The method of this name, for example `credit.CustomerService/GetCustomer`.
pub fn method(name: &str) -> MethodDescriptor {
    let found = methods().into_iter().find(|one| short(one) == name);
    found.unwrap_or_else(|| panic!("no contract has {name}"))
}

/// For people: `credit.CustomerService/GetCustomer`.
pub fn short(method: &MethodDescriptor) -> String {
    let service = method.parent_service().full_name().replace(".v1.", ".");
    format!(
        "{}/{}",
        service.trim_start_matches("recoup."),
        method.name()
    )
}

/// Who may call it.
pub fn access_of(method: &MethodDescriptor) -> &'static Method {
    access::method(&path(method)).unwrap()
}

fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// OK or why not; `None` when nothing came in time.
    pub code: Option<Code>,
    /// The reason of ErrorInfo.
    pub reason: String,
    /// The domain of ErrorInfo.
    pub domain: String,
    /// The fields of BadRequest.
    pub fields: Vec<String>,
    /// The text of the status.
    pub message: String,
    /// The last message of the answer.
    pub response: Option<DynamicMessage>,
}

impl Answer {
    fn ok(response: Option<DynamicMessage>) -> Self {
        Self {
            code: Some(Code::Ok),
            reason: String::new(),
            domain: String::new(),
            fields: Vec::new(),
            message: String::new(),
            response,
        }
    }

    fn refused(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info();
        let violations = details.bad_request().map(|bad| &bad.field_violations);
        let violations = violations.into_iter().flatten();
        Self {
            code: Some(status.code()),
            reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
            domain: info.map(|info| info.domain.clone()).unwrap_or_default(),
            fields: violations.map(|one| one.field.clone()).collect(),
            message: status.message().to_owned(),
            response: None,
        }
    }

    /// Whether it was done.
    pub fn is_ok(&self) -> bool {
        self.code == Some(Code::Ok)
    }

    /// For people.
    pub fn told(&self) -> String {
        match self.code {
            None => "no answer".to_owned(),
            Some(Code::Ok) => "OK".to_owned(),
            Some(code) => {
                let (reason, fields, message) = (&self.reason, &self.fields, &self.message);
                format!("{code:?} {reason} {fields:?}: {message}")
            }
        }
    }
}

/// Calls a method with these messages: one, but for streams.
pub async fn call(
    channel: &Channel,
    method: &MethodDescriptor,
    messages: Vec<DynamicMessage>,
    token: Option<&str>,
) -> Answer {
    let asked = timeout(PATIENCE, streamed(channel, method, messages, token)).await;
    match asked {
        Ok(Ok(response)) => Answer::ok(response),
        Ok(Err(status)) => Answer::refused(&status),
        Err(_) => Answer {
            code: None,
            ..Answer::ok(None)
        },
    }
}

async fn streamed(
    channel: &Channel,
    method: &MethodDescriptor,
    messages: Vec<DynamicMessage>,
    token: Option<&str>,
) -> Result<Option<DynamicMessage>, Status> {
    let mut grpc = Grpc::new(channel.clone()).max_decoding_message_size(64 * 1024 * 1024);
    grpc.ready()
        .await
        .map_err(|error| Status::unknown(error.to_string()))?;
    let mut request = Request::new(tokio_stream::iter(messages));
    if let Some(token) = token {
        let token = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", token);
    }
    let path = PathAndQuery::try_from(path(method)).unwrap();
    let answers = grpc
        .streaming(request, path, Dynamic(method.output()))
        .await?;
    let mut answers = answers.into_inner();
    let mut last = None;
    while let Some(message) = answers.message().await? {
        last = Some(message);
    }
    Ok(last)
}

/// Messages as the descriptors know them.
struct Dynamic(MessageDescriptor);

impl Codec for Dynamic {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self(self.0.clone())
    }

    fn decoder(&mut self) -> Self {
        Self(self.0.clone())
    }
}

impl Encoder for Dynamic {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, item: DynamicMessage, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(into)
            .map_err(|error| Status::unknown(error.to_string()))
    }
}

impl Decoder for Dynamic {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let decoded = DynamicMessage::decode(self.0.clone(), from);
        decoded
            .map(Some)
            .map_err(|error| Status::unknown(error.to_string()))
    }
}
