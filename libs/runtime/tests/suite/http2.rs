//! The limits of HTTP/2 as they stand on the wire (P35), spoken
//! to by hand: a client library would keep to them by itself.

use std::collections::BTreeMap;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::*;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const ENHANCE_YOUR_CALM: u32 = 11;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

async fn connect(world: &World) -> TcpStream {
    let mut socket = TcpStream::connect(world.address).await.unwrap();
    let hello = [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat();
    socket.write_all(&hello).await.unwrap();
    socket
}

async fn next(socket: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut head = [0_u8; 9];
    socket.read_exact(&mut head).await.ok()?;
    let length = usize::try_from(u32::from_be_bytes([0, head[0], head[1], head[2]])).unwrap();
    let mut payload = vec![0; length];
    socket.read_exact(&mut payload).await.ok()?;
    Some((head[3], payload))
}

/// A request whose headers need no compression state: indexed and literal entries.
fn request(path: &str) -> Vec<u8> {
    let mut block = vec![0x83, 0x86]; // :method POST, :scheme http
    let mut literal = |index: u8, value: &str| {
        block.push(index);
        block.push(u8::try_from(value.len()).unwrap());
        block.extend(value.as_bytes());
    };
    literal(0x04, path);
    literal(0x01, "localhost");
    block
}

#[tokio::test]
async fn p35_the_settings_frame_tells_the_limits() {
    let world = World::start().await;
    let mut socket = connect(&world).await;
    let (kind, payload) = within(next(&mut socket)).await.unwrap();
    assert_eq!(kind, SETTINGS);
    let told: BTreeMap<u16, u32> = payload
        .chunks(6)
        .map(|entry| {
            let id = u16::from_be_bytes(entry[..2].try_into().unwrap());
            (id, u32::from_be_bytes(entry[2..].try_into().unwrap()))
        })
        .collect();
    let (max_concurrent_streams, max_header_list_size, max_frame_size) = (3, 6, 5);
    assert_eq!(told.get(&max_concurrent_streams), Some(&256), "{told:?}");
    assert_eq!(told.get(&max_header_list_size), Some(&16_384), "{told:?}");
    assert_eq!(told.get(&max_frame_size), Some(&16_384), "{told:?}");
}

#[tokio::test]
async fn p35_rapid_reset_ends_the_connection() {
    let world = World::start().await;
    let mut socket = connect(&world).await;
    let path = "/recoup.events.v1.ParkedEventService/ListParkedEvents";
    let mut flood = Vec::new();
    for stream in (1..2_000_u32).step_by(2) {
        flood.extend(frame(HEADERS, 0x4, stream, &request(path)));
        flood.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
    }
    // The server may hang up before it has read all of it.
    drop(socket.write_all(&flood).await);
    let reason = within(async {
        while let Some((kind, payload)) = next(&mut socket).await {
            if kind == GOAWAY {
                return Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
            }
        }
        None
    })
    .await;
    assert!(
        matches!(reason, Some(ENHANCE_YOUR_CALM) | None),
        "{reason:?}"
    );
    world
        .parked()
        .await
        .list_parked_events(world.list(""))
        .await
        .expect("others are served");
}

#[tokio::test]
async fn p33_headers_beyond_the_limit_are_refused() {
    let world = World::start().await;
    let mut request = world.list("");
    request
        .metadata_mut()
        .insert("x-large", "x".repeat(20_000).parse().unwrap());
    let status = world
        .parked()
        .await
        .list_parked_events(request)
        .await
        .unwrap_err();
    assert_eq!(
        world.steps.begun.load(std::sync::atomic::Ordering::SeqCst),
        0
    );
    assert_ne!(status.code(), tonic::Code::Ok);
}
