//! GetTask: with what is to be asked for, and when it may be.

use contracts::reminders::{GetTaskRequest, GetTaskResponse};
use runtime::{Call, Refusal};

use super::shown::shown_in_tx;
use crate::app::App;
use crate::domain::id::TaskId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetTaskRequest,
) -> Result<GetTaskResponse, Refusal> {
    let id = field::only_id("task_id", &request.task_id, TaskId::new)?;
    let tenant = call.tenant();
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::task::find_in_tx(&mut tx, tenant, id).await?;
    let task = found.ok_or_else(|| error::task::not_found(id))?;
    let task = shown_in_tx(&mut tx, tenant, task, app.clock.now()).await?;
    tx.commit().await?;
    Ok(GetTaskResponse { task: Some(task) })
}
