
// The search: one long text, in which the browser finds what is typed.

const SEPARATOR = "\u001f";
/** Hits that are ranked, and those that are listed. */
const RANKED = 1000;
const LISTED = 60;

/** A text in lower case that is as long as the text. */
function lowered(text) {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

let searched = null;

/** The index, read once. */
function searchIndex() {
  const none = { tables: [], accounts: [], regions: [], lines: "" };
  searched ??= block("search").then((index) => ({ ...(index ?? none), lower: lowered(index?.lines ?? "") }));
  return searched;
}

/** Where the fields of a line begin that are searched: after table, account and region. */
function fieldsStart(text, start) {
  let at = start;
  for (let number = 0; number < 3; number += 1) at = text.indexOf(SEPARATOR, at) + 1;
  return at;
}

/** How well a line fits: the smaller the better. */
function rank(fields, first) {
  let best = 4;
  fields.forEach((text, at) => {
    if (text === first) best = Math.min(best, at < 2 ? 0 : 1);
    else if (text.startsWith(first)) best = Math.min(best, at < 2 ? 2 : 3);
  });
  return best;
}

/** The resources whose fields have every word. */
function find(index, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean).sort((one, other) => other.length - one.length);
  const hits = [];
  let [from, total] = [0, 0];
  if (words.length === 0) return { hits, total, isCut: false };
  for (;;) {
    const found = index.lower.indexOf(words[0], from);
    if (found < 0) break;
    const start = index.lower.lastIndexOf("\n", found) + 1;
    const end = index.lower.indexOf("\n", found);
    from = end + 1;
    const fields = fieldsStart(index.lower, start);
    const line = index.lower.slice(fields, end);
    if (!words.every((word) => line.includes(word))) continue;
    total += 1;
    hits.push({ start, fields, end, rank: rank(line.split(SEPARATOR), words[0]) });
    if (hits.length >= RANKED) return { hits: bestHits(hits), total, isCut: index.lower.indexOf(words[0], from) >= 0 };
  }
  return { hits: bestHits(hits), total, isCut: false };
}

function bestHits(hits) {
  return hits.sort((one, other) => one.rank - other.rank || one.start - other.start).slice(0, LISTED);
}

/** What a hit is. */
function hitOf(index, hit) {
  const [table, account, region] = index.lines.slice(hit.start, hit.fields).split(SEPARATOR);
  const [id, name, ...values] = index.lines.slice(hit.fields, hit.end).split(SEPARATOR);
  return { table: index.tables[table], account: index.accounts[account], region: index.regions[region], id, name, values };
}

/** A text with the words that were typed marked. */
function marked(text, words) {
  const lower = lowered(text);
  const parts = [];
  let at = 0;
  while (at < text.length) {
    const next = words.map((word) => [lower.indexOf(word, at), word]).filter(([place]) => place >= 0)
      .sort((one, other) => one[0] - other[0])[0];
    if (!next) break;
    parts.push(visible(text.slice(at, next[0])), h("mark", null, visible(text.slice(next[0], next[0] + next[1].length))));
    at = next[0] + next[1].length;
  }
  parts.push(visible(text.slice(at, at + LONG)));
  return h("bdi", null, parts);
}

function hitRow(hit, words) {
  const fits = hit.values.filter((text) => words.some((word) => lowered(text).includes(word)));
  const values = (fits.length > 0 ? fits : hit.values).slice(0, 4);
  return h("tr", null,
    h("td", null, h("strong", null, hit.name ? marked(hit.name, words) : "–"), h("span", { class: "sub" }, hit.table)),
    h("td", null, identity(hit.id, hit.region, hit.account)),
    h("td", null, cellOf(hit.account, "text", "account_id", null)),
    h("td", null, hit.region),
    h("td", null, values.map((text) => h("div", null, marked(text, words)))));
}

/** The accounts that have every word in their name, id or customer. */
function accountHits(words) {
  return estate.overview.accounts.filter((account) => {
    const text = lowered([account.account_id, account.name, account.alias, account.customer].filter(Boolean).join("\n"));
    return words.length > 0 && words.every((word) => text.includes(word));
  });
}

/** The view of what was found. */
async function searchView(query) {
  const index = await searchIndex();
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const { hits, total, isCut } = find(index, query);
  const found = accountHits(words).slice(0, 10);
  const folded = estate.folded.filter((part) => part.what.endsWith("in the search"));
  const count = isCut ? `more than ${counted(total, "resource")}` : counted(total, "resource");
  say(`${count} found`);
  const heads = ["Name and type", "Id", "Account", "Region", "What it is found by"];
  return h("section", { class: "section", "aria-labelledby": "found" },
    h("h2", { id: "found" }, "Found: ", h("bdi", null, visible(query))),
    pages.size > 0 && h("p", { class: "folded" }, "This index finds accounts and customers. The page of a customer finds what the customer has."),
    h("p", { class: "about" }, count, hits.length < total && `, the best ${hits.length} are listed`, ". ",
      unknownNote("unknown"),
      folded.length > 0 && [" Not on this page: ", folded.map((part) => `${part.what.split(" ")[0]} (${grouped(part.total)})`).join(", "),
        ". ", h("code", null, "rolecall where"), " finds them."]),
    found.length > 0 && h("ul", { class: "plain" }, found.map((account) =>
      h("li", null, "Account ", h("a", { href: accountPlace(account.account_id) }, visible(accountLabel(account.account_id)))))),
    hits.length > 0 && h("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": "What was found" },
      h("table", { class: "found" }, h("thead", null, h("tr", null, heads.map((head) => h("th", { scope: "col" }, head)))),
        h("tbody", null, hits.map((hit) => hitRow(hitOf(index, hit), words))))));
}
