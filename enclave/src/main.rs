//! Place: none. The enclave binary: `fuin-enclave --connect vsock://CID:PORT`.
#![forbid(unsafe_code)]

use fuin_enclave::platform::nsm::DeviceNsm;
use fuin_enclave::runtime::abort_on_panic;
use fuin_enclave::{Config, Endpoint, run};
use std::process::ExitCode;

const USAGE: &str = "usage: fuin-enclave --connect vsock://CID:PORT";

fn main() -> ExitCode {
    abort_on_panic();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match start(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("fuin-enclave: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: &[String]) -> Result<(), String> {
    let endpoint = endpoint(arguments)?;
    let nsm = DeviceNsm::open().map_err(|fault| format!("/dev/nsm: {fault}"))?;
    run(Config::new(Box::new(endpoint)), Box::new(nsm)).map_err(|error| error.to_string())
}

fn endpoint(arguments: &[String]) -> Result<Endpoint, String> {
    match arguments {
        [option, endpoint] if option == "--connect" => {
            Endpoint::parse(endpoint).map_err(|error| format!("--connect: {error}"))
        }
        _ => Err(USAGE.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Endpoint, String> {
        endpoint(&arguments.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn takes_a_vsock_endpoint_and_nothing_else() {
        assert_eq!(parse(&["--connect", "vsock://3:7000"]), Ok(Endpoint { cid: 3, port: 7000 }));
        for wrong in [
            &[][..],
            &["--connect"],
            &["vsock://3:7000"],
            &["--connect", "unix:///run/fuin.socket"],
            &["--connect", "tcp://127.0.0.1:7000"],
            &["--connect", "vsock://3:7000", "--debug"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
