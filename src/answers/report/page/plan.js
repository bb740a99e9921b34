
// The address plan: private space as squares, each range of a VPC as a bar with its subnets, and all of it as a tree.

/** Ranges that are drawn one by one before the rest is folded. */
const BARS = 150;

/** The numbers of an IPv4 range: first address and size. Null for IPv6. */
function span(range) {
  const parts = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(range ?? "");
  if (!parts) return null;
  const first = parts.slice(1, 5).reduce((total, part) => total * 256 + Number(part), 0);
  return { first, size: 2 ** (32 - Number(parts[5])) };
}

function dotted(number) {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}

/** A sheet's rows as objects. */
async function objects(name) {
  const sheet = sheets.get(name);
  if (!sheet) return [];
  return (await rowsOf(name)).map((row) => Object.fromEntries(sheet.columns.map((column, at) => [column.name, row[at]])));
}

/** Blocks of private space as squares: a square is one sixteenth of a row. */
const SPACES = [
  { range: "10.0.0.0/8", step: 16, title: "10.0.0.0/8 in blocks of /16" },
  { range: "172.16.0.0/12", step: 16, title: "172.16.0.0/12 in blocks of /16" },
  { range: "192.168.0.0/16", step: 24, title: "192.168.0.0/16 in blocks of /24" },
  { range: "100.64.0.0/10", step: 16, title: "100.64.0.0/10 in blocks of /16" },
];

/** How full each block of a space is, and whether networks overlap in it. */
function squares(space, ranges, overlapping) {
  const { first, size } = span(space.range);
  const step = 2 ** (32 - space.step);
  const cells = Array.from({ length: size / step }, () => ({ used: 0, bad: false, names: new Set() }));
  for (const range of ranges) {
    const begin = Math.max(range.first, first);
    const end = Math.min(range.first + range.size, first + size);
    for (let at = begin; at < end; at = (Math.floor(at / step) + 1) * step) {
      const cell = cells[Math.floor((at - first) / step)];
      cell.used += Math.min(end, (Math.floor(at / step) + 1) * step) - at;
      cell.names.add(range.label);
    }
  }
  for (const range of overlapping) {
    for (let at = Math.max(range.first, first); at < Math.min(range.first + range.size, first + size); at = (Math.floor(at / step) + 1) * step) {
      cells[Math.floor((at - first) / step)].bad = true;
    }
  }
  return cells.map((cell, at) => ({ ...cell, step, name: `${dotted(first + at * step)}/${space.step}` }));
}

function spacePicture(space, ranges, overlapping) {
  const cells = squares(space, ranges, overlapping);
  if (cells.every((cell) => cell.used === 0)) return null;
  const side = 22;
  const rows = Math.ceil(cells.length / 16);
  const used = cells.filter((cell) => cell.used > 0).length;
  const label = `${space.title}: ${used} of ${cells.length} are in the range of a VPC`;
  return h("figure", { class: "space" },
    h("figcaption", null, label),
    s("svg", { viewBox: `0 0 ${16 * side} ${rows * side}`, width: 16 * side, height: rows * side, role: "img", "aria-label": label, class: "squares" },
      cells.map((cell, at) => {
        const [x, y] = [(at % 16) * side, Math.floor(at / 16) * side];
        const share = Math.min(1, cell.used / cell.step);
        const names = [...cell.names];
        return s("g", null,
          s("title", null, `${cell.name}: ${names.length === 0 ? "free" : names.slice(0, 12).map(visible).join(", ")}${names.length > 12 ? " and more" : ""}${cell.bad ? " (overlapping)" : ""}`),
          s("rect", { x: x + 1, y: y + 1, width: side - 2, height: side - 2, class: cell.bad ? "square bad" : "square" }),
          share > 0 && s("rect", { x: x + 1, y: y + 1 + (side - 2) * (1 - share), width: side - 2, height: (side - 2) * share, class: "square given" }),
          cell.bad && s("rect", { x: x + 2, y: y + 2, width: side - 4, height: side - 4, class: "square overlap" }));
      })));
}

/** A bar of a VPC's range: each subnet where it lies, with its used, reserved and free part. */
function rangeBar(vpc, subnets) {
  const whole = span(vpc.range);
  const width = 600;
  if (!whole) return null;
  // A subnet and what is used of it are never too narrow to see. What AWS reserves would look like more than it is.
  const part = (first, size, name, title, least) => {
    const wide = Math.max(least, (size / whole.size) * width);
    return wide > 0 && s("rect", { x: ((first - whole.first) / whole.size) * width, y: 0, width: wide, height: 18, class: name }, s("title", null, title));
  };
  const label = `${vpc.range}: ${grouped(vpc.used ?? 0)} used, ${grouped(vpc.reserved ?? 0)} reserved, ${grouped(vpc.free ?? 0)} free in subnets, ${grouped(vpc.unallocated ?? 0)} in no subnet`;
  return s("svg", { viewBox: `0 0 ${width} 18`, class: "range", preserveAspectRatio: "none", role: "img", "aria-label": label },
    s("rect", { x: 0, y: 0, width, height: 18, class: "unallocated" }),
    subnets.map((subnet) => {
      const place = span(subnet.range);
      if (!place) return null;
      const title = `${visible(subnet.name ?? subnet.id)} ${subnet.range}: ${subnet.used === null ? "not known" : `${grouped(subnet.used)} used, ${grouped(subnet.free)} free`}`;
      if (subnet.used === null) return part(place.first, place.size, "part unknown", title, 2);
      return [
        part(place.first, place.size, "part free", title, 2),
        part(place.first + subnet.used, subnet.reserved, "part reserved", title, 0),
        subnet.used > 0 && part(place.first, subnet.used, "part used", title, 1),
      ];
    }));
}

function planLegend(label, items) {
  return h("ul", { class: "legend", "aria-label": label }, items.map(([name, text]) => h("li", null, h("i", { class: name }), text)));
}

const SQUARES = [["given", "in the range of a VPC"], ["unallocated", "in none"], ["broken", "overlapping"]];
const RANGES = [["used", "addresses in use"], ["reserved", "reserved by AWS"], ["free", "free, in a subnet"], ["unallocated", "in no subnet"], ["unknown", "not known"]];

/** A range of a VPC: its bar, and its subnets when it is opened. */
function rangeItem(vpc, subnets, next, overlaps) {
  const free = next ? (next.verdict === "free" ? `next free /${next.free_block.split("/")[1]}: ${next.free_block}` : next.verdict === "none" ? "no free block" : "free blocks not known") : null;
  const list = h("ul", null);
  const open = () => {
    if (list.childElementCount > 0) return;
    list.append(...subnets.map((subnet) => h("li", null, h("code", null, subnet.range), " ", clipped(subnet.name ?? subnet.id), ": ",
      subnet.total === null ? "" : subnet.used === null ? unknownMark("not known") : `${grouped(subnet.used)} used, ${grouped(subnet.free)} free of ${grouped(subnet.total)}`)));
  };
  return h("li", { class: "range-item" }, h("details", { toggle: open },
    h("summary", null, h("code", null, vpc.range), " ", clipped(vpc.name ?? vpc.id), " ", h("span", { class: "sub" }, visible(accountLabel(vpc.account_id)), ` · ${vpc.region}`), " ",
      overlaps.length > 0 && h("span", { class: "bad" }, `overlaps ${counted(overlaps.length, "network")}`), " ", free && h("span", { class: "sub" }, free)),
    subnets.length === 0 ? h("p", { class: "sub" }, vpc.used === null ? unknownMark("its subnets are not known") : "It has no subnet.") : list),
  rangeBar(vpc, subnets));
}

/** The plan as a tree: pools, the ranges of VPCs, and their subnets. */
function planTree(plan, next, overlaps) {
  const items = [];
  let left = 0;
  for (let at = 0; at < plan.length; at += 1) {
    const row = plan[at];
    if (row.kind === "ipam pool") {
      items.push(h("li", { class: "pool" }, "Pool ", clipped(row.name ?? row.id), h("span", { class: "sub" }, ` ${row.id}`)));
    } else if (row.kind === "vpc") {
      const subnets = [];
      while (plan[at + 1]?.kind === "subnet" && plan[at + 1].parent_id === row.id && plan[at + 1].parent_range === row.range) {
        at += 1;
        subnets.push(plan[at]);
      }
      if (items.length >= BARS) left += 1;
      else items.push(rangeItem(row, subnets, next.get(`${row.id} ${row.range}`), overlaps.get(`${row.id} ${row.range}`) ?? []));
    } else {
      items.push(h("li", { class: "range-item" }, h("code", null, row.range), " ", clipped(row.name ?? row.id), h("span", { class: "sub" }, " subnet of a VPC that was not seen")));
    }
  }
  return [left > 0 && h("p", { class: "folded" }, `${counted(left, "range")} more ${left === 1 ? "is" : "are"} folded: the table below has them.`), h("ul", { class: "plain" }, items)];
}

/** The pictures of the section. */
async function planView() {
  const [plan, blocksOf, pairs] = await Promise.all([objects("address-plan"), objects("next-free-block"), objects("overlapping-networks")]);
  plan.sort((one, other) => one.position - other.position);
  const next = new Map(blocksOf.map((row) => [`${row.vpc_id} ${row.range}`, row]));
  const overlaps = new Map();
  for (const pair of pairs) {
    for (const [id, range] of [[pair.vpc_id, pair.range], [pair.other_vpc_id, pair.other_range]]) {
      const key = `${id} ${range}`;
      overlaps.set(key, [...(overlaps.get(key) ?? []), pair]);
    }
  }
  const spans = (rows) => rows.filter((row) => span(row.range)).map((row) => ({ ...span(row.range), label: `${row.name ?? row.id} ${row.range}` }));
  const common = pairs.map((pair) => [span(pair.range), span(pair.other_range)]).filter(([one, other]) => one && other)
    .map(([one, other]) => {
      const first = Math.max(one.first, other.first);
      return { first, size: Math.min(one.first + one.size, other.first + other.size) - first };
    });
  const networks = spans(plan.filter((row) => row.kind === "vpc"));
  const drawn = SPACES.map((space) => spacePicture(space, networks, common)).filter(Boolean);
  return [
    drawn.length > 0 && h("section", { class: "block" }, h("h3", null, "Private space"), planLegend("Colours of the squares", SQUARES), h("div", { class: "spaces" }, drawn)),
    h("section", { class: "block" }, h("h3", null, "Ranges"), plan.length > 0 ? planLegend("Colours of the ranges", RANGES)
      : h("p", { class: "nothing" }, nothingFound(sheets.get("address-plan"))), planTree(plan, next, overlaps)),
  ];
}
