// Flags: chips beside the menu say what is raised; F opens the menu of the answer in hand.
import { $, $$, changed, say } from "./dom.js";

const CROSS = "M6 6l12 12M18 6L6 18";

function chip(box) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "chip";
  button.setAttribute("aria-label", say("remove_flag", { flag: box.value }));
  button.innerHTML = `<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d="${CROSS}"/></svg>`;
  button.prepend(box.value, " ");
  button.addEventListener("click", () => {
    box.checked = false;
    changed();
    $("summary", box.closest("details")).focus();
  });
  return button;
}

function draw() {
  for (const owner of $$("[data-shown]")) {
    const raised = $$(".flags input:checked", owner);
    $(".chips", owner)?.replaceChildren(...raised.map(chip));
  }
}

export function watch() {
  document.addEventListener("change", draw);
  draw();
}

/** Open or close the flags of `owner`. */
export function toggle(owner) {
  const menu = owner && $(".flags", owner);
  if (!menu) return false;
  menu.open = !menu.open;
  $(menu.open ? ".pop input" : "summary", menu).focus();
}
