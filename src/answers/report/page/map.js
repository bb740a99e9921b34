
// The network map: the estate, a customer, an account, a VPC, a gateway. Each is a picture of the same form.

/** What is drawn as a whole. What is larger is folded. */
const WHOLE = { accounts: 40, vpcs: 70, rows: 60 };
const WAITING = /pending|initiating|provisioning|modifying|requested|rolling/i;
const BROKEN = /fail|down|blackhole|reject|expired|impaired/i;

let network = null;

/** The map with its nodes by id, and the links of each node. */
function networkMap() {
  network ??= block("map").then((map) => {
    const byId = (list) => new Map(list.map((one) => [one.id, one]));
    const nodes = { vpcs: byId(map.vpcs), gateways: byId(map.gateways), clouds: byId(map.clouds), subnets: byId(map.subnets) };
    const links = new Map();
    for (const link of map.links) {
      for (const end of [link.from, link.to]) {
        if (!links.has(end)) links.set(end, []);
        links.get(end).push(link);
      }
    }
    return { ...map, nodes, linksOf: (id) => links.get(id) ?? [] };
  });
  return network;
}

function groupBy(list, keyOf) {
  const groups = new Map();
  for (const one of list) {
    const key = keyOf(one);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(one);
  }
  return [...groups].sort(([one], [other]) => (one < other ? -1 : Number(one > other)));
}

/** How a link is drawn: broken, waiting, or neither. */
function linkClass(state) {
  if (BROKEN.test(state ?? "")) return "broken";
  return WAITING.test(state ?? "") ? "waiting" : "";
}

function linkLabel(link) {
  return [link.kind.replaceAll("-", " "), link.via, link.state].filter(Boolean).join(", ");
}

function named(node) {
  return node.name ? `${node.name}` : node.id;
}

function vpcRow(vpc) {
  return {
    id: vpc.id, title: named(vpc), detail: [vpc.region, ...vpc.ranges].join(" · "), href: `#map/vpc/${vpc.id}`,
    class: vpc.is_default ? "default" : "",
  };
}

const GATEWAYS = { "transit-gateway": "Transit gateway", "vpn-gateway": "VPN gateway" };

function gatewayBox(gateway) {
  return {
    id: gateway.id, title: gateway.name ?? gateway.id, detail: `${GATEWAYS[gateway.kind]} · ${gateway.region}`,
    href: `#map/gateway/${gateway.id}`,
  };
}

function cloudBox(cloud) {
  return { id: cloud.id, title: cloud.label, class: `cloud ${cloud.kind}` };
}

/** A box for a node that is not in the picture's frames. */
function outsideBox(map, id) {
  const vpc = map.nodes.vpcs.get(id);
  if (vpc) return { ...vpcRow(vpc), detail: `VPC of ${accountName(vpc.account) ?? vpc.account}`, class: "elsewhere" };
  const gateway = map.nodes.gateways.get(id);
  if (gateway) return { ...gatewayBox(gateway), detail: `${GATEWAYS[gateway.kind]} of ${accountName(gateway.account) ?? gateway.account}`, class: "elsewhere" };
  const cloud = map.nodes.clouds.get(id);
  return cloud ? cloudBox(cloud) : { id, title: id, detail: "not on this page", class: "elsewhere" };
}

/** Services are one cloud, and a NAT gateway's link is its VPC's: that is enough unless a single VPC is looked at. */
function coarse(map, link) {
  const subnet = map.nodes.subnets.get(link.from);
  const isService = map.nodes.clouds.get(link.to)?.kind === "service";
  return { ...link, from: subnet ? subnet.vpc : link.from, to: isService ? "services" : link.to };
}

/** Links between the same ends as one, with their number. */
function merged(links) {
  const byEnds = groupBy(links, (link) => [link.from, link.to, linkClass(link.state)].join(" "));
  return byEnds.map(([, same]) => ({
    from: same[0].from, to: same[0].to, class: linkClass(same[0].state),
    label: same.length === 1 ? linkLabel(same[0]) : `${same.length} links: ${[...new Set(same.map((one) => one.kind.replaceAll("-", " ")))].join(", ")}`,
  }));
}

const KINDS = ["internet", "service", "premises", "clients", "account", "unseen"];

/** The outside of a picture: the ends of links that are neither in its frames nor in the middle. */
function outside(map, links, inside) {
  const ends = new Set(links.flatMap((link) => [link.from, link.to]).filter((end) => !inside.has(end)));
  const order = (id) => `${KINDS.indexOf(map.nodes.clouds.get(id)?.kind ?? "account")} ${id}`;
  return [...ends].sort((one, other) => (order(one) < order(other) ? -1 : 1)).map((id) => (id === "services"
    ? { id, title: "AWS services", detail: "through endpoints", class: "cloud service" } : outsideBox(map, id)));
}

/** The picture of these VPCs in their accounts. */
function accountsPicture(map, vpcs, gateways, frames) {
  const inside = new Set([...vpcs.map((vpc) => vpc.id), ...gateways.map((gateway) => gateway.id)]);
  const links = merged([...new Set([...inside].flatMap((id) => map.linksOf(id)))]
    .concat(map.links.filter((link) => inside.has(map.nodes.subnets.get(link.from)?.vpc)))
    .map((link) => coarse(map, link)).filter((link) => link.from !== link.to && (inside.has(link.from) || inside.has(link.to))));
  return { frames, middle: gateways.map(gatewayBox), right: outside(map, links, inside), links };
}

function accountFrame(account, vpcs) {
  return {
    title: accountLabel(account), href: `#map/account/${account}`, label: `Account ${accountLabel(account)}`,
    class: accounts.get(account)?.unknown > 0 ? "unknown" : "", rows: vpcs.map(vpcRow),
  };
}

/** The accounts with their VPCs, in the frames of their customers. */
function wholeFrames(list, vpcs) {
  const byAccount = new Map(groupBy(vpcs, (vpc) => vpc.account));
  const customers = groupBy(list, (account) => customerOf(account));
  const inner = (members) => members.map((account) => accountFrame(account, byAccount.get(account) ?? []));
  if (customers.length === 1 && customers[0][0] === "") return inner(customers[0][1]);
  return customers.map(([customer, members]) => ({
    title: customer || "No customer", href: customer && `#map/customer/${encodeURIComponent(customer)}`, frames: inner(members), class: "customer",
  }));
}

/** Every account that the picture of these accounts has: those that only own a network of the map as well. */
function accountsOf(map, ids) {
  const owners = [...map.vpcs, ...map.gateways].map((node) => node.account);
  return [...new Set([...ids, ...owners.filter((owner) => !accounts.has(owner))])].sort();
}

function ownTable(name, label, columns, rows) {
  return new SheetView({ name, label, columns, rows }).element;
}

/** The accounts as a table, for what is folded. */
function accountTable(list, map) {
  const tiles = new Map(groupBy(map.tiles, ([account]) => account));
  const columns = [
    { name: "account_id", kind: "text" }, { name: "customer", kind: "text" }, { name: "vpcs", kind: "number" },
    { name: "regions", kind: "number" }, { name: "unknown_cells", kind: "number" },
  ];
  return ownTable("accounts", "Accounts", columns, list.map((id) => [
    id, customerOf(id) || null, sum(tiles.get(id) ?? [], ([, , vpcs]) => vpcs), (tiles.get(id) ?? []).length,
    accounts.get(id)?.unknown ?? null,
  ]));
}

/** The rows of a folded picture, and the row of a VPC: regions of customers, or customers where these are too many. */
function foldedRows(there, customers) {
  const regions = [...new Set(there.map(([, region]) => region))].sort();
  const isCoarse = customers.length > 1 && customers.length * regions.length > WHOLE.rows;
  const keyOf = (account, region) => `${customerOf(account)}|${isCoarse ? "" : region}`;
  const tiles = new Map(groupBy(there, ([account, region]) => keyOf(account, region)));
  const rowOf = (key, title, href) => {
    const own = tiles.get(key) ?? [];
    const vpcs = counted(sum(own, ([, , number]) => number), "VPC");
    return { id: key, title, href, detail: `${vpcs} in ${counted(new Set(own.map(([account]) => account)).size, "account")}` };
  };
  const link = (customer) => customer && `#map/customer/${encodeURIComponent(customer)}`;
  if (isCoarse) {
    const rows = customers.slice(0, WHOLE.rows).map(([customer]) => rowOf(`${customer}|`, customer || "No customer", link(customer)));
    return { keyOf, frames: [{ title: "Customers", rows }] };
  }
  return { keyOf, frames: customers.map(([customer, members]) => ({
    title: `${customer || (customers.length === 1 ? "All accounts" : "No customer")} · ${counted(members.length, "account")}`, href: link(customer),
    rows: regions.filter((region) => tiles.has(`${customer}|${region}`)).map((region) => rowOf(`${customer}|${region}`, region)),
  })) };
}

/** A picture that has no room for VPCs. */
function foldedPicture(map, list) {
  const member = new Set(list);
  const customers = groupBy(list, (account) => customerOf(account));
  const { keyOf, frames } = foldedRows(map.tiles.filter(([account]) => member.has(account)), customers);
  const key = (node) => keyOf(node.account, node.region);
  const tileOf = new Map(map.vpcs.filter((vpc) => member.has(vpc.account)).map((vpc) => [vpc.id, key(vpc)]));
  for (const gateway of map.gateways) tileOf.set(gateway.id, key(gateway));
  const counts = new Map();
  for (const link of map.links) {
    const { from, to } = coarse(map, link);
    const kind = (end) => map.nodes.clouds.get(end)?.kind;
    const ends = [from, to].map((end) => tileOf.get(end) ?? (end === "services" ? "services" : kind(end)));
    if (!ends[0] || !ends[1] || ends[0] === ends[1]) continue;
    counts.set(ends.join(">"), (counts.get(ends.join(">")) ?? 0) + 1);
  }
  const titles = { internet: "Internet", services: "AWS services", premises: "Networks outside AWS", clients: "VPN clients", account: "Other accounts", unseen: "Not seen" };
  const right = Object.entries(titles).map(([id, title]) => ({ id, title, class: `cloud ${id}` }))
    .filter(({ id }) => [...counts.keys()].some((ends) => ends.endsWith(`>${id}`) || ends.startsWith(`${id}>`)));
  const links = [...counts].sort().map(([ends, number]) => {
    const [from, to] = ends.split(">");
    return { from, to, label: counted(number, "link") };
  });
  return { picture: { frames, middle: [], right, links }, customers: customers.length };
}

function crumbs(...parts) {
  const items = [["#map", "Estate"], ...parts.filter(([, text]) => text)];
  return h("nav", { "aria-label": "Place on the map", class: "crumbs" }, h("ol", null, items.map(([href, text], at) =>
    h("li", null, at === items.length - 1 ? h("span", { "aria-current": "page" }, text) : h("a", { href }, text)))));
}

function legend() {
  const items = [
    ["open", "routed to the internet"], ["unknown", "not known"], ["broken", "broken, down or overlapping"], ["waiting", "waits for somebody"],
  ];
  return h("ul", { class: "legend", "aria-label": "Colours" }, items.map(([name, text]) => h("li", null, h("i", { class: name }), text)));
}

/** The accounts of the estate, or of a customer. */
async function estateView(customer) {
  const map = await networkMap();
  const all = customer === undefined ? estate.overview.accounts : estate.overview.accounts.filter((one) => (one.customer ?? "") === customer);
  const ids = all.map((account) => account.account_id);
  const list = customer === undefined ? accountsOf(map, ids) : ids;
  const member = new Set(list);
  const vpcs = map.vpcs.filter((vpc) => member.has(vpc.account));
  const gateways = map.gateways.filter((gateway) => member.has(gateway.account));
  const place = customer === undefined ? crumbs() : crumbs([null, customer]);
  const total = sum(map.tiles.filter(([account]) => member.has(account)), ([, , number]) => number);
  if (list.length <= WHOLE.accounts && total <= WHOLE.vpcs && vpcs.length === total) {
    return [place, legend(), draw(accountsPicture(map, vpcs, gateways, wholeFrames(list, vpcs)), "Network map of the estate")];
  }
  const { picture, customers } = foldedPicture(map, list);
  return [place,
    h("p", { class: "folded" }, `${counted(list.length, "account")} and ${counted(total, "VPC")} are folded into `,
      customers > 1 ? counted(customers, "customer") : "their regions",
      customers > WHOLE.rows && `, of which the first ${WHOLE.rows} are drawn`, ". An account below, or the search, opens them."),
    draw(picture, "Network map of the estate, folded"), accountTable(list, map)];
}

/** An account, or a region of it. */
async function accountView(account, region) {
  const map = await networkMap();
  const own = map.vpcs.filter((vpc) => vpc.account === account && (!region || vpc.region === region));
  const gateways = map.gateways.filter((gateway) => gateway.account === account && (!region || gateway.region === region));
  const place = crumbs([customerOf(account) && `#map/customer/${encodeURIComponent(customerOf(account))}`, customerOf(account)],
    [`#map/account/${account}`, visible(accountLabel(account))], [null, region]);
  const isFolded = own.length > WHOLE.vpcs;
  const frames = groupBy(own, (vpc) => vpc.region).map(([name, vpcs]) => ({
    title: name, href: `#map/account/${account}/${name}`,
    rows: isFolded ? [{ id: name, title: counted(vpcs.length, "VPC"), href: `#map/account/${account}/${name}` }] : vpcs.map(vpcRow),
  }));
  const missing = sum(map.tiles.filter(([owner, name]) => owner === account && (!region || name === region)), ([, , number]) => number) - own.length;
  const shared = map.subnets.filter((subnet) => subnet.shared_with.includes(account));
  const gaps = estate.gaps.filter((gap) => gap.account_id === account);
  const columns = [{ name: "region", kind: "text" }, { name: "id", kind: "text" }, { name: "name", kind: "text" }, { name: "ranges", kind: "json" }];
  return [place, legend(), gaps.length > 0 && h("p", null, unknownMark(`${counted(accounts.get(account)?.unknown ?? 0, "cell")} of this account unknown`), " ",
    h("a", { href: `#unknown/unknown-cells?filter=${account}` }, "Which")),
  missing > 0 && h("p", { class: "folded" }, `${counted(missing, "VPC")} of this account ${missing === 1 ? "is" : "are"} not on this page: `, h("code", null, `rolecall report --accounts ${account} --to ${account}.html`), " has all."),
  own.length + gateways.length === 0 ? h("p", { class: "nothing" }, "No VPC of this account is on this page.")
    : draw(accountsPicture(map, isFolded ? [] : own, gateways, frames), `Network map of the account ${accountLabel(account)}`),
  shared.length > 0 && h("p", null, `${counted(shared.length, "subnet")} of other accounts are shared with it, in `,
    [...new Set(shared.map((subnet) => subnet.vpc))].map((vpc, at) => [at > 0 && ", ", h("a", { href: `#map/vpc/${vpc}` }, vpc)]), "."),
  isFolded && ownTable("vpcs", "VPCs", columns, own.map((vpc) => [vpc.region, vpc.id, vpc.name, vpc.ranges]))];
}

/** What a subnet's route leads to, as a node of the VPC's picture. */
function targetKind(id) {
  const kinds = { igw: "Internet gateway", nat: "NAT gateway", pcx: "Peering", tgw: "Transit gateway", vgw: "VPN gateway", eigw: "Egress-only gateway", vpce: "Endpoint", eni: "Interface", cagw: "Carrier gateway" };
  return kinds[id.split("-")[0]] ?? "Target";
}

function subnetRow(subnet) {
  const bars = { true: "open", false: "", null: "unknown" };
  const words = { true: "public", false: "private", null: "route not known" };
  return {
    id: subnet.id, title: named(subnet), detail: [words[String(subnet.public)], ...subnet.ranges].join(" · "),
    bar: bars[String(subnet.public)], class: subnet.blackholes.length > 0 ? "broken" : "",
    state: subnet.blackholes.length > 0 ? `blackhole: ${subnet.blackholes.join("; ")}` : "",
  };
}

/** A VPC with its subnets by zone, what they route to, and where that leads. */
async function vpcView(id) {
  const map = await networkMap();
  const vpc = map.nodes.vpcs.get(id);
  if (!vpc) return [crumbs([null, id]), h("p", { class: "nothing" }, `The VPC ${visible(id)} is not on this page.`)];
  const subnets = map.subnets.filter((subnet) => subnet.vpc === id);
  const own = [...map.linksOf(id), ...map.links.filter((link) => map.nodes.subnets.get(link.from)?.vpc === id)]
    .filter((link, at, all) => all.indexOf(link) === at);
  // The resource that makes a link is a connector of its own. What is attached to a gateway is that gateway.
  const connector = (link) => (map.nodes.gateways.has(link.to) ? link.to : link.via ?? link.to);
  const middle = new Map();
  const links = [];
  for (const link of own) {
    const key = connector(link);
    const far = link.from === id || map.nodes.subnets.get(link.from)?.vpc === id ? link.to : link.from;
    const gateway = map.nodes.gateways.get(key);
    const label = gateway ? gatewayBox(gateway) : { id: key, title: key, detail: `${targetKind(key)}${link.state ? ` · ${link.state}` : ""}` };
    middle.set(key, { ...label, class: linkClass(link.state) });
    const start = map.nodes.subnets.has(link.from) ? link.from : null;
    if (start) links.push({ from: start, to: key, label: "is in", class: "quiet" });
    if (!gateway) links.push({ from: key, to: far, label: linkLabel(link), class: linkClass(link.state) });
    else for (const next of map.linksOf(key)) if (next.from === key) links.push({ from: key, to: next.to, label: linkLabel(next), class: linkClass(next.state) });
  }
  for (const subnet of subnets) {
    for (const target of subnet.targets) if (middle.has(target)) links.push({ from: subnet.id, to: target, label: `${named(subnet)} routes to ${target}` });
  }
  for (const link of own) {
    // What no route leads to is linked with the VPC itself.
    const key = connector(link);
    if (!links.some((one) => one.to === key && map.nodes.subnets.has(one.from))) links.push({ from: id, to: key, label: linkLabel(link), class: linkClass(link.state) });
  }
  const zones = groupBy(subnets, (subnet) => subnet.zone).map(([zone, inZone]) => ({ title: zone || "No zone", rows: inZone.map(subnetRow) }));
  const rows = links.some((link) => link.from === id) ? [{ id, title: named(vpc), detail: "the VPC as a whole", class: "whole" }] : [];
  const frames = [{ title: `${named(vpc)} · ${vpc.ranges.join(", ")}`, frames: zones, rows }];
  const inside = new Set([id, ...subnets.map((subnet) => subnet.id), ...middle.keys()]);
  const right = outside(map, links.filter((link) => middle.has(link.from)), inside);
  const blackholes = subnets.filter((subnet) => subnet.blackholes.length > 0);
  return [
    crumbs([customerOf(vpc.account) && `#map/customer/${encodeURIComponent(customerOf(vpc.account))}`, customerOf(vpc.account)],
      [`#map/account/${vpc.account}`, visible(accountLabel(vpc.account))], [null, visible(named(vpc))]),
    h("p", { class: "about" }, identity(vpc.id, vpc.region, vpc.account), ` in ${vpc.region}: ${vpc.ranges.join(", ")}.`,
      vpc.is_default && " It is the region's default VPC.",
      vpc.shared_with.length > 0 && ` Shared with ${vpc.shared_with.map((account) => visible(accountLabel(account))).join(", ")}.`),
    legend(),
    draw({ frames, middle: [...middle.values()], right, links }, `Network map of the VPC ${named(vpc)}`),
    blackholes.length > 0 && h("ul", null, blackholes.map((subnet) => h("li", { class: "bad" }, `${visible(named(subnet))} routes into nothing: ${subnet.blackholes.join("; ")}`))),
    subnets.length === 0 && h("p", { class: "nothing" }, "No subnet of it is on this page."),
  ];
}

function routeTable(map, tableOf) {
  const columns = ["destination", "target", "type", "state"].map((name) => ({ name, kind: "text" }));
  return h("section", { class: "block" },
    h("h3", null, `Route table ${visible(tableOf.name ?? tableOf.id)}`),
    h("p", { class: "about" }, `${tableOf.id}, used by ${tableOf.used_by.map((id) => visible(named(map.nodes.vpcs.get(id) ?? { id }))).join(", ") || "nothing"}.`),
    tableOf.routes.length === 0 ? h("p", { class: "nothing" }, "No route of it was seen.")
      : ownTable(tableOf.id, `Routes of ${tableOf.id}`, columns, tableOf.routes));
}

/** A gateway with everything that is linked with it, and its route tables. */
async function gatewayView(id) {
  const map = await networkMap();
  const gateway = map.nodes.gateways.get(id);
  if (!gateway) return [crumbs([null, id]), h("p", { class: "nothing" }, `The gateway ${visible(id)} is not on this page.`)];
  const links = map.linksOf(id);
  const ends = [...new Set(links.flatMap((link) => [link.from, link.to]))].filter((end) => end !== id);
  const vpcs = ends.map((end) => map.nodes.vpcs.get(end)).filter(Boolean);
  const list = [...new Set(vpcs.map((vpc) => vpc.account))].sort();
  const frames = wholeFrames(list, vpcs);
  const inside = new Set([id, ...vpcs.map((vpc) => vpc.id)]);
  const picture = { frames, middle: [gatewayBox(gateway)], right: outside(map, links, inside), links: merged(links) };
  return [
    crumbs([`#map/account/${gateway.account}`, visible(accountLabel(gateway.account))], [null, visible(named(gateway))]),
    h("p", { class: "about" }, `${GATEWAYS[gateway.kind]} `, identity(id, gateway.region, gateway.account), ` in ${gateway.region}.`),
    legend(), draw(picture, `Network map of ${named(gateway)}`),
    ...map.transit_tables.filter((one) => one.gateway === id).map((one) => routeTable(map, one)),
  ];
}

/** The view of a place on the map: `vpc/vpc-1`. */
function mapView([kind, id, region]) {
  if (kind === "customer") return estateView(id);
  if (kind === "account") return accountView(id, region);
  if (kind === "vpc") return vpcView(id);
  if (kind === "gateway") return gatewayView(id);
  return estateView();
}
