//! One member of the Alertmanager cluster.

use super::{TIMEOUT, digest};
use crate::validator::verifier::facts::Member;
use crate::world::alertmanager::Alertmanager;
use crate::world::prometheus::PeerError;

/// Mainstay's own silences come and go with their runs, and change their ids when they are renewed.
pub(in crate::validator::verifier) fn member(alertmanager: &Alertmanager) -> Result<Member, PeerError> {
    let status = alertmanager.status(TIMEOUT)?;
    let [loaded] = alertmanager.own_metrics(["alertmanager_config_last_reload_successful"], TIMEOUT)?;
    let all = alertmanager.silences(TIMEOUT)?.into_iter();
    let others =
        all.filter(|silence| silence.status.state == "active" && !silence.comment.contains("[mainstay:"));
    Ok(Member {
        config_digest: digest(&status.config.original),
        reload_ok: loaded.map(|loaded| loaded > 0.0),
        cluster: status.cluster.status,
        peers: u64::try_from(status.cluster.peers.len()).unwrap_or(u64::MAX),
        silences: others.map(|silence| (silence.id, silence.ends_at)).collect(),
    })
}
