// Drag a card with the mouse: onto a row for a tie, between rows for a place of its own. Keys and buttons do the same.
import { $$ } from "./dom.js";

const EDGE = 0.28; // of a row's height at which the gap begins
const MARKS = ["drop-before", "drop-after", "drop-into"];

const clean = () => { for (const tier of $$(".tier")) tier.classList.remove(...MARKS); };

export function drag({ cards, tierOf, own, list, rest, settle }) {
  let dragged = null;

  const target = (event) => {
    const tier = event.target.closest?.(".tier");
    if (!tier || tier === rest) return { tier: rest, mark: "drop-into" };
    const { top, height } = tier.getBoundingClientRect();
    const share = (event.clientY - top) / height;
    return { tier, mark: share < EDGE ? "drop-before" : share > 1 - EDGE ? "drop-after" : "drop-into" };
  };

  for (const card of cards()) {
    card.draggable = true;
    card.addEventListener("dragstart", (event) => {
      dragged = card;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", card.dataset.letter);
      card.classList.add("dragged");
    });
    card.addEventListener("dragend", () => {
      card.classList.remove("dragged");
      dragged = null;
      clean();
    });
  }

  const area = document.querySelector("#answers");
  area.addEventListener("dragover", (event) => {
    if (!dragged) return;
    event.preventDefault();
    clean();
    const { tier, mark } = target(event);
    tier.classList.add(mark);
  });
  area.addEventListener("drop", (event) => {
    if (!dragged) return;
    event.preventDefault();
    const { tier, mark } = target(event);
    if (mark === "drop-into") { if (tierOf(dragged) !== tier) list(tier).append(dragged); }
    else own(dragged, mark === "drop-before" ? tier : tier.nextElementSibling);
    settle(dragged);
  });
}
