// Asks the server again and again while somebody is there: not while the page is hidden, and not when
// nobody has touched it for a while, because a page that asks for ever would keep a session open that
// nobody uses.

const AWAY_MS = 10 * 60 * 1000;

let lastInput = Date.now();
const waiting = new Set();
const sleeping = new Set();

function wake() {
    const wasAway = isAway();
    lastInput = Date.now();
    if (wasAway) for (const resume of [...waiting]) resume();
}

for (const event of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
    addEventListener(event, wake, { passive: true, capture: true });
}
document.addEventListener("visibilitychange", () => {
    if (!document.hidden) for (const resume of [...waiting]) resume();
});

// What has failed for want of a connection is tried again at once when it is back.
addEventListener("online", () => {
    for (const end of [...sleeping]) end();
});

/** Whether nobody has touched the page for ten minutes. */
export function isAway() {
    return Date.now() - lastInput > AWAY_MS;
}

/** Waits, ends early with the signal; then waits on while nobody is there. */
export function pause(ms, signal) {
    return new Promise((resolve) => {
        const done = () => {
            if (!signal.aborted && (document.hidden || isAway())) {
                waiting.add(done);
                return;
            }
            waiting.delete(done);
            sleeping.delete(done);
            clearTimeout(timer);
            signal.removeEventListener("abort", end);
            resolve();
        };
        const end = () => {
            waiting.delete(done);
            sleeping.delete(done);
            clearTimeout(timer);
            resolve();
        };
        const timer = setTimeout(done, ms);
        sleeping.add(done);
        signal.addEventListener("abort", end, { once: true });
    });
}

/**
 * Calls `ask` now and every `ms`, until the signal ends it. After a failure it waits longer, up to
 * eight times as long.
 */
export async function every(ms, ask, signal) {
    let factor = 1;
    while (!signal.aborted) {
        try {
            await ask();
            factor = 1;
        } catch (error) {
            if (signal.aborted) return;
            factor = Math.min(8, factor * 2);
        }
        await pause(ms * factor, signal);
    }
}
