// The toast says what was done. It stays until it is dismissed. Without script, a link
// loads the page again.
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
  var button = toast.querySelector("[data-dismiss]");
  button.hidden = false;
  button.addEventListener("click", dismiss);
  toast.addEventListener("keydown", function (event) { if (event.key === "Escape") { dismiss(event); } });
})();
