//! Our files in a descriptor set, and where a descriptor stands in its file.

use anyhow::Result;
use architecture::Finding;
use prost_reflect::{
    DescriptorPool, EnumDescriptor, FieldDescriptor, FileDescriptor, MessageDescriptor,
    MethodDescriptor,
};

/// The contracts, as compiled, with their comments.
pub struct Protos {
    pool: DescriptorPool,
}

impl Protos {
    /// Reads an encoded descriptor set.
    ///
    /// # Errors
    /// When it is not one.
    pub fn decode(encoded: &[u8]) -> Result<Self> {
        Ok(Self {
            pool: DescriptorPool::decode(encoded)?,
        })
    }

    /// The contracts of this checkout.
    ///
    /// # Errors
    /// As [`Protos::decode`].
    pub fn of_this_checkout() -> Result<Self> {
        Self::decode(contracts::DESCRIPTOR_SET)
    }

    /// All of it, to look options up.
    #[must_use]
    pub fn pool(&self) -> &DescriptorPool {
        &self.pool
    }

    /// Our methods.
    #[must_use]
    pub fn methods(&self) -> Vec<MethodDescriptor> {
        let services = self
            .pool
            .services()
            .filter(|one| is_ours(&one.parent_file()));
        services
            .flat_map(|service| service.methods().collect::<Vec<_>>())
            .collect()
    }

    /// Our messages, nested ones too, without the entries that maps are made of.
    #[must_use]
    pub fn messages(&self) -> Vec<MessageDescriptor> {
        let ours = self
            .pool
            .all_messages()
            .filter(|one| is_ours(&one.parent_file()));
        ours.filter(|one| !one.is_map_entry()).collect()
    }

    /// The fields of our messages.
    #[must_use]
    pub fn fields(&self) -> Vec<FieldDescriptor> {
        let messages = self.messages();
        messages
            .iter()
            .flat_map(|message| message.fields().collect::<Vec<_>>())
            .collect()
    }

    /// Our enums, nested ones too.
    #[must_use]
    pub fn enums(&self) -> Vec<EnumDescriptor> {
        self.pool
            .all_enums()
            .filter(|one| is_ours(&one.parent_file()))
            .collect()
    }
}

fn is_ours(file: &FileDescriptor) -> bool {
    file.package_name().starts_with("recoup.")
}

/// The service that a package belongs to: `credit` of `recoup.credit.v1`.
#[must_use]
pub fn service_of(file: &FileDescriptor) -> String {
    file.package_name()
        .split('.')
        .nth(1)
        .unwrap_or_default()
        .to_owned()
}

/// Something with a place in a file.
pub trait Placed {
    /// The file.
    fn file(&self) -> FileDescriptor;
    /// The path in the file's descriptor.
    fn place(&self) -> Vec<i32>;

    /// A finding at this place.
    fn finding(&self, what: impl Into<String>, remedy: &str) -> Finding {
        let file = self.file();
        Finding::new(
            format!("proto/{}", file.name()),
            line(&file, &self.place()),
            what,
            remedy,
        )
    }

    /// The comment above it.
    fn comment(&self) -> String {
        let file = self.file();
        let info = file.file_descriptor_proto().source_code_info.as_ref();
        let mut locations = info.iter().flat_map(|info| &info.location);
        let place = self.place();
        let found = locations.find(|location| location.path == place);
        found
            .map(|location| location.leading_comments().to_owned())
            .unwrap_or_default()
    }
}

fn line(file: &FileDescriptor, place: &[i32]) -> usize {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    let mut locations = info.iter().flat_map(|info| &info.location);
    let start = locations
        .find(|location| location.path == place)
        .and_then(|one| one.span.first());
    start
        .and_then(|start| usize::try_from(start + 1).ok())
        .unwrap_or(1)
}

impl Placed for MethodDescriptor {
    fn file(&self) -> FileDescriptor {
        self.parent_service().parent_file()
    }
    fn place(&self) -> Vec<i32> {
        self.path().to_vec()
    }
}

impl Placed for MessageDescriptor {
    fn file(&self) -> FileDescriptor {
        self.parent_file()
    }
    fn place(&self) -> Vec<i32> {
        self.path().to_vec()
    }
}

impl Placed for FieldDescriptor {
    fn file(&self) -> FileDescriptor {
        self.parent_message().parent_file()
    }
    fn place(&self) -> Vec<i32> {
        self.path().to_vec()
    }
}

impl Placed for EnumDescriptor {
    fn file(&self) -> FileDescriptor {
        self.parent_file()
    }
    fn place(&self) -> Vec<i32> {
        self.path().to_vec()
    }
}
