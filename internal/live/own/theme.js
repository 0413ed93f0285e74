// Before the first paint: the chosen colours, and that scripts run at all.
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");
  try {
    var choice = localStorage.getItem("afflux-theme");
    if (choice === "light" || choice === "dark") root.dataset.theme = choice;
  } catch (e) {
    // Storage is closed to us: the system's colours then.
  }
})();
