
// DNS: public zones as the tree of their delegations, and private zones by the VPCs that see them.

/** Zones that are listed one by one before the rest is folded. */
const ZONES_LISTED = 300;

function zoneName(name) {
  return (name ?? "").replace(/\.$/, "").toLowerCase();
}

function zoneLine(zone, note) {
  return [h("a", { href: `#dns/records?filter=${encodeURIComponent(zone.id)}` }, clipped(zone.name)), " ",
    h("span", { class: "sub" }, identity(zone.id, "global", zone.account_id), " ", visible(accountLabel(zone.account_id)), zone.records === null ? "" : ` · ${counted(zone.records, "record")}`),
    note && h("span", { class: "sub" }, ` · ${note}`)];
}

/** The nearest name above a name that is a zone, or null. */
function parentOf(name, zones) {
  for (let at = name.indexOf("."); at >= 0; at = name.indexOf(".", at + 1)) {
    if (zones.has(name.slice(at + 1))) return name.slice(at + 1);
  }
  return null;
}

/** The tree of public zones. A name with several zones has a line for each. */
function delegationTree(zones, delegated) {
  const byName = new Map(groupBy(zones, (zone) => zoneName(zone.name)));
  const below = new Map();
  for (const name of byName.keys()) {
    const parent = parentOf(name, byName);
    below.set(parent, [...(below.get(parent) ?? []), name]);
  }
  const branch = (parent) => (below.get(parent) ?? []).length > 0 && h("ul", null, below.get(parent).map((name) => h("li", null,
    byName.get(name).map((zone, at) => h("div", null, zoneLine(zone, [
      parent && delegated.has(name) && "delegated by its parent", byName.get(name).length > 1 && `zone ${at + 1} of ${byName.get(name).length} with this name`,
    ].filter(Boolean).join(", ")))), branch(name))));
  return branch(null);
}

/** The private zones that each VPC sees. */
function privateZones(rows) {
  const byVpc = groupBy(rows, (row) => row.vpc_id ?? "");
  return h("ul", null, byVpc.map(([vpc, seen]) => h("li", null,
    vpc === "" ? "No VPC that is known" : identity(vpc, seen[0].vpc_region, seen[0].vpc_account_id),
    vpc !== "" && h("span", { class: "sub" }, ` ${seen[0].vpc_region ?? ""}`),
    h("ul", null, seen.map((row) => h("li", null, h("a", { href: `#dns/records?filter=${encodeURIComponent(row.hosted_zone_id ?? "")}` }, clipped(row.zone_name ?? row.hosted_zone_id)), " ",
      h("span", { class: "sub" }, visible(row.hosted_zone_id ?? ""), ` of ${visible(accountLabel(row.zone_owner ?? row.account_id))}`)))))));
}

/** The trees of the section. */
async function dnsView() {
  const [zones, records, seen] = await Promise.all([objects("zones"), objects("records"), objects("private-zones")]);
  const delegated = new Set(records.filter((record) => record.type === "NS" && !record.private && zoneName(record.name) !== zoneName(record.zone_name)).map((record) => zoneName(record.name)));
  const open = zones.filter((zone) => !zone.private);
  const [listed, folded] = [open.slice(0, ZONES_LISTED), open.length - ZONES_LISTED];
  return [
    h("section", { class: "block" }, h("h3", null, "Public zones"),
      folded > 0 && h("p", { class: "folded" }, `${counted(folded, "zone")} more in the table below.`),
      open.length === 0 ? h("p", { class: "nothing" }, nothingFound(sheets.get("zones"))) : h("div", { class: "tree" }, delegationTree(listed, delegated))),
    h("section", { class: "block" }, h("h3", null, "Private zones by VPC"),
      seen.length > ZONES_LISTED && h("p", { class: "folded" }, `${counted(seen.length - ZONES_LISTED, "row")} more in the table below.`),
      seen.length === 0 ? h("p", { class: "nothing" }, nothingFound(sheets.get("private-zones"))) : h("div", { class: "tree" }, privateZones(seen.slice(0, ZONES_LISTED)))),
  ];
}
