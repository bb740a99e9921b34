
// A table: sorted, filtered, in parts, and as CSV.

const PART = 100;
const MORE = 500;
const IDS = /^(?:(?:i|vol|snap|ami|sg|eni|eipalloc|vpc|subnet|rtb|igw|nat|pcx|vpce|tgw|tgw-attach|vgw|vpn)-[0-9a-f]{8,}|Z[0-9A-Z]{12,})$/;
const collator = new Intl.Collator("en", { numeric: true });

/** What a value is compared, filtered and saved by. */
function plain(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  return value.href === undefined ? JSON.stringify(value) : value.text;
}

function compare(one, other, kind) {
  const [first, second] = [one === null || one === undefined, other === null || other === undefined];
  if (first || second) return Number(first) - Number(second);
  if (kind === "number") return one - other;
  return collator.compare(plain(one), plain(other));
}

/** The mark of what is unknown. */
function unknownMark(text) {
  return h("span", { class: "unknown" }, text);
}

function listCell(list, context) {
  const shown = list.slice(0, 6).map((item, at) => [cellOf(item, "text", "", context), at < list.length - 1 && at < 5 && ", "]);
  const rest = list.length - 6;
  return h("span", null, ...shown, rest > 0 && ` and ${grouped(rest)} more`);
}

/** The members that changed: before and after. */
function membersCell(members) {
  return h("dl", { class: "members" }, Object.entries(members).map(([name, change]) => [
    h("dt", null, visible(name)),
    h("dd", null, clipped(plain(change?.before ?? "–")), " → ", clipped(plain(change?.after ?? "–"))),
  ]));
}

/** The content of a cell. */
function cellOf(content, kind, name, context) {
  if (content === null || content === undefined) return h("span", { class: "absent", "aria-label": "none" }, "–");
  if (kind === "flag") return content ? "yes" : "no";
  if (kind === "number") return name.endsWith("port") ? String(content) : grouped(content);
  if (kind === "time") return h("time", { datetime: content, class: "time" }, when(content));
  if (typeof content === "string") {
    if (name === "account_id") return accountCell(content);
    if (content === "unknown") return unknownMark("unknown");
    if (IDS.test(content)) return identity(content, context?.region, context?.account);
    return clipped(content);
  }
  if (kind === "link") return h("a", { href: content.href }, visible(content.text));
  if (Array.isArray(content)) return listCell(content, context);
  if (name === "members") return membersCell(content);
  return clipped(plain(content));
}

function accountCell(id) {
  const name = accountName(id);
  const label = name ? [visible(name), h("span", { class: "sub" }, id)] : visible(id);
  return accounts.has(id) ? h("a", { href: accountPlace(id), class: "account" }, label) : label;
}

/** The state of a sheet in the address: `?filter=web&sort=-name`. */
function stateOf(query) {
  const parameters = new URLSearchParams(query ?? "");
  return { filter: parameters.get("filter") ?? "", sort: parameters.get("sort") ?? "" };
}

/** A table of rows with its tools. `keep` is called with the state when somebody changes it. */
class SheetView {
  constructor({ name, columns, rows, label, state, keep }) {
    Object.assign(this, { name, columns, rows, keep, shown: PART });
    this.state = { filter: "", sort: "", ...state };
    this.texts = null;
    this.region = columns.findIndex((column) => column.name === "region");
    this.account = columns.findIndex((column) => column.name === "account_id");
    this.count = h("span", { class: "count" });
    this.body = h("tbody");
    this.more = h("button", { type: "button", click: () => { this.shown += MORE; this.draw(); } });
    // A verdict is what people look for, so that it is not far to the right.
    const verdict = columns.findIndex((column) => column.name === "verdict");
    this.order = columns.map((_, at) => at).sort((one, other) => place(one) - place(other));
    function place(at) { return at === verdict ? 1.5 : at; }
    this.heads = this.order.map((at) => this.head(columns[at], at));
    this.filter = h("input", {
      type: "search", class: "filter", value: this.state.filter, placeholder: "Filter", dir: "auto",
      "aria-label": `Filter ${label}`, autocomplete: "off", spellcheck: "false",
      input: () => { this.state.filter = this.filter.value; this.shown = PART; this.changed(); },
    });
    const save = h("button", { type: "button", click: () => download(`${name}.csv`, csv(columns, this.selected())) }, "CSV");
    save.setAttribute("aria-label", `CSV of ${label}`);
    this.element = h("div", { class: "sheet" },
      h("div", { class: "tools" }, this.filter, save, this.count),
      h("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": label },
        h("table", null, h("thead", null, h("tr", null, this.heads)), this.body)),
      this.more);
    this.draw();
  }

  head(column, at) {
    const sort = () => {
      this.state.sort = this.state.sort === column.name ? `-${column.name}` : column.name;
      this.changed();
    };
    const button = h("button", { type: "button", click: sort }, column.title ?? column.name.replaceAll("_", " "));
    return h("th", { scope: "col", class: column.kind, "data-at": at }, button);
  }

  changed() {
    this.draw();
    this.keep?.(this.state);
  }

  /** The rows that pass the filter, sorted. */
  selected() {
    const words = this.state.filter.toLowerCase().split(/\s+/).filter(Boolean);
    let rows = this.rows;
    if (words.length > 0) {
      this.texts ??= this.rows.map((row) => this.textOf(row));
      rows = rows.filter((_, at) => words.every((word) => this.texts[at].includes(word)));
    }
    const name = this.state.sort.replace(/^-/, "");
    const at = this.columns.findIndex((column) => column.name === name);
    if (at < 0) return rows;
    const sign = this.state.sort.startsWith("-") ? -1 : 1;
    return [...rows].sort((one, other) => sign * compare(one[at], other[at], this.columns[at].kind));
  }

  textOf(row) {
    const account = this.account >= 0 ? accountName(row[this.account]) : "";
    return `${row.map(plain).join("\n")}\n${account ?? ""}`.toLowerCase();
  }

  draw() {
    const rows = this.selected();
    this.body.replaceChildren(...rows.slice(0, this.shown).map((row) => this.row(row)));
    for (const head of this.heads) {
      const name = this.columns[Number(head.dataset.at)].name;
      const order = { [name]: "ascending", [`-${name}`]: "descending" }[this.state.sort] ?? "none";
      head.setAttribute("aria-sort", order);
    }
    const all = this.rows.length;
    this.count.textContent = rows.length === all ? counted(all, "row") : `${grouped(rows.length)} of ${counted(all, "row")}`;
    this.more.hidden = rows.length <= this.shown;
    this.more.textContent = `Show more (${grouped(rows.length - this.shown)} left)`;
  }

  row(row) {
    const context = { region: row[this.region], account: row[this.account] };
    return h("tr", null, this.order.map((at) => {
      const { kind, name } = this.columns[at];
      const isWide = (kind === "text" || kind === "json") && plain(row[at]).length > 48;
      return h("td", { class: isWide ? `${kind} wide` : kind }, cellOf(row[at], kind, name, context));
    }));
  }
}

/** The groups of cells that an answer needed and that are unknown. */
function gapList(sheet) {
  if (sheet.unknown === 0) return null;
  const lines = sheet.gaps.map((gap) => h("li", null,
    visible(accountLabel(gap.account_id)), ": ", counted(gap.cells, "cell"), " ", gap.status.replaceAll("_", " "),
    gap.error_code && ` (${visible(gap.error_code)})`, ": ", gap.tables.slice(0, 5).join(", "),
    gap.tables.length > 5 && ` and ${gap.tables.length - 5} more`, " in ", gap.regions.join(", "),
    `. Last answered: ${when(gap.last_answered)}.`));
  return h("details", { class: "gaps" },
    h("summary", null, unknownMark(`${grouped(sheet.unknown)} of ${counted(sheet.needed, "cell")} unknown`)),
    h("ul", null, lines, sheet.more_gaps > 0 && h("li", null, counted(sheet.more_gaps, "more group"))));
}

/** What is said of a sheet without rows. */
function nothingFound(sheet) {
  if (sheet.unknown === 0) return "Nothing found.";
  if (sheet.unknown >= sheet.needed) return "Nothing is known: no cell that this answer needs was answered.";
  return "Nothing found in the cells that were answered. The others may hold something.";
}

/** A sheet of the document, with its title and what it is based on. */
async function sheetSection(name, section, state, keep) {
  const sheet = sheets.get(name);
  if (!sheet) return null;
  const id = `sheet-${name}`;
  const folded = sheet.shown < sheet.total
    && h("p", { class: "folded" }, `The first ${grouped(sheet.shown)} of ${counted(sheet.total, "row")} are on this page. `,
      h("code", null, `${sheet.command} --format csv`), " prints all.");
  const content = sheet.total === 0
    ? h("p", { class: "nothing" }, nothingFound(sheet))
    : new SheetView({ name, columns: sheet.columns, rows: await rowsOf(name), label: sheet.title, state, keep }).element;
  return h("section", { class: "block", id, "aria-labelledby": `${id}-title` },
    h("h3", { id: `${id}-title` }, h("a", { href: `#${section}/${name}` }, sheet.title), " ",
      h("span", { class: "total" }, grouped(sheet.total))),
    h("p", { class: "about" }, prose(sheet.description), sheet.why && [" ", prose(sheet.why)]),
    gapList(sheet), folded, content);
}
