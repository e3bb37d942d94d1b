// The toast says what was done. It stays until it is dismissed, also without script: its
// button then loads the page again.
(function () {
  "use strict";

  var toast = document.getElementById("toast");
  if (!toast) { return; }

  // Screen readers read what changes on a page, not what it begins with.
  var announcer = document.getElementById("announcer");
  window.setTimeout(function () { announcer.textContent = toast.querySelector("p").textContent; }, 100);

  function dismiss(event) {
    event.preventDefault();
    toast.remove();
    document.getElementById("main").focus({ preventScroll: true });
  }
  toast.querySelector("[data-dismiss]").addEventListener("click", dismiss);
  toast.addEventListener("keydown", function (event) { if (event.key === "Escape") { dismiss(event); } });
})();
