// Before anything is painted: what needs a script is there from the start, so nothing moves when the others arrive.
"use strict";

document.documentElement.classList.add("js");
