
// The layout of a map: frames with rows on the left, connectors in the middle, and what lies outside on the right.
// Places follow from the order of ids alone, so that the pictures of two nights are alike.

const ROW = 40;
const HEAD = 30;
const GAP = 10;
/** The most room between the boxes of a column: in a high picture they stay together. */
const STEP = 180;
const FRAME = 360;
const MIDDLE = { x: 500, width: 210 };
const RIGHT = { x: 830, width: 250 };
const WIDTH = RIGHT.x + RIGHT.width + 10;

/** Places a frame with its frames and rows. Returns its height. */
function placeFrame(frame, x, y, width, places) {
  const box = { x, y, width, frame };
  let bottom = y + HEAD;
  for (const row of frame.rows ?? []) {
    places.rows.push({ row, x: x + GAP, y: bottom, width: width - 2 * GAP, height: ROW - 5 });
    bottom += ROW;
  }
  for (const inner of frame.frames ?? []) {
    bottom += placeFrame(inner, x + GAP, bottom, width - 2 * GAP, places) + GAP;
  }
  box.height = bottom - y + 4;
  places.frames.push(box);
  return box.height;
}

/** Places boxes in a column of this height, each as near to what it is linked with as the order of ids lets it. */
function placeColumn(boxes, column, height) {
  const step = Math.min(STEP, Math.max(50, height / Math.max(boxes.length, 1)));
  return boxes.map((box, at) => ({
    box, x: column.x, y: at * step + (step - 38) / 2, width: column.width, height: 38,
  }));
}

/** Places everything. */
function layout({ frames, middle, right, links }) {
  const places = { frames: [], rows: [] };
  let bottom = 4;
  for (const frame of frames) bottom += placeFrame(frame, 4, bottom, FRAME, places) + GAP;
  const height = Math.max(bottom, middle.length * 50, right.length * 50, 120);
  const middles = placeColumn(middle, MIDDLE, height);
  const rights = placeColumn(right, RIGHT, height);
  const ends = new Map();
  for (const place of places.rows) ends.set(place.row.id, { ...place, column: 0 });
  for (const place of middles) ends.set(place.box.id, { ...place, column: 1 });
  for (const place of rights) ends.set(place.box.id, { ...place, column: 2 });
  const lines = links.filter((link) => ends.has(link.from) && ends.has(link.to))
    .map((link) => ({ link, path: curve(ends.get(link.from), ends.get(link.to)) }));
  // The outer frames are drawn first.
  places.frames.reverse();
  return { ...places, middles, rights, lines, width: WIDTH, height: height + 8 };
}

/** The curve between two places: from the side that faces the other. */
function curve(one, other) {
  const [from, to] = one.column <= other.column ? [one, other] : [other, one];
  const start = { x: from.x + from.width, y: from.y + from.height / 2 };
  if (from.column === to.column) {
    const end = { x: to.x + to.width, y: to.y + to.height / 2 };
    const bulge = Math.max(start.x, end.x) + 30 + Math.min(60, Math.abs(end.y - start.y) / 6);
    return `M${start.x},${start.y} C${bulge},${start.y} ${bulge},${end.y} ${end.x},${end.y}`;
  }
  const end = { x: to.x, y: to.y + to.height / 2 };
  const half = (start.x + end.x) / 2;
  return `M${start.x},${start.y} C${half},${start.y} ${half},${end.y} ${end.x},${end.y}`;
}

/** Cuts a text to a width in characters. */
function cut(text, most) {
  const all = visible(text);
  return all.length > most ? `${all.slice(0, most - 1)}…` : all;
}

function linked(href, label, content) {
  return href ? s("a", { href, "aria-label": label }, content) : s("g", { role: "img", "aria-label": label }, content);
}

function drawFrame({ x, y, width, height, frame }) {
  const title = s("text", { x: x + 10, y: y + 20, class: "frame-title" }, cut(frame.title, Math.floor(width / 7.4)));
  return s("g", null,
    s("rect", { x, y, width, height, rx: 6, class: `frame ${frame.class ?? ""}` }),
    frame.href ? s("a", { href: frame.href, "aria-label": frame.label ?? frame.title }, title) : title);
}

function drawBox({ x, y, width, height }, item) {
  const most = Math.floor((width - 16) / 6.6);
  const head = s("text", { x: x + 12, y: y + (item.detail ? height / 2 - 2 : height / 2 + 4), class: "box-title" }, cut(item.title, most));
  const detail = item.detail && s("text", { x: x + 12, y: y + height / 2 + 11, class: "box-detail" }, cut(item.detail, most + 2));
  const label = [item.title, item.detail, item.state].filter(Boolean).map(visible).join(", ");
  return linked(item.href, label, [
    s("title", null, label),
    s("rect", { x, y, width, height, rx: item.round ? height / 2 : 4, class: `box ${item.class ?? ""}` }),
    item.bar && s("rect", { x, y, width: 5, height, class: `bar ${item.bar}` }),
    head, detail,
  ]);
}

/** Draws a picture. */
function draw(picture, label) {
  const { frames, rows, middles, rights, lines, width, height } = layout(picture);
  const drawing = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": label, class: "map" },
    frames.map(drawFrame),
    lines.map(({ link, path }) => s("path", { d: path, class: `link ${link.class ?? ""}` }, s("title", null, visible(link.label)))),
    rows.map((place) => drawBox(place, place.row)),
    middles.map((place) => drawBox(place, { ...place.box, round: true })),
    rights.map((place) => drawBox(place, place.box)));
  return h("div", { class: "scroll picture", role: "region", tabindex: "0", "aria-label": label }, drawing);
}
