//! A tenant with one of everything: the steps stand in `tenant.json`, which is sent through the
//! methods like any other request; what later steps and the generated requests need of an answer is
//! kept under a name.

use std::collections::BTreeMap;

use postgres::TenantId;
use prost_reflect::{DynamicMessage, MethodDescriptor, ReflectMessage as _, SerializeOptions};
use serde_json::{Value, json};
use tonic::Code;
use uuid::Uuid;

use crate::contract::{self, Answer, access_of, call};
use crate::up::Up;

/// A tenant, and what it can be asked about.
pub struct Tenant {
    /// Its identity.
    pub id: TenantId,
    token: String,
    /// What was kept, by name.
    pub kept: BTreeMap<String, String>,
}

impl Tenant {
    /// One of this name, with one of everything.
    pub async fn furnished(up: &Up, name: &str) -> Self {
        let id = TenantId::new(Uuid::now_v7());
        let mut tenant = Self {
            id,
            token: up.token(id, None),
            kept: BTreeMap::from([("tenant_name".to_owned(), name.to_owned())]),
        };
        let steps: Vec<Value> = serde_json::from_str(include_str!("tenant.json")).unwrap();
        for step in steps {
            match (step.get("settle"), step.get("until")) {
                (Some(_), _) => tenant.settle(up).await,
                (_, Some(until)) => tenant.advance(up, json!({ "target_time": until })).await,
                _ => tenant.take(up, &step).await,
            }
        }
        tenant
    }

    async fn take(&mut self, up: &Up, step: &Value) {
        let name = step["call"].as_str().unwrap();
        let with = self.filled(&step["with"]);
        let answer = self.ask(up, name, with).await;
        for (kept, path) in step
            .get("keep")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let pointer = format!("/{}", path.as_str().unwrap().replace('.', "/"));
            let found = answer.pointer(&pointer).and_then(Value::as_str);
            let found = found.unwrap_or_else(|| panic!("{name} answers no {pointer}: {answer}"));
            self.kept.insert(kept.clone(), found.to_owned());
        }
    }

    /// Asks, where a refusal is a fault; what a feed has yet to bring is waited for.
    async fn ask(&self, up: &Up, name: &str, with: Value) -> Value {
        let method = contract::method(name);
        let mut answer = self
            .send(up, &method, vec![request(&method, with.clone())])
            .await;
        if answer.code == Some(Code::Unavailable) {
            self.settle(up).await;
            answer = self.send(up, &method, vec![request(&method, with)]).await;
        }
        assert!(answer.is_ok(), "{name}: {}", answer.told());
        let options = SerializeOptions::new().use_proto_field_name(true);
        let response = answer.response.unwrap();
        response
            .serialize_with_options(serde_json::value::Serializer, &options)
            .unwrap()
    }

    /// Calls a method in the tenant's name; as a peer, where only peers may.
    pub async fn send(
        &self,
        up: &Up,
        method: &MethodDescriptor,
        messages: Vec<DynamicMessage>,
    ) -> Answer {
        match access_of(method).peers.first() {
            None => call(&up.channel, method, messages, Some(&self.token)).await,
            Some(peer) => {
                let token = up.token(self.id, Some(peer));
                call(&up.channel, method, messages, Some(&token)).await
            }
        }
    }

    /// Lets everything that is under way come to rest.
    pub async fn settle(&self, up: &Up) {
        self.advance(up, json!({ "duration": "0s" })).await;
    }

    async fn advance(&self, up: &Up, reach: Value) {
        let method = contract::method("sandbox.ClockService/Advance");
        let answer = self.send(up, &method, vec![request(&method, reach)]).await;
        assert!(answer.is_ok(), "Advance: {}", answer.told());
    }

    /// The step with the names in it replaced by what was kept.
    fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let put = |text: String, (name, kept): (&String, &String)| {
                    text.replace(&format!("${{{name}}}"), kept)
                };
                Value::String(self.kept.iter().fold(text.clone(), put))
            }
            Value::Array(all) => all.iter().map(|one| self.filled(one)).collect(),
            Value::Object(all) => {
                let filled = all
                    .iter()
                    .map(|(name, one)| (name.clone(), self.filled(one)));
                Value::Object(filled.collect())
            }
            other => other.clone(),
        }
    }
}

/// A request, with a request id of its own where it has one.
fn request(method: &MethodDescriptor, with: Value) -> DynamicMessage {
    let mut message = DynamicMessage::deserialize(method.input(), with).unwrap();
    freshen(&mut message);
    message
}

/// Gives a request an id that no other had.
pub fn freshen(message: &mut DynamicMessage) {
    if message
        .descriptor()
        .get_field_by_name("request_id")
        .is_some()
    {
        let fresh = prost_reflect::Value::String(Uuid::now_v7().to_string());
        message.set_field_by_name("request_id", fresh);
    }
}
