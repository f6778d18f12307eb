"""Writes the documents for demo and tests: an original three-page agreement in English and Japanese, and a form.

    python generate.py contract FONT.ttf contract.pdf
    qpdf --object-streams=generate --deterministic-id contract.pdf contract-object-streams.pdf
    python generate.py form FONT.ttf form.pdf        # then the empty signature field, as README.md says

Needs reportlab 4.4.4 and a Japanese TrueType font (IPAPGothic, ipagp.ttf of Debian's fonts-ipafont-gothic), of which the
characters used are embedded. The text is this project's own (Apache-2.0) and describes no real party.
"""

import sys

from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

rl_config.invariant = 1  # the same bytes in every run

PAGES = [
    (
        "Storage Agreement",
        [
            ("H", "1. Parties"),
            ("T", "Aozora Tea Cooperative (the Keeper) and Northlight Archive Ltd. (the Depositor) make this agreement "
                  "about the storage of forty sealed crates at the Keeper's warehouse in Uji."),
            ("H", "2. What is stored"),
            ("T", "Each crate bears a paper seal with a number from 1 to 40. The Keeper looks after the crates and does "
                  "not open them. A broken seal is reported to the Depositor on the day it is noticed."),
            ("H", "3. Term"),
            ("T", "The agreement starts on the first day of the month after both parties have signed it, and runs for "
                  "three years. It continues year by year unless a party ends it in writing two months before."),
            ("H", "4. Fee"),
            ("T", "The Depositor pays 180,000 yen for each quarter, in advance. A quarter that has begun is paid in full."),
        ],
    ),
    (
        "保管契約書",
        [
            ("H", "第1条（当事者）"),
            ("T", "青空茶業協同組合（以下「甲」という。）と株式会社ノースライト文庫（以下「乙」という。）は、"
                  "乙が所有する封印済みの木箱40箱を、甲が宇治市の倉庫において保管することについて、次のとおり契約を締結する。"),
            ("H", "第2条（保管の方法）"),
            ("T", "各木箱には1から40までの番号を記した封紙を貼付する。甲は木箱を開封してはならない。"
                  "封紙の破損を発見したときは、甲は当日中に乙に報告するものとする。"),
            ("H", "第3条（期間）"),
            ("T", "本契約の期間は、両当事者の署名が完了した月の翌月1日から3年間とする。"
                  "期間満了の2か月前までに書面による申出がない場合は、1年ごとに更新されるものとする。"),
            ("H", "第4条（保管料）"),
            ("T", "乙は、四半期ごとに金180,000円を前払いで甲に支払う。開始した四半期の保管料は返還しない。"),
        ],
    ),
    (
        "Closing provisions / 雑則",
        [
            ("H", "5. Access"),
            ("T", "The Depositor may inspect the crates on working days after one day's notice. Whoever inspects signs the "
                  "warehouse book, in which entries are added and never removed."),
            ("H", "6. Language / 言語"),
            ("T", "The English and the Japanese text have equal force. Where they differ, the parties look for the meaning "
                  "that serves the purpose of both."),
            ("T", "本契約は英語及び日本語で作成し、いずれも等しく正文とする。"),
            ("H", "7. Signature / 署名"),
            ("T", "This agreement is signed electronically. Each party receives the signed file and may check the "
                  "signatures with any program that validates PAdES."),
            ("T", "本契約は電子署名により締結する。"),
            ("S", "The Keeper / 甲"),
            ("S", "The Depositor / 乙"),
        ],
    ),
]


def wrap(text, font, size, width):
    """Breaks at blanks, and between any two characters that are not ASCII."""
    words, word = [], ""
    for ch in text:
        if ch == " " or ord(ch) > 127:
            words += [word + ch] if ch == " " else ([word, ch] if word else [ch])
            word = ""
        else:
            word += ch
    words.append(word)
    line = ""
    for word in words:
        # Japanese punctuation does not start a line.
        if line and word not in "。、）」" and pdfmetrics.stringWidth((line + word).rstrip(), font, size) > width:
            yield line
            line = ""
        line += word
    yield line


def form(canvas):
    """One page with a text field and a check box (AcroForm)."""
    canvas.setTitle("Crate inspection / 木箱点検票")
    canvas.setFont("Body", 20)
    canvas.drawString(72, 740, "Crate inspection / 木箱点検票")
    canvas.setFont("Body", 11)
    canvas.drawString(72, 690, "Crate number / 番号")
    canvas.acroForm.textfield(name="crate", value="17", x=220, y=682, width=120, height=22, borderWidth=1)
    canvas.drawString(72, 650, "Seal unbroken / 封印異常なし")
    canvas.acroForm.checkbox(name="unbroken", checked=True, x=260, y=645, size=18)
    canvas.drawString(72, 600, "Inspector / 点検者")
    canvas.showPage()


def contract(canvas):
    canvas.setTitle("Storage Agreement / 保管契約書")
    width, height = A4
    left, measure = 72, width - 144
    for number, (title, paragraphs) in enumerate(PAGES, 1):
        canvas.bookmarkPage(f"p{number}")
        canvas.addOutlineEntry(title, f"p{number}")
        canvas.setFont("Body", 20)
        canvas.drawString(left, height - 100, title)
        canvas.line(left, height - 110, width - 72, height - 110)
        y = height - 146
        for kind, text in paragraphs:
            if kind == "S":
                y -= 30
                canvas.line(left, y, left + 220, y)
                canvas.setFont("Body", 9)
                canvas.drawString(left, y - 13, text)
                y -= 24
                continue
            size, leading = (12, 20) if kind == "H" else (10.5, 17)
            canvas.setFont("Body", size)
            for line in wrap(text, "Body", size, measure):
                canvas.drawString(left, y, line)
                y -= leading
            y -= 4 if kind == "H" else 12
        canvas.setFont("Body", 9)
        canvas.drawCentredString(width / 2, 40, f"{number} / {len(PAGES)}")
        canvas.showPage()


def main(kind, font_file, out):
    pdfmetrics.registerFont(TTFont("Body", font_file))
    canvas = Canvas(out, pagesize=A4, pageCompression=1)
    canvas.setAuthor("Fuin project")
    {"contract": contract, "form": form}[kind](canvas)
    canvas.save()


if __name__ == "__main__":
    main(*sys.argv[1:])
