//! Generates the Rust code of every proto below `proto/recoup`, without an
//! installed protoc, and three things the generators do not give: the encoded
//! descriptor set with our options in it, the table of methods with who may
//! call them, and [`Mutation`] for every request that carries a request id.

#![expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script its folders so"
)]

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, Value};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const ACCESS: &str = "recoup.common.v1.access";

fn main() -> Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo::rerun-if-changed={}", root.join("recoup").display());
    let mut files = Vec::new();
    proto_files(&root.join("recoup"), &mut files)?;
    files.sort();

    let mut compiler = protox::Compiler::new([&root])?;
    compiler
        .include_source_info(true)
        .include_imports(true)
        .open_files(&files)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let encoded = compiler.encode_file_descriptor_set();
    fs::write(out.join("descriptors.bin"), &encoded)?;

    let set = compiler.file_descriptor_set();
    let mut messages = tonic_prost_build::Config::new();
    messages.enable_type_names();
    tonic_prost_build::configure()
        .include_file("recoup.rs")
        // Sorted maps: the encoding of a request is its fingerprint.
        .btree_map(".")
        .compile_fds_with_config(set, messages)?;

    let pool = DescriptorPool::decode(encoded.as_slice())?;
    fs::write(out.join("access.rs"), methods_table(&pool)?)?;
    fs::write(out.join("mutations.rs"), mutations(&pool))?;
    Ok(())
}

fn proto_files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            proto_files(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "proto") {
            found.push(path);
        }
    }
    Ok(())
}

/// One `Method` a line, sorted by path, so that a lookup can search by halves.
fn methods_table(pool: &DescriptorPool) -> Result<String> {
    let mut methods: Vec<MethodDescriptor> = pool
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect();
    methods.sort_by_key(path);
    let mut code = String::from("&[\n");
    for method in &methods {
        let access = access(pool, method)?;
        writeln!(
            code,
            "    Method {{ path: {:?}, scope: {:?}, peers: &{:?}, any_tenant: {}, mutating: {}, client_streaming: {}, server_streaming: {} }},",
            path(method),
            access.scope,
            access.peers,
            access.any_tenant,
            method.input().get_field_by_name("request_id").is_some()
                || access.scope.ends_with(":write"),
            method.is_client_streaming(),
            method.is_server_streaming(),
        )?;
    }
    code.push_str("]\n");
    Ok(code)
}

fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

struct Access {
    scope: String,
    peers: Vec<String>,
    any_tenant: bool,
}

/// The access option of a method; a method without one, or without a scope,
/// fails the build (P29).
fn access(pool: &DescriptorPool, method: &MethodDescriptor) -> Result<Access> {
    let extension = pool
        .get_extension_by_name(ACCESS)
        .ok_or("the access option is not declared")?;
    let options: DynamicMessage = method.options();
    if !options.has_extension(&extension) {
        return Err(format!(
            "{}: no option ({ACCESS}): say who may call it",
            method.full_name()
        )
        .into());
    }
    let value = options.get_extension(&extension).into_owned();
    let message = value
        .as_message()
        .ok_or("the access option is not a message")?;
    let text = |name: &str| -> String {
        message
            .get_field_by_name(name)
            .and_then(|value| value.as_str().map(str::to_owned))
            .unwrap_or_default()
    };
    let scope = text("scope");
    if !scope.contains(':') {
        return Err(format!(
            "{}: scope {scope:?} is not <service>.<noun>:<verb>",
            method.full_name()
        )
        .into());
    }
    let peers = match message.get_field_by_name("peers").as_deref() {
        Some(Value::List(items)) => items
            .iter()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    };
    let any_tenant = message
        .get_field_by_name("any_tenant")
        .and_then(|value| value.as_bool())
        .unwrap_or(false);
    Ok(Access {
        scope,
        peers,
        any_tenant,
    })
}

/// `impl Mutation` for every request with a `request_id`.
fn mutations(pool: &DescriptorPool) -> String {
    let mut code = String::new();
    for message in pool.all_messages() {
        let named =
            message.full_name().starts_with("recoup.") && message.name().ends_with("Request");
        if !named || message.get_field_by_name("request_id").is_none() {
            continue;
        }
        let module = message.package_name().replace('.', "::");
        code.push_str(&format!(
            "impl Mutation for crate::{module}::{name} {{\n    fn request_id(&self) -> &str {{ &self.request_id }}\n    fn clear_request_id(&mut self) {{ self.request_id.clear(); }}\n}}\n",
            name = message.name(),
        ));
    }
    code
}
