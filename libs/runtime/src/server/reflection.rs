//! Reflection of the contracts, for the services that this process serves and no
//! others. In both versions of the protocol: Python's client speaks only the older.

use tonic_reflection::server::v1::{ServerReflection, ServerReflectionServer};
use tonic_reflection::server::v1alpha::{
    ServerReflection as ServerReflectionAlpha,
    ServerReflectionServer as ServerReflectionServerAlpha,
};
use tonic_reflection::server::{Builder, Error};

/// Both reflection services over the served names.
pub(super) fn services(
    names: &[&'static str],
) -> Result<
    (
        ServerReflectionServer<impl ServerReflection + use<>>,
        ServerReflectionServerAlpha<impl ServerReflectionAlpha + use<>>,
    ),
    Error,
> {
    Ok((builder(names).build_v1()?, builder(names).build_v1alpha()?))
}

fn builder(names: &[&'static str]) -> Builder<'static> {
    let health = tonic_health::pb::FILE_DESCRIPTOR_SET;
    let builder = Builder::configure()
        .register_encoded_file_descriptor_set(contracts::DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(health)
        .with_service_name("grpc.health.v1.Health");
    names
        .iter()
        .fold(builder, |builder, name| builder.with_service_name(*name))
}
