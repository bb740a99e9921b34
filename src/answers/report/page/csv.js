
// Tables as CSV. What a customer named never becomes a command of a spreadsheet: the rules are those of `rolecall --format csv`.

const QUOTES = "'\"`´‘’‚‛“”„‟＇＂";
const OPERATORS = "=+-@|＝＋－＠｜﹦﹢﹣﹫−‐‑–—";

/** Whether a spreadsheet may execute a text, or let it begin another cell. */
function isExecutable(text) {
  for (const character of text) {
    if (/\p{Cc}/u.test(character)) return true;
    if (QUOTES.includes(character) || /[\s\p{Cf}\p{Zl}\p{Zp}]/u.test(character)) continue;
    return OPERATORS.includes(character);
  }
  return false;
}

/** A value as a field. Numbers of columns of numbers are no texts. */
function field(value, kind) {
  if (value === null || value === undefined) return "";
  if (kind === "number" || kind === "flag") return String(value);
  const text = plain(value);
  const harmless = isExecutable(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** Columns and rows as CSV (RFC 4180). */
function csv(columns, rows) {
  const lines = [columns.map((column) => column.name).join(",")];
  for (const row of rows) lines.push(columns.map((column, at) => field(row[at], column.kind)).join(","));
  return lines.join("\r\n") + "\r\n";
}

/** Offers a text as a file. */
function download(name, text) {
  const url = URL.createObjectURL(new Blob(["\uFEFF", text], { type: "text/csv;charset=utf-8" }));
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
