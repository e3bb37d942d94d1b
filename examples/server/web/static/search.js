// The search over everything opens in a dialog, with Ctrl-K or "/". The arrow keys choose
// a result and Enter opens it, while the focus stays in the field. Without this script the
// button leads to a page.
(function () {
  "use strict";

  var dialog = document.getElementById("search-dialog");
  if (!dialog) { return; }
  var opener = document.getElementById("search-button");
  var input = document.getElementById("search-input");
  var list = document.getElementById("search-options");
  var status = document.getElementById("search-status");
  var active = -1;
  var chosen = ""; // the address of the active option

  function options() { return Array.from(list.querySelectorAll("[role=option]")); }

  function choose(index) {
    var all = options();
    active = all.length ? (index + all.length) % all.length : -1;
    all.forEach(function (option, i) {
      option.setAttribute("aria-selected", String(i === active));
      option.classList.toggle("active", i === active);
    });
    if (active < 0) {
      input.removeAttribute("aria-activedescendant");
      return;
    }
    chosen = all[active].getAttribute("href");
    input.setAttribute("aria-activedescendant", all[active].id);
    all[active].scrollIntoView({ block: "nearest" });
  }

  function show() {
    var counted = list.querySelector("[data-count]"), count = counted ? Number(counted.dataset.count) : 0;
    var empty = input.value.trim() === "";
    list.hidden = count === 0;
    input.setAttribute("aria-expanded", String(count > 0));
    status.textContent = empty ? "" : count === 0 ? "Nothing found" : count + (count === 1 ? " result" : " results");
    // An answer that comes later keeps the choice.
    choose(Math.max(0, options().findIndex(function (option) { return option.getAttribute("href") === chosen; })));
  }

  function open() {
    if (dialog.open) { return; }
    dialog.showModal();
    input.select();
  }

  opener.addEventListener("click", function (event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) { return; }
    event.preventDefault();
    open();
  });

  document.addEventListener("keydown", function (event) {
    var typing = event.target.closest("input, textarea, select, [contenteditable]") !== null;
    var combination = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey;
    var slash = event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
    if ((combination || slash) && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      open();
    }
  });

  input.addEventListener("keydown", function (event) {
    if (event.isComposing) { return; }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Escape") {
      event.preventDefault();
      dialog.close();
    }
  });

  input.form.addEventListener("submit", function (event) {
    if (active < 0) { return; }
    event.preventDefault();
    options()[active].click();
  });

  // A click beside the dialog closes it.
  dialog.addEventListener("click", function (event) { if (event.target === dialog) { dialog.close(); } });
  list.addEventListener("click", function (event) { if (event.target.closest("a")) { dialog.close(); } });

  input.addEventListener("htmx:beforeRequest", function () { status.textContent = "Searching…"; });
  list.addEventListener("htmx:afterSwap", show);
  function failed() { status.textContent = "The server does not answer. Try again."; }
  input.addEventListener("htmx:responseError", failed);
  input.addEventListener("htmx:sendError", failed);
})();
