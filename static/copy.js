// "Copy" next to a secret; without a clipboard, one click still selects the text.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
    button.parentElement.querySelector("[role=status]").textContent = "Copied";
  });
}
