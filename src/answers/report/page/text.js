"use strict";

// Texts and elements. Every value that comes from AWS becomes a text node: nothing here writes HTML.

/** Characters that nobody sees or that reorder a text: the same as in rolecall's terminal. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/** The longest text that is shown at once. */
const LONG = 160;
/** The longest text that is never broken. */
const SHORT = 24;

/** A text in which hidden characters are written as their numbers. */
function visible(text) {
  return String(text).replace(HIDDEN, (character) => {
    return `\\u{${character.codePointAt(0).toString(16)}}`;
  });
}

/** A number with commas between its thousands. */
function grouped(number) {
  return Number(number).toLocaleString("en-US");
}

/** A count with its noun. */
function counted(number, one, many) {
  return `${grouped(number)} ${number === 1 ? one : many ?? one + "s"}`;
}

/** The sum of a number of each. */
function sum(list, of) {
  return list.reduce((total, one) => total + of(one), 0);
}

/** A time without seconds, in UTC. */
function when(time) {
  return time ? `${time.slice(0, 10)} ${time.slice(11, 16)} UTC` : "never";
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat(4).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Makes an element of HTML. Attributes that are functions listen to events. */
function h(tag, attributes, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Makes an element of SVG. */
function s(tag, attributes, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/** A text that came from AWS, on its own line of writing, clipped if it is long. */
function clipped(text) {
  const all = visible(text);
  if (all.length <= LONG) return h("bdi", { class: all.length <= SHORT && "short" }, all);
  const rest = h("bdi", null, all.slice(0, LONG), "…");
  const more = h("button", {
    type: "button", class: "small",
    click: () => { rest.textContent = all; more.remove(); },
  }, `all ${grouped(all.length)} characters`);
  return h("span", null, rest, " ", more);
}

/** A text of ours, in which names of columns and options stand between backticks. */
function prose(text) {
  return text.split("`").map((part, at) => (at % 2 === 1 ? h("code", null, part) : part));
}

/** Says something to a screen reader. */
function say(text) {
  document.getElementById("said").textContent = text;
}
