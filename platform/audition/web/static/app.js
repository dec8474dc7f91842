// Small conveniences. Every page works without them.
"use strict";

function readable(bytes) {
  return bytes < 1024 ? `${bytes} B` : bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1048576).toFixed(1)} MiB`;
}

// What is wrong with a chosen file, or an empty string. The server checks again.
function problemWith(file, form) {
  const endings = form.dataset.endings.split(" ");
  const most = Number(form.dataset.maxBytes);
  if (!endings.some((ending) => file.name.toLowerCase().endsWith(ending))) {
    return `${file.name} is not one of ${endings.join(", ")}. Pack your solution as an archive.`;
  }
  if (file.size === 0) return `${file.name} is empty (0 bytes).`;
  if (file.size > most) {
    return `${file.name} is ${readable(file.size)}; at most ${readable(most)} are accepted. Leave data and environments out.`;
  }
  return "";
}

function watchUpload(form) {
  const input = form.querySelector("input[type=file]");
  const says = form.querySelector("[data-says]");
  const button = form.querySelector("button");
  const drop = form.querySelector(".drop");
  input.addEventListener("change", () => {
    const file = input.files[0];
    const problem = file ? problemWith(file, form) : "";
    input.setCustomValidity(problem);
    input.setAttribute("aria-invalid", String(Boolean(problem)));
    says.classList.toggle("bad", Boolean(problem));
    says.textContent = problem || (file ? `${file.name}, ${readable(file.size)}: ready to submit.` : "");
  });
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, () => drop.classList.add("over"));
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  form.addEventListener("submit", () => {
    button.disabled = true;
    says.textContent = "Uploading. Keep this page open.";
  });
}

function offerCopy(button) {
  const label = button.querySelector("span");
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
    label.textContent = "Copied";
    setTimeout(() => { label.textContent = "Copy"; }, 2000);
  });
}

// One save at a time, in the order of the changes: an older answer never comes after a newer one.
let saving = Promise.resolve();

// Saves a form whenever something in it changed, and says so. Number keys choose a level.
function saveAsYouGo(form) {
  const says = form.querySelector("[data-says]");
  let waiting = 0;
  const save = async () => {
    waiting -= 1;
    if (waiting) return; // A later change is saved with everything that is in the form then.
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, keepalive: true });
      const { unmarked } = await answer.json();
      if (!answer.ok) throw new Error(answer.status);
      document.querySelector("[data-unmarked]").textContent = unmarked
        ? `${unmarked} item${unmarked === 1 ? "" : "s"} still need a level, or the evidence for it.`
        : "Every item has a level and its evidence.";
      if (!waiting) says.textContent = "Saved.";
    } catch {
      says.textContent = "Not saved. Press Save to see why.";
    }
  };
  form.addEventListener("change", () => {
    waiting += 1;
    says.textContent = "Saving …";
    saving = saving.then(save);
  });
  form.addEventListener("keydown", (event) => {
    const levels = form.querySelectorAll("input[type=radio]");
    const level = levels[Number(event.key) - 1];
    if (event.target.type !== "radio" || !level || event.ctrlKey || event.metaKey || event.altKey) return;
    level.focus();
    level.click();
    event.preventDefault();
  });
}

// A part of the page that others change: a stream of events brings it, or else it is asked for every three seconds.
function follow(part) {
  const show = (text) => htmx.swap({ text, target: part, sourceElement: part, swap: "innerMorph" });
  const ask = async () => {
    let wait = 3000;
    try {
      const answer = await fetch(part.dataset.fragment);
      if (answer.ok) await show(await answer.text());
      else if (answer.status < 500) return; // Signed out, or gone: asking again changes nothing.
    } catch {
      wait = 10000; // Offline; it may come back.
    }
    if (part.querySelector("[data-goes-on]")) setTimeout(ask, wait);
  };
  if (!window.EventSource) return void ask();
  const events = new EventSource(part.dataset.events);
  events.addEventListener("stage", (event) => show(event.data));
  events.addEventListener("close", () => events.close());
  events.addEventListener("error", () => { if (events.readyState === EventSource.CLOSED) ask(); });
}

document.querySelectorAll("[data-events]").forEach(follow);
document.querySelectorAll("form[data-autosave]").forEach(saveAsYouGo);
document.querySelectorAll("form[data-upload]").forEach(watchUpload);
if (navigator.clipboard) document.querySelectorAll("[data-copy]").forEach(offerCopy);
