// The page that hands an answer to an app by POST: send it without waiting for a click.
document.getElementById("form-post").submit();
