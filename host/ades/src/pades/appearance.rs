//! Place: none. A small visible appearance: a frame and a few lines of text.

use super::{Appearance, PadesError, SignatureOptions};
use crate::pdf::syntax::write_hex_string;
use crate::pdf::text;
use crate::pdf::update::Update;
use lopdf::{Dictionary, Object, ObjectId, StringFormat};

/// Largest size of the text, in points.
const MAX_FONT_SIZE: f32 = 10.0;
/// Smallest size of the text, in points; what does not fit is clipped.
const MIN_FONT_SIZE: f32 = 4.0;

/// Adds the form XObject of a visible signature.
pub(super) fn add(
    update: &mut Update<'_>,
    options: &SignatureOptions,
) -> Result<Option<ObjectId>, PadesError> {
    let Appearance::Visible { rect: [left, bottom, right, top] } = options.appearance else {
        return Ok(None);
    };
    let (width, height) = (right - left, top - bottom);
    let lines = lines(options)?;
    let font = update.allocate();
    let wide = lines.iter().any(|line| !line.is_ascii());
    if wide {
        japanese_font(update, font)?
    } else {
        update.put_dictionary(font, &latin_font())?
    }

    let mut fonts = Dictionary::new();
    fonts.set("F", Object::Reference(font));
    let mut resources = Dictionary::new();
    resources.set("Font", Object::Dictionary(fonts));
    let mut entries = Dictionary::new();
    entries.set("Type", Object::Name(b"XObject".to_vec()));
    entries.set("Subtype", Object::Name(b"Form".to_vec()));
    entries.set("BBox", Object::Array([0.0, 0.0, width, height].map(Object::Real).to_vec()));
    entries.set("Resources", Object::Dictionary(resources));
    let id = update.allocate();
    update.put_stream(id, entries, &content(&lines, wide, width, height))?;
    Ok(Some(id))
}

fn lines(options: &SignatureOptions) -> Result<Vec<String>, PadesError> {
    let moment = text::moment(options.signing_time)?;
    let date = format!(
        "{:04}-{:02}-{:02} {:02}:{:02} UTC",
        moment.year(),
        u8::from(moment.month()),
        moment.day(),
        moment.hour(),
        moment.minute()
    );
    let signer = options.signer_name.as_ref().map(|name| format!("Signed by {name}"));
    let heading = signer.unwrap_or_else(|| "Digitally signed".to_owned());
    let place = options.location.clone();
    Ok([Some(heading), options.reason.clone(), place, Some(date)].into_iter().flatten().collect())
}

/// Draws the frame, then each line from the top, in a size that lets all of them fit.
fn content(lines: &[String], wide: bool, width: f32, height: f32) -> Vec<u8> {
    // Widths are estimated: half the size for a Latin character, all of it for a Japanese one.
    let units = |line: &String| line.chars().map(|c| if c.is_ascii() { 0.55 } else { 1.0 }).sum::<f32>();
    let longest = lines.iter().map(units).fold(1.0, f32::max);
    let rows = lines.iter().fold(0.5, |rows, _| rows + 1.2);
    let size = (height / rows).min((width - 6.0) / longest).clamp(MIN_FONT_SIZE, MAX_FONT_SIZE);
    let leading = size * 1.2;
    let mut out = format!(
        "q 0.6 G 0.5 w 0.25 0.25 {:.2} {:.2} re S Q\nBT /F {size:.2} Tf {leading:.2} TL 3 {:.2} Td 0 g\n",
        width - 0.5,
        height - 0.5,
        height - size - 2.0
    )
    .into_bytes();
    for line in lines {
        let octets = if wide {
            line.encode_utf16().flat_map(u16::to_be_bytes).collect()
        } else {
            line.as_bytes().to_vec()
        };
        write_hex_string(&mut out, &octets);
        out.extend_from_slice(b" Tj T*\n");
    }
    out.extend_from_slice(b"ET\n");
    out
}

fn latin_font() -> Dictionary {
    let mut entries = Dictionary::new();
    entries.set("Type", Object::Name(b"Font".to_vec()));
    entries.set("Subtype", Object::Name(b"Type1".to_vec()));
    entries.set("BaseFont", Object::Name(b"Helvetica".to_vec()));
    entries.set("Encoding", Object::Name(b"WinAnsiEncoding".to_vec()));
    entries
}

/// A font of the reader's own for text in Unicode, by the predefined CMap of ISO 32000-2, 9.7.5.2.
fn japanese_font(update: &mut Update<'_>, id: ObjectId) -> Result<(), PadesError> {
    let name = || Object::Name(b"HeiseiKakuGo-W5".to_vec());
    let descriptor_id = update.allocate();
    let mut descriptor = Dictionary::new();
    descriptor.set("Type", Object::Name(b"FontDescriptor".to_vec()));
    descriptor.set("FontName", name());
    descriptor.set("Flags", Object::Integer(4));
    descriptor.set("FontBBox", Object::Array([-92, -250, 1010, 922].map(Object::Integer).to_vec()));
    descriptor.set("ItalicAngle", Object::Integer(0));
    descriptor.set("Ascent", Object::Integer(752));
    descriptor.set("Descent", Object::Integer(-221));
    descriptor.set("CapHeight", Object::Integer(737));
    descriptor.set("StemV", Object::Integer(114));
    update.put_dictionary(descriptor_id, &descriptor)?;

    let mut collection = Dictionary::new();
    collection.set("Registry", Object::String(b"Adobe".to_vec(), StringFormat::Literal));
    collection.set("Ordering", Object::String(b"Japan1".to_vec(), StringFormat::Literal));
    collection.set("Supplement", Object::Integer(5));
    let mut descendant = Dictionary::new();
    descendant.set("Type", Object::Name(b"Font".to_vec()));
    descendant.set("Subtype", Object::Name(b"CIDFontType0".to_vec()));
    descendant.set("BaseFont", name());
    descendant.set("CIDSystemInfo", Object::Dictionary(collection));
    descendant.set("FontDescriptor", Object::Reference(descriptor_id));
    // Characters 1 to 94 of Adobe-Japan1 are proportional Latin.
    let latin = vec![Object::Integer(1), Object::Integer(94), Object::Integer(500)];
    descendant.set("W", Object::Array(latin));
    let descendant_id = update.allocate();
    update.put_dictionary(descendant_id, &descendant)?;

    let mut font = Dictionary::new();
    font.set("Type", Object::Name(b"Font".to_vec()));
    font.set("Subtype", Object::Name(b"Type0".to_vec()));
    font.set("BaseFont", Object::Name(b"HeiseiKakuGo-W5-UniJIS-UTF16-H".to_vec()));
    font.set("Encoding", Object::Name(b"UniJIS-UTF16-H".to_vec()));
    font.set("DescendantFonts", Object::Array(vec![Object::Reference(descendant_id)]));
    update.put_dictionary(id, &font)
}
