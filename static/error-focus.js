// After a failed form: move the keyboard and screen readers to the summary of errors.
document.getElementById("error-summary")?.focus();
