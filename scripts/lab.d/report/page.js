/* SPDX-License-Identifier: BSD-2-Clause */
/* On paper everything is open. The page needs no script otherwise. */
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details"))
    details.open = true;
});
