// Nothing is left to judge: the last answer can still be taken back.
import { toast } from "./desk/frame.js";

toast();
document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.code !== "KeyU") return;
  document.querySelector("#undo")?.requestSubmit();
});
