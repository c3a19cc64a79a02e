// The one live region: what a screen reader says when something has happened.

let timer = 0;

/** Says a sentence; of several in a short time, the last. */
export function say(sentence) {
    clearTimeout(timer);
    timer = setTimeout(() => {
        const region = document.getElementById("said");
        region.textContent = "";
        region.textContent = sentence;
    }, 150);
}
