
// The first section: what the page is about, what failed and what mends it, and the numbers by account, region and type.

function card(number, label, href, isUnknown) {
  const content = [h("strong", { class: isUnknown ? "unknown" : "" }, grouped(number)), h("span", null, label)];
  return h("li", null, href ? h("a", { href }, content) : content);
}

function copyButton(text) {
  const button = h("button", { type: "button", class: "small", click: async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
    say("copied");
  } }, "copy");
  return button;
}

function code(text) {
  return h("div", { class: "code" }, h("pre", { tabindex: "0" }, text), copyButton(text));
}

/** A cause of unknown cells, with what mends it. */
function failure(gap) {
  const { remedy } = gap;
  const status = gap.status.replaceAll("_", " ");
  const place = gap.regions.includes("*") ? "in every region" : `in ${gap.regions.join(", ")}`;
  return h("li", null,
    h("details", null,
      h("summary", null, h("strong", null, visible(accountLabel(gap.account_id))), ": ", unknownMark(`${counted(gap.cells, "cell")} ${status}`),
        gap.error_code && ` (${visible(gap.error_code)})`, h("span", { class: "sub" }, ` ${gap.tables.length === 1 ? gap.tables[0] : counted(gap.tables.length, "table")} ${place}`)),
      h("p", null, remedy.advice, ` Last answered: ${when(gap.last_answered)}.`),
      gap.tables.length > 1 && h("p", { class: "sub" }, gap.tables.join(", ")),
      remedy.command && code(remedy.command),
      remedy.statement && code(JSON.stringify(remedy.statement, null, 2))));
}

function failures() {
  if (estate.gaps.length === 0) return null;
  return h("section", { class: "block", "aria-labelledby": "failures" },
    h("h3", { id: "failures" }, "What failed, and what mends it"),
    h("ul", { class: "plain" }, estate.gaps.map(failure)),
    estate.more_gaps > 0 && h("p", { class: "folded" }, `${counted(estate.more_gaps, "more cause")} in `, h("a", { href: "#unknown" }, "Not seen"), "."));
}

function customerTable() {
  const customers = groupBy(estate.overview.accounts, (account) => account.customer ?? "");
  if (!estate.has_registry) return null;
  const columns = [{ name: "customer", kind: "text" }, { name: "accounts", kind: "number" }, { name: "resources", kind: "number" }, { name: "unknown_cells", kind: "number" }];
  return block3("Customers", ownTable("customers", "Customers", columns, customers.map(([customer, list]) =>
    [customer || null, list.length, sum(list, (one) => one.resources), sum(list, (one) => one.unknown)])));
}

/** A block with a title of the third level. */
function block3(title, ...content) {
  return h("section", { class: "block" }, h("h3", null, title), content);
}

/** The index: each customer with the address of its page. */
function indexView() {
  const { overview } = estate;
  const columns = [
    { name: "customer", kind: "link" }, { name: "accounts", kind: "number" }, { name: "resources", kind: "number" },
    { name: "exposed_instances", kind: "number" }, { name: "changes", kind: "number" }, { name: "unknown_cells", kind: "number" },
  ];
  const rows = estate.pages.map((page) => [
    { text: page.customer ?? "No customer", href: page.address }, page.accounts.length, page.resources, page.exposed, page.changes, page.unknown,
  ]);
  const accountColumns = [
    { name: "account_id", kind: "text" }, { name: "alias", kind: "text" }, { name: "customer", kind: "text" },
    { name: "resources", kind: "number" }, { name: "cells", kind: "number" }, { name: "unknown", kind: "number" },
  ];
  return [
    h("ul", { class: "cards" },
      card(estate.pages.length, estate.pages.length === 1 ? "customer" : "customers"), card(overview.accounts.length, "accounts"),
      card(overview.resources, "resources"), card(sum(estate.pages, (page) => page.exposed), "instances that the internet reaches, or may"),
      card(estate.unknown, `of ${counted(estate.needed, "cell")} unknown`, null, estate.unknown > 0)),
    h("p", { class: "about" }, prose(estate.reason), ` Collected from ${when(estate.as_of.oldest)} to ${when(estate.as_of.newest)}.`),
    block3("Customers", ownTable("customers", "Customers", columns, rows)),
    block3("Accounts", ownTable("accounts", "Accounts", accountColumns, overview.accounts.map((account) =>
      [account.account_id, account.alias, account.customer, account.resources, account.cells, account.unknown]))),
  ];
}

function overviewView() {
  const { overview } = estate;
  const offboarded = overview.accounts.some((account) => account.offboarded);
  const accountColumns = [
    { name: "account_id", kind: "text" }, { name: "alias", kind: "text" }, { name: "customer", kind: "text" }, { name: "resources", kind: "number" },
    { name: "cells", kind: "number" }, { name: "unknown", kind: "number" }, offboarded && { name: "offboarded", kind: "flag" },
  ].filter(Boolean);
  const tableColumns = [{ name: "type", kind: "text" }, { name: "resources", kind: "number" }, { name: "accounts", kind: "number" }, { name: "regions", kind: "number" }, { name: "unknown_cells", kind: "number" }];
  const regionColumns = [{ name: "region", kind: "text" }, { name: "resources", kind: "number" }, { name: "accounts", kind: "number" }];
  const customers = new Set(overview.accounts.map((account) => account.customer).filter(Boolean)).size;
  const regions = overview.regions.filter((region) => region.region !== "global").length;
  return [
    h("ul", { class: "cards" },
      customers > 0 && card(customers, customers === 1 ? "customer" : "customers", "#map"),
      card(overview.accounts.length, overview.accounts.length === 1 ? "account" : "accounts", "#map"),
      card(regions, regions === 1 ? "region" : "regions"), card(overview.resources, "resources"),
      sheets.has("exposed-instances") && card(sheets.get("exposed-instances").total, "instances that the internet reaches, or may", "#exposure"),
      estate.compared && card(estate.compared.added + estate.compared.removed + estate.compared.changed, "changes", "#changes"),
      card(estate.unknown, `of ${counted(estate.needed, "cell")} unknown`, "#unknown", estate.unknown > 0)),
    estate.customer && h("p", { class: "folded" }, `The page of ${visible(estate.customer)}. It has the accounts of this customer alone: what others have is not on it. `,
      estate.index && h("a", { href: estate.index }, "All customers")),
    h("p", { class: "about" }, `Collected from ${when(estate.as_of.oldest)} to ${when(estate.as_of.newest)}. Ages count from ${when(estate.at)}.`,
      estate.narrowed.length > 0 && [" Only ", estate.narrowed.map(visible).join("; "), "."], " A cell is a resource type in a region of an account."),
    estate.folded.length > 0 && h("details", { class: "folded" }, h("summary", null, `${counted(estate.folded.length, "part")} of the estate ${estate.folded.length === 1 ? "does" : "do"} not fit on this page`),
      h("ul", null, estate.folded.map((part) => h("li", null, `${part.what}: ${grouped(part.shown)} of ${grouped(part.total)}. `, h("code", null, part.command), " has all.")))),
    failures(), customerTable(),
    block3("Accounts", ownTable("accounts", "Accounts", accountColumns, overview.accounts.map((account) =>
      [account.account_id, account.alias, account.customer, account.resources, account.cells, account.unknown, account.offboarded]))),
    block3("Resources by type", ownTable("types", "Resources by type", tableColumns, overview.tables.map((one) => [one.table, one.resources, one.accounts, one.regions, one.unknown]))),
    block3("Regions", ownTable("regions", "Regions", regionColumns, overview.regions.map((one) => [one.region, one.resources, one.accounts]))),
  ];
}

/** The changes by table, before the list of them. */
async function changesView() {
  if (!estate.compared) {
    return [h("p", { class: "nothing" }, "There is nothing to compare: the output has no two whole runs with an account in common, or the page shows a state of the past.")];
  }
  const { older, newer, added, removed, changed } = estate.compared;
  const rows = await objects("changes");
  const columns = [{ name: "table", kind: "text" }, { name: "added", kind: "number" }, { name: "removed", kind: "number" }, { name: "changed", kind: "number" }];
  const counts = groupBy(rows, (row) => row.table).map(([name, list]) => [name, ...["added", "removed", "changed"].map((kind) => list.filter((row) => row.change === kind).length)]);
  const isWhole = sheets.get("changes").shown === sheets.get("changes").total;
  return [h("p", null, "From ", h("code", null, visible(older)), " to ", h("code", null, visible(newer)), `: ${grouped(added)} added, ${grouped(removed)} removed, ${grouped(changed)} changed.`),
    isWhole && rows.length > 0 && block3("By type", ownTable("changes-by-type", "Changes by type", columns, counts))];
}
