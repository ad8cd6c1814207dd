//! Small protos for the tests of the rules, compiled in memory.

use protox::file::{
    ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver,
};

use crate::protos::Protos;

struct InMemory {
    text: String,
}

const NAME: &str = "recoup/credit/v1/sample.proto";

impl FileResolver for InMemory {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name == NAME {
            File::from_source(name, &self.text)
        } else {
            Err(protox::Error::file_not_found(name))
        }
    }
}

/// A file of the package `recoup.credit.v1` with `body` in it.
pub(crate) fn protos(body: &str) -> Protos {
    let imports = [
        "google/protobuf/field_mask.proto",
        "google/protobuf/timestamp.proto",
        "google/type/date.proto",
        "recoup/common/v1/options.proto",
        "recoup/sandbox/v1/clock_service.proto",
    ];
    let imports: String = imports
        .iter()
        .map(|name| format!("import \"{name}\"; "))
        .collect();
    let text = format!("syntax = \"proto3\"; package recoup.credit.v1; {imports}\n{body}");
    let mut files = ChainFileResolver::new();
    files.add(InMemory { text });
    files.add(IncludeFileResolver::new(
        architecture::tree::root().join("proto"),
    ));
    files.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(files);
    compiler.include_imports(true).include_source_info(true);
    compiler.open_file(NAME).unwrap();
    Protos::decode(&compiler.encode_file_descriptor_set()).unwrap()
}

/// A service with one method, and its messages.
pub(crate) fn method(name: &str, scope: &str, request: &str, response: &str) -> Protos {
    protos(&format!(
        "service SampleService {{\n  rpc {name}({name}Request) returns ({name}Response) {{\n    \
         option (recoup.common.v1.access) = {{{scope}}};\n  }}\n}}\n\
         message {name}Request {{ {request} }}\nmessage {name}Response {{ {response} }}\n\
         message Limit {{ string limit_id = 1; }}\n"
    ))
}

/// What the findings say, each with its line.
pub(crate) fn told(found: Vec<architecture::Finding>) -> Vec<String> {
    found
        .into_iter()
        .map(|one| format!("{}: {}", one.line, one.what))
        .collect()
}
