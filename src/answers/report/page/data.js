
// The document. Blocks are read when somebody looks, since a large estate has many.

const blocks = new Map();

/** Decodes base64. */
function decoded(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = characters.charCodeAt(at);
  return bytes;
}

async function readBlock(name) {
  const element = document.getElementById(`data-${name}`);
  if (!element) return null;
  const text = element.textContent;
  element.remove();
  if (element.type === "application/json") return JSON.parse(text);
  const stream = new Blob([decoded(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

/** The content of a block, read once. */
function block(name) {
  if (!blocks.has(name)) blocks.set(name, readBlock(name));
  return blocks.get(name);
}

/** The head of the document, the heads of the sheets by name, and the accounts by id. */
const estate = JSON.parse(document.getElementById("data-estate").textContent);
const sheets = new Map(estate.sheets.map((sheet) => [sheet.name, sheet]));
const accounts = new Map(estate.overview.accounts.map((account) => [account.account_id, account]));

/** The page of each account by its id, if each customer has a page: then this one is their index. */
const pages = new Map((estate.pages ?? []).flatMap((page) => page.accounts.map((id) => [id, page])));

/** Whether the page has a section. An index has the first one alone. */
function hasSection(id) {
  return estate.sections.some((section) => section.id === id);
}

/** The address of an account on the map: on this page, or on that of its customer. */
function accountPlace(id) {
  return `${pages.get(id)?.address ?? ""}#map/account/${id}`;
}

/** The rows of a sheet. */
async function rowsOf(name) {
  return (await block(`sheet-${name}`)) ?? [];
}

/** The name of an account: in the registry, else its alias. */
function accountName(id) {
  const account = accounts.get(id);
  return account?.name ?? account?.alias ?? null;
}

/** The name of an account with its id, or the id alone. */
function accountLabel(id) {
  const name = accountName(id);
  return name ? `${name} (${id})` : id;
}

/** The customer of an account. */
function customerOf(id) {
  return accounts.get(id)?.customer ?? "";
}
