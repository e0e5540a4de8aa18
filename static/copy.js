// "Copy" next to what is shown; without a clipboard, one click still selects the text.
const told = document.createElement("span");
told.setAttribute("role", "status");
told.className = "visually-hidden";
document.body.append(told);
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.firstChild.textContent = "Copied";
    told.textContent = "Copied";
  });
}
