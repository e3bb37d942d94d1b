// The toast says what was done. It stays until it is dismissed. Without script, a link
// loads the page again.
(function () {
  "use strict";

  var toast = document.getElementById("toast");
  if (!toast) { return; }

  // Screen readers read what changes on a page and what has the focus, not what it begins
  // with. From the toast the next stop is Undo.
  var text = toast.querySelector("p").textContent;
  function focus() {
    if ([document.body, toast].includes(document.activeElement)) { toast.focus({ preventScroll: true }); }
  }
  if (!document.querySelector("[autofocus]") && [document.body, toast].includes(document.activeElement)) {
    toast.tabIndex = -1;
    toast.setAttribute("role", "group");
    toast.setAttribute("aria-label", text + (toast.querySelector("form") ? " Undo is available." : ""));
    focus();
    // A fragment in the address takes the focus away when the page is complete.
    window.addEventListener("load", function () { window.setTimeout(focus, 0); });
  } else {
    window.setTimeout(function () { document.getElementById("announcer").textContent = text; }, 100);
  }

  function dismiss(event) {
    event.preventDefault();
    toast.remove();
    document.getElementById("main").focus({ preventScroll: true });
  }
  var button = toast.querySelector("[data-dismiss]");
  button.hidden = false;
  button.addEventListener("click", dismiss);
  toast.addEventListener("keydown", function (event) { if (event.key === "Escape") { dismiss(event); } });
})();
