//! Place: SIC, SCA. `fuin sign`.

use crate::command::pdf;
use crate::file;
use crate::installation::{DEFAULT_DIR, Installation, now};
use crate::outcome::Failure;
use fuin_ades::pades::{PadesError, SignatureOptions};
use fuin_sca::sign::{Credential, PdfToSign, SignError, SignedPdf, sign_pdf};
use serde_json::json;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// The PDF to sign.
    #[arg(value_name = "IN.pdf")]
    input: PathBuf,
    /// Where the signed PDF goes.
    #[arg(short, long, value_name = "OUT.pdf")]
    output: PathBuf,
    /// Folder of the development installation.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DIR)]
    dir: PathBuf,
    /// The credential; the first of the installation unless given.
    #[arg(long, value_name = "ID")]
    credential: Option<String>,
    /// Reason of signing, shown by PDF readers.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Place of signing, shown by PDF readers.
    #[arg(long, value_name = "TEXT")]
    location: Option<String>,
    /// Name of the signature field: an empty one of the document, or a new one; a new name unless given.
    #[arg(long, value_name = "NAME")]
    field: Option<String>,
    /// What is authorized: the hash that is signed, or the document's digest, with the enclave reading what it signs.
    #[arg(long, value_enum, value_name = "TYPE", default_value = "dtbs")]
    hash_type: crate::command::hash_type::Named,
    /// Where the receipt goes: that the signature is in the service's ledger. That of the authorization goes beside it, in
    /// FILE.authorization. Keep both.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Signs.
pub async fn run(args: Args) -> Result<(), Failure> {
    let installation = Installation::open(&args.dir)?;
    let pdf = pdf::read(&args.input, &args.output)?;
    let client = installation.client()?;
    let sic = installation.sic()?;
    let credential = installation.credential(&client, args.credential.as_deref()).await?;
    let options = SignatureOptions {
        field_name: args.field.clone(),
        reason: args.reason.clone(),
        location: args.location.clone(),
        ..SignatureOptions::new(i64::try_from(now()).unwrap_or(i64::MAX))
    };
    let mut means = installation.means();
    let wanted = PdfToSign { pdf: &pdf, options: &options, hash_type: args.hash_type.into() };
    let signed = sign_pdf(&client, &sic, &mut means, &credential, wanted, now).await;
    let signed = signed.map_err(|error| match error {
        SignError::Pdf(reason) => refused(&args, reason),
        other => other.into(),
    })?;
    file::write(&args.output, &signed.octets, file::PUBLIC)?;
    if let Some(path) = &args.receipt {
        file::write(path, signed.receipts.signature.as_bytes(), file::PUBLIC)?;
        let mut beside = path.clone().into_os_string();
        beside.push(".authorization");
        file::write(beside.as_ref(), signed.receipts.authorization.as_bytes(), file::PUBLIC)?;
    }
    tell(&args, &credential, &signed);
    Ok(())
}

/// What is wrong with the document, or with an option by its name on the command line.
fn refused(args: &Args, reason: PadesError) -> Failure {
    Failure::Usage(match reason {
        // Of the signature, which is no input.
        PadesError::DoesNotFit { .. } | PadesError::NotCms => return reason.into(),
        PadesError::Option { option: "field_name", reason } => format!("--field: {reason}"),
        PadesError::Option { option, reason } => format!("--{option}: {reason}"),
        PadesError::Field { name, reason } => {
            format!("--field: the document's field {name:?} {reason}; choose another name")
        }
        _ => format!("{}: {reason}", args.input.display()),
    })
}

fn tell(args: &Args, credential: &Credential, signed: &SignedPdf) {
    let evidence = signed.instance.evidence();
    let hash = hex::encode(&signed.hash);
    let algorithm = signed.algorithm.oid().to_string();
    if args.json {
        let value = json!({
            "output": args.output,
            "receipt": args.receipt,
            "octets": signed.octets.len(),
            "field": signed.field,
            "credentialID": credential.id,
            "subject": credential.subject,
            "signAlgo": algorithm,
            "hash": hash,
            "hashType": args.hash_type.as_str(),
            "service": evidence.service(),
            "instance": signed.instance.id(),
            "development": evidence.development(),
            "warnings": signed.instance.appraisal().warnings(),
        });
        println!("{value}");
        return;
    }
    println!("evidence verified: service {}", evidence.service());
    println!("                   enclave instance {}", signed.instance.id());
    for warning in signed.instance.appraisal().warnings() {
        println!("          warning: {warning}");
    }
    println!("signed by:         {}", credential.subject);
    println!("with credential:   {} ({algorithm})", credential.id);
    println!("authorized hash:   {hash} ({})", args.hash_type.as_str());
    println!(
        "written:           {} (field {}, {} octets)",
        args.output.display(),
        signed.field,
        signed.octets.len()
    );
    if let Some(path) = &args.receipt {
        println!("receipt:           {} (in the ledger)", path.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_signed_is_told_in_the_words_of_the_command_line() {
        let args = Args {
            input: "in.pdf".into(),
            output: "out.pdf".into(),
            dir: DEFAULT_DIR.into(),
            credential: None,
            reason: None,
            location: None,
            field: None,
            hash_type: crate::command::hash_type::Named::Dtbs,
            receipt: None,
            json: false,
        };
        let taken = PadesError::Field { name: "a".into(), reason: "is signed already" };
        for (reason, told) in [
            (PadesError::NotAPdf, "in.pdf: PDF: "),
            (taken, "--field: the document's field \"a\" is signed already"),
            (PadesError::Option { option: "field_name", reason: "x".into() }, "--field: x"),
            (PadesError::Option { option: "reason", reason: "x".into() }, "--reason: x"),
        ] {
            let Failure::Usage(text) = refused(&args, reason) else { panic!("{told}") };
            assert!(text.starts_with(told), "{text}");
        }
        assert!(matches!(refused(&args, PadesError::NotCms), Failure::Failed(_)));
    }
}
