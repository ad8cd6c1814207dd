//! The clock of a sandbox: it goes where it is told and nowhere else, once for each request.

use contracts::convert::{instant_from_wire, instant_to_wire};
use contracts::sandbox::advance_request::Reach;
use contracts::sandbox::advance_response::Step;
use contracts::sandbox::clock_service_client::ClockServiceClient;
use contracts::sandbox::{AdvanceRequest, AdvanceResult, GetClockRequest};
use jiff::{SignedDuration, Timestamp};
use nix::sys::signal::Signal;
use stores::ScratchDir;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::child::Up;
use crate::serving::with_token;

const START: &str = "2026-01-31T23:59:59Z";

fn sandbox(folder: &ScratchDir) -> Up {
    Up::start_with(folder.path(), &["--sandbox", "--start", START])
}

fn to(instant: &str) -> Reach {
    Reach::TargetTime(instant_to_wire(instant.parse().unwrap()))
}

fn by(length: SignedDuration) -> Reach {
    Reach::Duration(prost_types::Duration {
        seconds: length.as_secs(),
        nanos: length.subsec_nanos(),
    })
}

async fn advance(up: &Up, request_id: &str, reach: Reach) -> Result<AdvanceResult, Status> {
    let mut client = ClockServiceClient::new(up.channel().await);
    let request = AdvanceRequest {
        request_id: request_id.to_owned(),
        reach: Some(reach),
    };
    let answers = client.advance(with_token(request, &up.token)).await?;
    let mut answers = answers.into_inner();
    let mut result = None;
    while let Some(answer) = answers.message().await? {
        assert_eq!(result, None, "the result is the last message");
        if let Some(Step::Result(last)) = answer.step {
            result = Some(last);
        }
    }
    Ok(result.unwrap())
}

async fn clock(up: &Up) -> Timestamp {
    let mut client = ClockServiceClient::new(up.channel().await);
    let asked = client.get_clock(with_token(GetClockRequest {}, &up.token));
    let shown = asked.await.unwrap().into_inner().current_time.unwrap();
    instant_from_wire(&shown).unwrap()
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().unwrap().reason
}

#[tokio::test]
async fn the_clock_stands_still_until_it_is_moved_and_each_request_moves_it_once() {
    let folder = ScratchDir::create().unwrap();
    let up = sandbox(&folder);
    assert_eq!(clock(&up).await.to_string(), START);

    let day = SignedDuration::from_hours(24);
    let first = advance(&up, "one day", by(day)).await.unwrap();
    assert_eq!((first.stop_count, first.unsettled_count), (1, 0));
    assert_eq!(clock(&up).await.to_string(), "2026-02-01T23:59:59Z");
    assert_eq!(advance(&up, "one day", by(day)).await.unwrap(), first);
    assert_eq!(clock(&up).await.to_string(), "2026-02-01T23:59:59Z");

    // Nowhere: it does what is due and waits for quiet.
    let nowhere = advance(&up, "nowhere", by(SignedDuration::ZERO))
        .await
        .unwrap();
    assert_eq!(nowhere.stop_count, 0);
    advance(&up, "to", to("2027-02-01T00:00:00.000001Z"))
        .await
        .unwrap();
    assert_eq!(clock(&up).await.to_string(), "2027-02-01T00:00:00.000001Z");
}

#[tokio::test]
async fn a_target_out_of_reach_or_a_used_request_id_is_refused_and_the_clock_stays() {
    let folder = ScratchDir::create().unwrap();
    let up = sandbox(&folder);
    let second = SignedDuration::from_secs(1);
    advance(&up, "used", by(second)).await.unwrap();
    for (request_id, reach, code, expected) in [
        (
            "past",
            to(START),
            Code::InvalidArgument,
            "TARGET_IN_THE_PAST",
        ),
        (
            "far",
            to("2036-12-31T00:00:00Z"),
            Code::InvalidArgument,
            "TARGET_TOO_FAR",
        ),
        (
            "farther",
            by(SignedDuration::MAX),
            Code::InvalidArgument,
            "TARGET_TOO_FAR",
        ),
        (
            "back",
            by(-second),
            Code::InvalidArgument,
            "REQUEST_INVALID",
        ),
        ("", by(second), Code::InvalidArgument, "REQUEST_INVALID"),
        (
            "used",
            by(second * 2),
            Code::InvalidArgument,
            "REQUEST_ID_REUSED",
        ),
    ] {
        let refused = advance(&up, request_id, reach).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (code, expected),
            "{request_id}"
        );
    }
    assert_eq!(clock(&up).await.to_string(), "2026-02-01T00:00:00Z");
}

#[tokio::test]
async fn the_clock_of_a_sandbox_goes_on_where_an_earlier_process_left_it() {
    let folder = ScratchDir::create().unwrap();
    let up = sandbox(&folder);
    let result = advance(&up, "id", to("2026-03-01T00:00:00Z"))
        .await
        .unwrap();
    up.stop(Signal::SIGKILL);
    let up = sandbox(&folder);
    assert_eq!(clock(&up).await.to_string(), "2026-03-01T00:00:00Z");
    let again = advance(&up, "id", to("2026-03-01T00:00:00Z"))
        .await
        .unwrap();
    assert_eq!(again, result);
}

#[tokio::test]
async fn without_a_sandbox_nobody_moves_the_clock() {
    let folder = ScratchDir::create().unwrap();
    let up = Up::start(folder.path());
    let refused = advance(&up, "id", by(SignedDuration::ZERO))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
}
