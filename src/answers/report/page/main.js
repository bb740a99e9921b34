
// The views and their addresses: #section, #section/sheet?filter=…, #map/vpc/vpc-1, #search/words, #all.

const main = document.getElementById("content");
const finder = document.getElementById("finder");
const VIEWS = { overview: async () => (estate.pages ? indexView() : overviewView()), map: mapView, plan: planView, dns: dnsView, changes: changesView };
/** Counts views, so that a slow one never replaces a newer one. */
let turn = 0;

function unknownNote(id) {
  const section = estate.sections.find((one) => one.id === id);
  if (!section || section.unknown === 0) return null;
  const mark = unknownMark(`${grouped(section.unknown)} of ${counted(section.needed, "cell")} unknown`);
  return hasSection("unknown") ? h("a", { href: "#unknown", class: "mark" }, mark) : h("span", { class: "mark" }, mark);
}

/** The list of a section's sheets, if there are several. */
function contents(section) {
  const there = section.sheets.filter((name) => sheets.has(name));
  if (there.length < 2) return null;
  return h("ul", { class: "contents" }, there.map((name) => h("li", null,
    h("a", { href: `#${section.id}/${name}` }, sheets.get(name).title), " ", h("span", { class: "total" }, grouped(sheets.get(name).total)))));
}

/** A section with its picture and its sheets. */
async function sectionView(section, rest, query) {
  const own = VIEWS[section.id] ? await VIEWS[section.id](rest) : [];
  const isPlace = section.id === "map" && rest.length > 1;
  const states = stateOf(query);
  const views = [];
  for (const name of isPlace ? [] : section.sheets) {
    const state = rest[0] === name ? states : {};
    views.push(await sheetSection(name, section.id, state, (kept) => keepState(section.id, name, kept)));
  }
  return h("section", { class: "section", "aria-labelledby": `title-${section.id}` },
    h("h2", { id: `title-${section.id}` }, section.title, " ", unknownNote(section.id)),
    !isPlace && contents(section), own, views);
}

/** Writes the state of a sheet into the address, so that the address shows the same to somebody else. */
function keepState(section, name, { filter, sort }) {
  const parameters = new URLSearchParams(Object.entries({ filter, sort }).filter(([, text]) => text));
  const query = parameters.toString();
  history.replaceState(null, "", `#${section}/${name}${query && `?${query}`}`);
}

/** The parts of the address. */
function readAddress() {
  const [path, query] = location.hash.slice(1).split("?", 2);
  const parts = path.split("/").map((part) => {
    try { return decodeURIComponent(part); } catch { return part; }
  });
  return { parts, query };
}

async function show() {
  const { parts, query } = readAddress();
  const [id, ...rest] = parts;
  turn += 1;
  const own = turn;
  const isSearch = id === "search" && rest.join("/").trim() !== "";
  const section = estate.sections.find((one) => one.id === id) ?? estate.sections[0];
  main.setAttribute("aria-busy", "true");
  const made = async () => {
    if (isSearch) return [await searchView(rest.join("/"))];
    if (id === "all") return Promise.all(estate.sections.map((one) => sectionView(one, [], "")));
    return [await sectionView(section, rest, query)];
  };
  const views = await made().catch((error) => [h("h2", null, section.title), h("p", { class: "bad" }, `This could not be drawn: ${visible(error.message)}`)]);
  if (own !== turn) return;
  main.replaceChildren(...views);
  main.removeAttribute("aria-busy");
  markSection(isSearch || id === "all" ? null : section.id);
  const title = isSearch ? `Found: ${rest.join("/")}` : id === "all" ? "Everything" : section.title;
  document.title = `${visible(title)} · estate · rolecall`;
  if (!isSearch) {
    const target = rest[0] && document.getElementById(`sheet-${rest[0]}`);
    if (target) target.scrollIntoView();
    else window.scrollTo(0, 0);
    // The first view leaves the focus where a browser puts it.
    if (own > 1 && document.activeElement !== finder) main.focus({ preventScroll: true });
  }
}

/** Marks the section that is shown. */
function markSection(id) {
  for (const link of document.querySelectorAll("#sections a")) {
    if (link.hash === `#${id}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function openPage() {
  const asOf = estate.as_of.newest ? `as of ${when(estate.as_of.newest)}` : "empty";
  document.getElementById("as-of").textContent = estate.customer ? `${visible(estate.customer)}, ${asOf}` : asOf;
  document.getElementById("sections").append(...estate.sections.map((section) => h("li", null, h("a", { href: `#${section.id}` }, section.title,
    section.unknown > 0 && section.id !== "unknown" && h("span", { class: "unknown dot", role: "img", "aria-label": "partly unknown", title: `${grouped(section.unknown)} cells unknown` }, "?")))));
  filled(document.getElementById("foot"), {}, [
    `Written by ${estate.made_by} (Apache-2.0), with no library in the page. It loads nothing and sends nothing. `,
    h("a", { href: "#all" }, "Everything on one page, to print"), ". ",
    estate.index && h("a", { href: estate.index }, "All customers"),
  ]);
  if (estate.pages) finder.placeholder = "Find an account or a customer";
  document.getElementById("skip").addEventListener("click", (event) => { event.preventDefault(); main.focus(); });
  const theme = document.getElementById("theme");
  const setTheme = (isDark) => {
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
    theme.setAttribute("aria-pressed", String(isDark));
  };
  setTheme(matchMedia("(prefers-color-scheme: dark)").matches);
  theme.addEventListener("click", () => setTheme(document.documentElement.dataset.theme !== "dark"));
  let waiting;
  finder.addEventListener("focus", () => searchIndex(), { once: true });
  finder.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const query = finder.value.trim();
      history.replaceState(null, "", query ? `#search/${encodeURIComponent(query)}` : "#overview");
      show();
    }, 60);
  });
  addEventListener("keydown", (event) => {
    const isTyping = /^(input|textarea|select)$/i.test(document.activeElement?.tagName ?? "");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      finder.focus();
    }
  });
  addEventListener("hashchange", show);
  const { parts } = readAddress();
  if (parts[0] === "search") finder.value = parts.slice(1).join("/");
  show();
}

openPage();
