// Chips with type-ahead for a set of checkboxes or for a list in a text field. Without
// this script the reader uses these. A text field asks the server for suggestions.
(function () {
  "use strict";

  var announcer = document.getElementById("announcer");
  var shown = 50;

  function element(name, className, attributes) {
    var e = document.createElement(name);
    e.className = className;
    Object.keys(attributes || {}).forEach(function (key) { e.setAttribute(key, attributes[key]); });
    return e;
  }

  // choices are the values of checkboxes.
  function choices(set) {
    var boxes = Array.from(set.querySelectorAll("input[type=checkbox]"));
    boxes.forEach(function (box) { box.closest(".form-check").hidden = true; });
    var all = boxes.map(function (box) {
      var hint = document.getElementById(box.id + "-hint");
      return { value: box.value, label: box.labels[0].textContent.trim(), hint: hint ? hint.textContent : "", box: box };
    });
    return {
      values: function () { return all.filter(function (c) { return c.box.checked; }).map(function (c) { return c.value; }); },
      set: function (value, on) {
        var found = all.find(function (c) { return c.value === value; });
        if (!found) { return false; }
        found.box.checked = on;
        found.box.dispatchEvent(new Event("change", { bubbles: true }));
        return true;
      },
      find: function (text) {
        return Promise.resolve(all.filter(function (c) { return c.label.toLowerCase().includes(text.toLowerCase()); }));
      }
    };
  }

  // list is the items of a text field.
  function list(field) {
    function values() { return field.value.split(/[,\n]/).map(function (v) { return v.trim(); }).filter(Boolean); }
    field.hidden = true;
    return {
      free: true,
      values: values,
      set: function (value, on) {
        var rest = values().filter(function (v) { return v !== value; });
        field.value = (on ? rest.concat(value) : rest).join(", ");
        field.dispatchEvent(new Event("input", { bubbles: true }));
        return true;
      },
      find: function (text) {
        if (!text || !field.dataset.chips) { return Promise.resolve([]); }
        return fetch(field.dataset.chips + "&search=" + encodeURIComponent(text), { redirect: "error" }).then(function (answer) {
          return answer.ok ? answer.json() : [];
        }, function () { return []; });
      }
    };
  }

  function enhance(source) {
    var isSet = source.tagName === "FIELDSET";
    var model = isSet ? choices(source) : list(source);
    var id = source.id;
    var wrong = source.classList.contains("is-invalid") || source.querySelector(".invalid-feedback") !== null;
    var box = element("div", "form-control h-auto py-1 chips d-flex flex-wrap align-items-center gap-1" + (wrong ? " is-invalid" : ""));
    var input = element("input", "flex-fill border-0 p-0 bg-transparent text-reset", {
      type: "text", role: "combobox", autocomplete: "off", autocapitalize: "none", spellcheck: "false", "aria-autocomplete": "list", "aria-expanded": "false",
      "aria-controls": id + "-options", size: "8", placeholder: "Add…"
    });
    var options = element("div", "dropdown-menu", { role: "listbox", id: id + "-options", "aria-label": "Suggestions" });
    var around = element("div", "position-relative");
    var active = -1, asked = 0, timer = 0;

    if (isSet) {
      input.setAttribute("aria-label", source.querySelector("legend").textContent);
    } else {
      source.id = id + "-value";
      input.id = id;
      ["aria-invalid", "form"].forEach(function (name) {
        if (source.hasAttribute(name)) { input.setAttribute(name, source.getAttribute(name)); }
      });
    }
    if (source.hasAttribute("aria-describedby")) { input.setAttribute("aria-describedby", source.getAttribute("aria-describedby")); }
    box.append(input);
    around.append(box, options);
    if (isSet) { source.parentElement.classList.remove("many"); }
    (isSet ? source.querySelector("legend") : source).after(around);
    var hint = document.getElementById(id + "-hint");
    if (hint) { hint.classList.add("mt-2"); }

    function say(text) { if (announcer) { announcer.textContent = text; } }

    function draw() {
      box.querySelectorAll(".tag").forEach(function (tag) { tag.remove(); });
      model.values().forEach(function (value) {
        var tag = element("span", "tag");
        var remove = element("button", "btn-close p-1", { type: "button", "aria-label": "Remove " + value });
        remove.addEventListener("click", function () { change(value, false); input.focus(); });
        tag.append(value, remove);
        input.before(tag);
      });
    }

    function change(value, on) {
      if (!model.set(value, on)) { return; }
      draw();
      say(value + (on ? " selected" : " removed") + ", not saved yet");
    }

    function close() {
      asked += 1;
      active = -1;
      options.classList.remove("show");
      options.replaceChildren();
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function pick(value) {
      input.value = "";
      close();
      change(value, true);
    }

    function mark(to) {
      var all = options.children;
      if (all.length === 0) { return; }
      active = (to + all.length) % all.length;
      Array.from(all).forEach(function (option, i) {
        option.classList.toggle("active", i === active);
        option.setAttribute("aria-selected", String(i === active));
      });
      all[active].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", all[active].id);
    }

    function open() {
      var number = asked += 1;
      model.find(input.value.trim()).then(function (found) {
        if (number !== asked) { return; }
        var now = model.values();
        found = found.filter(function (c) { return !now.includes(c.value); }).slice(0, shown);
        options.replaceChildren();
        found.forEach(function (c, i) {
          var option = element("div", "dropdown-item", { role: "option", id: id + "-option-" + i, "aria-selected": "false", "data-value": c.value });
          var hint = element("small", "text-secondary");
          hint.textContent = c.hint || "";
          option.append(c.label, hint);
          options.append(option);
        });
        options.classList.toggle("show", found.length > 0);
        input.setAttribute("aria-expanded", String(found.length > 0));
        input.removeAttribute("aria-activedescendant");
        active = -1;
        if (!input.value) { return; }
        if (found.length > 0) { mark(0); }
        if (found.length > 0) { say(found.length === 1 ? "1 suggestion" : found.length + " suggestions"); }
      });
    }

    // The list must not take the focus from the field.
    options.addEventListener("mousedown", function (event) { event.preventDefault(); });
    options.addEventListener("click", function (event) {
      var option = event.target.closest("[role=option]");
      if (option) { pick(option.dataset.value); }
    });
    box.addEventListener("click", function (event) { if (event.target === box) { input.focus(); } });
    input.addEventListener("focus", function () { if (isSet) { open(); } });
    input.addEventListener("input", function () {
      window.clearTimeout(timer);
      timer = window.setTimeout(open, isSet ? 0 : 200);
    });
    input.addEventListener("blur", function () {
      if (model.free && input.value.trim()) { pick(input.value.trim()); }
      input.value = "";
      close();
    });
    // Enter never sends the form from here.
    input.addEventListener("keypress", function (event) { if (event.key === "Enter") { event.preventDefault(); } });
    input.addEventListener("keydown", function (event) {
      var text = input.value.trim();
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (options.children.length === 0) { open(); } else { mark(active + (event.key === "ArrowDown" ? 1 : -1)); }
      } else if (event.key === "Enter" || event.key === ",") {
        if (event.key === "Enter" || text) { event.preventDefault(); }
        if (active >= 0 && event.key === "Enter") {
          pick(options.children[active].dataset.value);
        } else if (model.free && text) {
          pick(text);
        } else if (text) {
          say(text + " is not known");
        }
      } else if (event.key === "Escape" && options.children.length > 0) {
        event.preventDefault();
        close();
      } else if (event.key === "Backspace" && !input.value) {
        var values = model.values();
        if (values.length > 0) { change(values[values.length - 1], false); }
      }
    });
    draw();
  }

  document.querySelectorAll("[data-chips]:not([readonly])").forEach(enhance);

  // latin writes letters with accents in their usual spelling without; others stay.
  function latin(name) {
    var spelling = { "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "œ": "oe", "ł": "l", "đ": "d", "ı": "i" };
    name = name.normalize("NFC").replace(/[äöüßæøœłđı]/g, function (letter) { return spelling[letter]; });
    return name.normalize("NFD").replace(/([a-z])[\u0300-\u036f]+/g, "$1").normalize("NFC");
  }

  // The username of a new user follows the name, until it is typed. The server does the
  // same with an empty one.
  var username = document.querySelector("form[action='/users/new'] [name=username]");
  if (username && !username.value) {
    var form = username.form;
    var suggested = "";
    form.addEventListener("input", function (event) {
      if (!["first_name", "last_name", "email"].includes(event.target.name) || username.value !== suggested) { return; }
      var name = (form.elements.first_name.value.trim() + " " + form.elements.last_name.value.trim()).trim();
      suggested = latin(name ? name.toLowerCase().replace(/['’‘‛`´]/g, "").replace(/\s+/g, ".") : form.elements.email.value.split("@")[0].trim().toLowerCase());
      username.value = suggested;
    });
  }
})();
