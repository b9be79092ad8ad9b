// Answers are columns, criteria are rows; digits fill the cell in hand and move on.
import { $, $$, changed, say } from "./dom.js";
import { doubtOf, folded } from "./reading.js";

const cells = $$(".cell");
const at = (row, column) => cells.find((cell) => Number(cell.dataset.row) === row && Number(cell.dataset.column) === column);
const where = (cell) => [Number(cell.dataset.row), Number(cell.dataset.column)];
const inputs = (cell) => $$("input", cell);
const filled = (cell) =>
  inputs(cell).some((input) => (input.type === "number" ? input.value !== "" : input.checked));
const rows = Math.max(...cells.map((cell) => Number(cell.dataset.row))) + 1;
let current = null;

function hold(cell, { focus = true } = {}) {
  if (!cell) return false;
  current?.classList.remove("focused");
  current = cell;
  cell.classList.add("focused");
  if (focus) (inputs(cell).find((input) => input.checked) ?? inputs(cell)[0]).focus();
}

/** Down the column, then to the top of the next; only cells that are still empty. */
function next(cell) {
  const [row, column] = where(cell);
  const order = [...cells].sort((one, other) => one.dataset.column - other.dataset.column || one.dataset.row - other.dataset.row);
  const place = order.indexOf(at(row, column));
  return [...order.slice(place + 1), ...order.slice(0, place)].find((each) => !filled(each));
}

function rate(wanted) {
  const input = inputs(current).find((each) => each.type === "radio" && each.value === wanted);
  if (!input) return false;
  input.checked = true;
  input.focus();
  changed();
  const after = next(current);
  if (after) hold(after);
}

const none = () => (rate("0") === false ? rate("na") : undefined);

function move(step) {
  const [row, column] = where(current);
  return hold(at((row + step + rows) % rows, column));
}

function count() {
  const n = cells.filter(filled).length;
  $("#scored").textContent = say("scored", { n, all: cells.length });
  $("#hint").textContent = n < cells.length ? say("to_go", { n: cells.length - n }) : "";
  for (const typed of $$(".typed")) {
    const [number, box] = $$("input", typed);
    number.disabled = box.checked;
  }
}

export function start() {
  document.addEventListener("change", count);
  count();
  hold(cells.find((cell) => !filled(cell)) ?? cells[0], { focus: false });
  document.addEventListener("focusin", (event) => {
    const cell = event.target.closest(".cell");
    if (cell && cell !== current) hold(cell, { focus: false });
  });
  const unread = folded();
  return {
    actions: {
      rate: (event) => rate(event.code.at(-1)),
      none,
      "criterion-up": () => move(-1),
      "criterion-down": () => move(1),
      more: () => { $(".unfold", owner())?.click(); },
    },
    current: owner,
    missing: () => {
      const open = cells.filter((cell) => !filled(cell));
      if (!open.length) return null;
      hold(open[0]);
      return { text: say("not_scored", { n: open.length }) };
    },
    doubt: () => doubtOf(unread),
  };
}

const owner = () => document.activeElement.closest?.(".scores .answer") ?? $(`.scores .answer[data-shown="${where(current)[1]}"]`);
