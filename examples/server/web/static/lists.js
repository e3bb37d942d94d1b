// Selecting records of a list. The buttons work without it.
(function () {
  "use strict";

  function boxes(form) { return Array.from(form.querySelectorAll("input[name=selected]")); }

  function show(form) {
    var all = boxes(form);
    var n = all.filter(function (box) { return box.checked; }).length;
    var text = form.querySelector("[data-selected]");
    var whole = form.querySelector("[data-select-all]");
    if (text) { text.textContent = n + " selected:"; }
    if (whole) {
      whole.hidden = false;
      whole.checked = n > 0 && n === all.length;
      whole.indeterminate = n > 0 && n < all.length;
    }
    return n;
  }

  document.addEventListener("change", function (event) {
    var form = event.target.closest(".bulk-form");
    if (!form || event.target.type !== "checkbox") { return; }
    if (event.target.matches("[data-select-all]")) {
      boxes(form).forEach(function (box) { box.checked = event.target.checked; });
    }
    var n = show(form);
    document.getElementById("announcer").textContent = n + " selected";
  });

  function showAll() { document.querySelectorAll(".bulk-form").forEach(show); }
  document.addEventListener("htmx:afterSettle", showAll);
  window.addEventListener("pageshow", showAll); // Back restores what was selected
  showAll();
})();
