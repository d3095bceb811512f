//! Where to look: the homes, the current folder, and what was named.

use std::path::{Path, PathBuf};

use super::Failure;
use super::args::Place;
use crate::discover::{Clients, Home, Host, Os, Request, other_homes};

/// What the arguments and the variables say about where to look.
pub(super) fn request(
    paths: &[PathBuf],
    place: &Place,
    clients: &Clients,
    variables: &[(String, String)],
) -> Result<Request, Failure> {
    if let Some(unknown) = place.client.iter().find(|id| clients.get(id).is_none()) {
        let known: Vec<&str> = clients.all().iter().map(|client| client.id.as_str()).collect();
        return Err(Failure::Usage(format!("--client {unknown}: known are {}", known.join(", "))));
    }
    let current =
        std::env::current_dir().map_err(|error| Failure::File { path: "the current folder".to_owned(), error })?;
    Ok(Request {
        paths: paths.to_vec(),
        clients: place.client.clone(),
        homes: homes(place, clients, variables)?,
        own_home: std::env::home_dir(),
        current,
        known_projects: place.known_projects,
    })
}

/// The home that was named; else the user's own with the variables that move parts of it, and those beside it.
fn homes(place: &Place, clients: &Clients, variables: &[(String, String)]) -> Result<Vec<Home>, Failure> {
    let host = host(variables);
    if let Some(home) = &place.home {
        if !home.is_dir() {
            return Err(Failure::Usage(format!("--home {}: no such folder", home.display())));
        }
        let home =
            std::path::absolute(home).map_err(|error| Failure::File { path: home.display().to_string(), error })?;
        return Ok(vec![Home::new(home, host.os(), Default::default())]);
    }
    let Some(own) = std::env::home_dir().filter(|home| !home.as_os_str().is_empty()) else {
        return Err(Failure::Usage("no home folder is known; name one with --home DIR".to_owned()));
    };
    let others = other_homes(clients, host, &own, place.all_users, Path::new("/"));
    let own = Home::new(own, host.os(), variables.iter().cloned().collect());
    Ok(std::iter::once(own).chain(others).collect())
}

/// The system whose paths count for this user.
pub(super) fn os(variables: &[(String, String)]) -> Os {
    host(variables).os()
}

/// The system that this process runs on.
fn host(variables: &[(String, String)]) -> Host {
    if cfg!(target_os = "macos") {
        Host::MacOs
    } else if cfg!(windows) {
        Host::Windows
    } else if variables.iter().any(|(name, _)| name == "WSL_DISTRO_NAME")
        || std::fs::read_to_string("/proc/sys/kernel/osrelease").is_ok_and(|name| name.contains("microsoft"))
    {
        Host::Wsl
    } else {
        Host::Linux
    }
}
