//! PDFs that are prepared, those that are refused, and what stays as it was.

mod support;

use fuin_ades::pades::{Appearance, MAX_PDF, PadesError, SignatureOptions, prepare};
use fuin_shared::algorithm::{HashAlgorithm, SignatureAlgorithm};
use lopdf::{Dictionary, Document, Object};
use support::{DOCUMENTS, SIGNING_TIME, Signer, document};

fn options() -> SignatureOptions {
    SignatureOptions::new(SIGNING_TIME)
}

fn sign(pdf: &[u8], options: &SignatureOptions) -> Vec<u8> {
    Signer::p256().sign_pdf(pdf, options, SignatureAlgorithm::EcdsaSha256)
}

/// The form's fields by name.
fn field(pdf: &[u8], name: &str) -> Dictionary {
    let document = Document::load_mem(pdf).expect("readable");
    assert!(document.xref_recovery.is_none(), "cross-reference data as written");
    let catalog = document.catalog().expect("catalog");
    let form = catalog.get_deref(b"AcroForm", &document).and_then(Object::as_dict).expect("form");
    assert_eq!(form.get(b"SigFlags").and_then(Object::as_i64).expect("flags"), 3);
    let fields = form.get_deref(b"Fields", &document).and_then(Object::as_array).expect("fields");
    let named = |object: &&Object| {
        let entries = document.dereference(object).expect("field").1.as_dict().expect("dictionary");
        entries.get(b"T").and_then(lopdf::decode_text_string).is_ok_and(|title| title == name)
    };
    let found = fields.iter().find(named).unwrap_or_else(|| panic!("no field {name}"));
    document.dereference(found).expect("field").1.as_dict().expect("dictionary").clone()
}

fn signature(pdf: &[u8], name: &str) -> Dictionary {
    let document = Document::load_mem(pdf).expect("readable");
    field(pdf, name).get_deref(b"V", &document).and_then(Object::as_dict).expect("signature").clone()
}

/// A document of one page with a table, whose catalog gets `entries`.
fn small(entries: &str, more: &str) -> Vec<u8> {
    let objects = [
        format!("<</Type/Catalog/Pages 2 0 R{entries}>>"),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>".to_owned(),
    ];
    let objects = objects.iter().map(String::as_str).chain(more.split('|').filter(|o| !o.is_empty()));
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (index, object) in objects.enumerate() {
        places.push(out.len());
        out.extend(format!("{} 0 obj\n{object}\nendobj\n", index + 1).into_bytes());
    }
    let start = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f\r\n", places.len() + 1).into_bytes());
    for place in &places {
        out.extend(format!("{place:010} 00000 n\r\n").into_bytes());
    }
    out.extend(
        format!("trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF", places.len() + 1).into_bytes(),
    );
    out
}

#[test]
fn the_original_stays_and_the_byte_range_leaves_out_the_contents_alone() {
    for name in DOCUMENTS {
        let pdf = document(name);
        let prepared = prepare(&pdf, &options()).expect(name);
        let cms = Signer::p256()
            .cms(&prepared.document_digest(HashAlgorithm::Sha256), SignatureAlgorithm::EcdsaSha256);
        let signed = prepared.embed(&cms).expect(name);
        assert!(signed.starts_with(&pdf), "{name}: the original is a prefix");
        let [zero, before, after, rest] = prepared.byte_range();
        assert_eq!((zero, after + rest), (0, signed.len()), "{name}");
        assert_eq!((signed[before], signed[after - 1]), (b'<', b'>'), "{name}");
        assert_eq!(after - before, prepared.reserved() * 2 + 2, "{name}");
        assert_eq!(prepared.signed_parts().concat(), [&signed[..before], &signed[after..]].concat());
        let entries = signature(&signed, prepared.field_name());
        let range = entries.get(b"ByteRange").and_then(Object::as_array).expect("byte range");
        let range: Vec<i64> = range.iter().map(|n| n.as_i64().expect("integer")).collect();
        assert_eq!(range, prepared.byte_range().map(|n| n as i64), "{name}");
        let contents = entries.get(b"Contents").and_then(Object::as_str).expect("contents");
        assert!(contents.starts_with(&cms), "{name}");
        assert!(contents[cms.len()..].iter().all(|b| *b == 0), "{name}: padded with zeros");
        assert_eq!(
            entries.get(b"SubFilter").and_then(Object::as_name).expect("sub-filter"),
            b"ETSI.CAdES.detached"
        );
        assert!(!entries.has(b"Cert"), "{name}: EN 319 142-1 keeps certificates in the CMS");
    }
}

#[test]
fn the_texts_arrive_in_the_dictionary() {
    let options = SignatureOptions {
        signer_name: Some("署名 太郎".to_owned()),
        reason: Some("I agree (with all of it)".to_owned()),
        location: Some("Uji".to_owned()),
        contact: Some("taro@example.jp".to_owned()),
        ..options()
    };
    let entries = signature(&sign(&document("contract.pdf"), &options), "Signature1");
    let text = |key: &[u8]| lopdf::decode_text_string(entries.get(key).expect("entry")).expect("text");
    assert_eq!(text(b"Name"), "署名 太郎");
    assert_eq!(text(b"Reason"), "I agree (with all of it)");
    assert_eq!(text(b"Location"), "Uji");
    assert_eq!(text(b"ContactInfo"), "taro@example.jp");
    assert_eq!(text(b"M"), "D:20260115000000+00'00'");
}

#[test]
fn equal_arguments_give_equal_octets() {
    let pdf = document("contract.pdf");
    let digest = |time| {
        prepare(&pdf, &SignatureOptions::new(time)).expect("prepared").document_digest(HashAlgorithm::Sha256)
    };
    assert_eq!(digest(SIGNING_TIME), digest(SIGNING_TIME));
    assert_ne!(digest(SIGNING_TIME), digest(SIGNING_TIME + 1));
}

#[test]
fn a_second_signature_takes_the_next_name_and_keeps_the_first() {
    for name in DOCUMENTS {
        let first = sign(&document(name), &options());
        let second = sign(&first, &options());
        assert!(second.starts_with(&first), "{name}");
        assert_eq!(signature(&first, "Signature1"), signature(&second, "Signature1"), "{name}");
        assert_ne!(signature(&second, "Signature1"), signature(&second, "Signature2"), "{name}");
    }
}

#[test]
fn an_empty_field_of_the_document_is_filled() {
    let options = SignatureOptions { field_name: Some("Inspector".to_owned()), ..options() };
    let before = field_of_form("Inspector");
    let signed = sign(&document("form.pdf"), &options);
    let after = field(&signed, "Inspector");
    assert_eq!(after.get(b"Rect").ok(), before.get(b"Rect").ok());
    assert!(after.has(b"V"));
    let again = prepare(&signed, &options);
    assert!(matches!(again, Err(PadesError::Field { reason: "is signed already", .. })), "{again:?}");
}

fn field_of_form(name: &str) -> Dictionary {
    let document = Document::load_mem(&document("form.pdf")).expect("readable");
    let named = |object: &&Object| {
        let title = object.as_dict().and_then(|entries| entries.get(b"T"));
        title.and_then(lopdf::decode_text_string).is_ok_and(|title| title == name)
    };
    document.objects.values().find(named).and_then(|object| object.as_dict().ok()).expect("field").clone()
}

#[test]
fn a_field_of_another_kind_is_refused() {
    let options = SignatureOptions { field_name: Some("crate".to_owned()), ..options() };
    let outcome = prepare(&document("form.pdf"), &options);
    assert!(
        matches!(outcome, Err(PadesError::Field { reason: "is not a signature field", .. })),
        "{outcome:?}"
    );
}

#[test]
fn a_field_with_conditions_is_refused() {
    let field = "<</FT/Sig/T(S)/Subtype/Widget/Rect[0 0 0 0]/P 3 0 R/Lock<</Action/All>>>>";
    let pdf = small("/AcroForm<</Fields[4 0 R]>>", field);
    let options = SignatureOptions { field_name: Some("S".to_owned()), ..options() };
    assert!(matches!(prepare(&pdf, &options), Err(PadesError::Field { .. })));
    assert!(prepare(&pdf, &self::options()).is_ok(), "another field can be added");
}

#[test]
fn a_visible_signature_has_an_appearance_on_its_page() {
    for (name, signer) in [("Latin", "Taro"), ("Japanese", "署名 太郎")] {
        let appearance = Appearance::Visible { rect: [72.0, 300.0, 292.0, 350.0] };
        let options =
            SignatureOptions { page: 3, appearance, signer_name: Some(signer.to_owned()), ..options() };
        let signed = sign(&document("contract.pdf"), &options);
        let document = Document::load_mem(&signed).expect("readable");
        let entries = field(&signed, "Signature1");
        assert_eq!(
            entries.get(b"P").and_then(Object::as_reference).ok(),
            document.get_pages().get(&3).copied()
        );
        let states = entries.get(b"AP").and_then(Object::as_dict).expect("appearance");
        let normal = states.get_deref(b"N", &document).and_then(Object::as_stream).expect("stream");
        assert!(normal.content.ends_with(b"ET\n"), "{name}");
    }
}

#[test]
fn direct_and_indirect_lists_are_both_extended() {
    for (entries, more) in [
        ("", ""),
        ("/AcroForm 4 0 R", "<</Fields 5 0 R>>|[]"),
        ("/AcroForm 4 0 R", "<<>>"),
        ("/AcroForm<</Fields[]/SigFlags 1>>", ""),
        ("/AcroForm null", ""),
    ] {
        let signed = sign(&small(entries, more), &options());
        let field = field(&signed, "Signature1");
        let document = Document::load_mem(&signed).expect("readable");
        let page = field.get_deref(b"P", &document).and_then(Object::as_dict).expect("page");
        assert_eq!(
            page.get(b"Annots").and_then(Object::as_array).expect("annotations").len(),
            1,
            "{entries}"
        );
    }
}

#[test]
fn an_encrypted_pdf_is_refused() {
    let encrypt = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n3 0 obj\n<</Filter/Standard/V 1/R 2/P -4/O<0000000000000000000000000000000000000000000000000000000000000000>/U<0000000000000000000000000000000000000000000000000000000000000000>>>\nendobj\n";
    let mut pdf = encrypt.to_vec();
    let start = pdf.len();
    let place = |needle: &str| String::from_utf8_lossy(encrypt).find(needle).expect("object");
    pdf.extend(b"xref\n0 4\n0000000000 65535 f\r\n");
    for number in 1..=3 {
        pdf.extend(format!("{:010} 00000 n\r\n", place(&format!("{number} 0 obj"))).into_bytes());
    }
    pdf.extend(
        format!("trailer\n<</Size 4/Root 1 0 R/Encrypt 3 0 R/ID[<00><00>]>>\nstartxref\n{start}\n%%EOF")
            .into_bytes(),
    );
    assert_eq!(prepare(&pdf, &options()).err(), Some(PadesError::Encrypted));
}

#[test]
fn what_is_no_pdf_is_refused() {
    assert_eq!(prepare(b"", &options()).err(), Some(PadesError::NotAPdf));
    assert_eq!(prepare(b"\n%PDF-1.7\n", &options()).err(), Some(PadesError::NotAPdf));
    assert!(matches!(prepare(b"%PDF-1.7\n%%EOF\n", &options()), Err(PadesError::Malformed(_))));
}

#[test]
fn a_pdf_that_is_too_large_is_refused() {
    let mut pdf = document("contract.pdf");
    pdf.resize(MAX_PDF + 1, b' ');
    assert_eq!(
        prepare(&pdf, &options()).err(),
        Some(PadesError::TooLarge { size: MAX_PDF + 1, limit: MAX_PDF })
    );
}

#[test]
fn damaged_cross_reference_data_is_refused() {
    let pdf = document("contract.pdf");
    let cut = pdf.windows(9).rposition(|w| w == b"startxref").expect("startxref");
    let shifted = [&pdf[..cut], b"startxref\n77\n%%EOF"].concat();
    assert_eq!(prepare(&shifted, &options()).err(), Some(PadesError::DamagedXref));
}

#[test]
fn an_xfa_form_is_refused() {
    let pdf = small("/AcroForm<</Fields[]/XFA[]>>", "");
    assert!(matches!(prepare(&pdf, &options()), Err(PadesError::Unsupported(_))));
}

#[test]
fn a_certified_document_without_changes_is_refused() {
    let signature = "<</Type/Sig/Reference[<</TransformMethod/DocMDP/TransformParams<</P PERMISSION>>>>]>>";
    let outcome = |permission: &str| {
        let signature = signature.replace("PERMISSION", permission);
        prepare(&small("/Perms<</DocMDP 4 0 R>>", &signature), &options()).map(|_| ())
    };
    assert!(matches!(outcome("1"), Err(PadesError::Forbidden(_))));
    assert_eq!(outcome("2"), Ok(()));
}

#[test]
fn a_locked_field_is_refused() {
    let lock = |action: &str, fields: &str| {
        let field = "<</FT/Sig/T(Old)/V 5 0 R>>";
        let reference =
            format!("<</TransformMethod/FieldMDP/TransformParams<</Action/{action}/Fields[{fields}]>>>>");
        let pdf =
            small("/AcroForm<</Fields[4 0 R]>>", &format!("{field}|<</Type/Sig/Reference[{reference}]>>"));
        prepare(&pdf, &SignatureOptions { field_name: Some("New".to_owned()), ..options() }).is_ok()
    };
    assert!(!lock("All", ""));
    assert!(!lock("Include", "(New)"));
    assert!(lock("Include", "(Newer)"));
    assert!(!lock("Exclude", "(Other)"));
    assert!(lock("Exclude", "(New)"));
}

#[test]
fn a_signature_that_claims_octets_yet_to_come_is_refused() {
    let outcome = |range: &str| {
        let signature = format!("<</Type/Sig/ByteRange[{range}]>>");
        let pdf = small("/AcroForm<</Fields[4 0 R]>>", &format!("<</FT/Sig/T(Old)/V 5 0 R>>|{signature}"));
        prepare(&pdf, &options()).map(|_| ())
    };
    assert_eq!(outcome("0 10 20 30"), Ok(()));
    for range in ["0 10 20 9999", "0 9999 1 1", "0 10 20 9223372036854775807"] {
        assert!(matches!(outcome(range), Err(PadesError::Forbidden(_))), "{range}");
    }
}

#[test]
fn a_field_tree_without_end_is_refused() {
    let cycle = small("/AcroForm<</Fields[4 0 R]>>", "<</T(a)/Kids[4 0 R]>>");
    assert!(matches!(prepare(&cycle, &options()), Err(PadesError::Malformed(_))));
}

#[test]
fn a_form_without_bounds_is_refused() {
    let many = vec!["<</T(f)>>"; 20_001].join(" ");
    let long = format!("<</T({})/Kids[<</T(k)>>]>>", "n".repeat(4096));
    for fields in [many, long] {
        let pdf = small(&format!("/AcroForm<</Fields[{fields}]>>"), "");
        assert!(matches!(prepare(&pdf, &options()), Err(PadesError::Unsupported(_))));
    }
}

#[test]
fn a_page_that_does_not_exist_is_refused() {
    let pdf = document("contract.pdf");
    for page in [0, 4, u32::MAX] {
        let outcome = prepare(&pdf, &SignatureOptions { page, ..options() });
        assert_eq!(outcome.err(), Some(PadesError::NoSuchPage { page, pages: 3 }));
    }
}

#[test]
fn options_out_of_bounds_are_refused_by_name() {
    let pdf = document("contract.pdf");
    let refused = |options: SignatureOptions| match prepare(&pdf, &options) {
        Err(PadesError::Option { option, .. }) => option,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(SignatureOptions { field_name: Some(String::new()), ..options() }), "field_name");
    assert_eq!(refused(SignatureOptions { field_name: Some("a.b".to_owned()), ..options() }), "field_name");
    assert_eq!(refused(SignatureOptions { signer_name: Some("a\0".to_owned()), ..options() }), "signer_name");
    assert_eq!(refused(SignatureOptions { reason: Some("x".repeat(513)), ..options() }), "reason");
    assert_eq!(refused(SignatureOptions { reserved: 0, ..options() }), "reserved");
    assert_eq!(refused(SignatureOptions { reserved: usize::MAX, ..options() }), "reserved");
    for rect in [[0.0; 4], [f32::NAN; 4], [9.0, 9.0, 1.0, 1.0], [0.0, 0.0, 1e9, 1e9]] {
        assert_eq!(
            refused(SignatureOptions { appearance: Appearance::Visible { rect }, ..options() }),
            "appearance"
        );
    }
    let late = prepare(&pdf, &SignatureOptions::new(i64::MAX));
    assert_eq!(late.err(), Some(PadesError::SigningTime(i64::MAX)));
}

#[test]
fn a_cms_that_does_not_fit_is_refused_with_both_sizes() {
    let options = SignatureOptions { reserved: 1024, ..options() };
    let prepared = prepare(&document("contract.pdf"), &options).expect("prepared");
    let cms =
        Signer::p256().cms(&prepared.document_digest(HashAlgorithm::Sha256), SignatureAlgorithm::EcdsaSha256);
    assert!(cms.len() > 1024);
    assert_eq!(prepared.embed(&cms), Err(PadesError::DoesNotFit { needed: cms.len(), reserved: 1024 }));
}

#[test]
fn a_cms_that_is_not_der_is_refused() {
    let prepared = prepare(&document("contract.pdf"), &options()).expect("prepared");
    for cms in [&b""[..], b"\x30\x01", b"\x30\x00\x00", b"\x04\x00", b"\x30\x80\x00\x00"] {
        assert_eq!(prepared.embed(cms), Err(PadesError::NotCms));
    }
}
