//! Place: none. PAdES baseline B-B (EN 319 142-1) of an existing PDF by incremental update.
//!
//! The octets of the original stay as they are, so signatures already in it stay valid. [`prepare`] appends a signature
//! field with an empty `/Contents`, whose place in the file is all that the `/ByteRange` leaves out.

mod annotation;
mod appearance;
mod dictionary;
mod error;
mod field;
mod form;
mod options;
mod permission;
mod prepared;

pub use crate::pdf::source::MAX_PDF;
pub use error::PadesError;
pub use options::{Appearance, DEFAULT_RESERVED, MAX_RESERVED, MAX_TEXT, MIN_RESERVED, SignatureOptions};
pub use prepared::PreparedSignature;

use crate::pdf::source::Source;
use crate::pdf::update::Update;
use field::Target;
use form::Form;

/// Appends a signature field (or fills an empty one) and leaves room for the CMS signature.
///
/// Takes PDFs with cross-reference tables or streams, with or without a form, with or without earlier signatures. Equal
/// arguments give equal octets.
///
/// # Errors
/// [`PadesError`]: the file is no PDF, encrypted, damaged or too large, its author forbids further signatures, or an option
/// does not fit it. A hostile file gives an error, never a panic.
pub fn prepare(pdf: &[u8], options: &SignatureOptions) -> Result<PreparedSignature, PadesError> {
    options.check()?;
    let source = Source::read(pdf)?;
    let form = Form::read(&source)?;
    let target = field::choose(&form, options.field_name.as_deref())?;
    permission::check(&source, &form, target.name())?;

    let mut update = Update::new(&source)?;
    let signature = update.allocate();
    let unsigned = dictionary::write(options)?;
    let field_name = target.name().to_owned();
    match target {
        Target::Existing { id, .. } => {
            field::fill(&source, &mut update, id, signature)?;
            form.mark_signed(&source, &mut update)?;
        }
        Target::New { name } => {
            let page = source.page(options.page)?;
            let widget = update.allocate();
            let appearance = appearance::add(&mut update, options)?;
            let entries = field::widget(&name, signature, page, &options.appearance, appearance);
            update.put_dictionary(widget, &entries)?;
            annotation::add(&source, &mut update, page, widget)?;
            form.add_field(&source, &mut update, widget)?;
        }
    }
    update.put_written(signature, unsigned.body);

    let written = update.finish()?;
    let body = written
        .bodies
        .get(&signature)
        .copied()
        .ok_or_else(|| PadesError::malformed("the update lost its signature"))?;
    PreparedSignature::new(written.octets, field_name, body, &unsigned.places)
}
