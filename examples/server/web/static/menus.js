// Menus close when the focus leaves them, and give it back to their button. The tab of the
// present page is in view.
(function () {
  "use strict";

  document.querySelectorAll(".dropdown-menu[popover]").forEach(function (menu) {
    var button = document.querySelector('[popovertarget="' + menu.id + '"]');
    menu.addEventListener("focusout", function (event) {
      var next = event.relatedTarget; // none when the window loses the focus
      if (next && next !== button && !menu.contains(next)) { menu.hidePopover(); }
    });
    menu.addEventListener("keydown", function (event) {
      if (event.key !== "Escape") { return; }
      event.preventDefault();
      menu.hidePopover();
      button.focus();
    });
  });

  var tab = document.querySelector(".nav-tabs [aria-current]");
  if (tab) { tab.scrollIntoView({ block: "nearest", inline: "center" }); }
})();
