// Events as they happen. A lost stream shows, the page asks instead, and the stream comes back by
// itself.
import { address } from "./api.js";
import { every, pause } from "./activity.js";

// The server beats every 15 s; a line that is dead need not look closed to the browser.
const SILENCE_MS = 40000;
const ASK_MS = 5000;

/**
 * Follows a stream.
 *
 * `on.state(data)` gets the present state, `on.status(data)` a message that changed, `on.ask()` is
 * called every few seconds while there is no stream, and once after each reset; `on.condition(word)`
 * tells how things are: "live", "asking".
 */
export function follow(path, query, on, signal) {
    let failures = 0;
    let lastID = null;
    let asking = null;

    const setAsking = (wanted) => {
        if (wanted === (asking !== null)) return;
        if (!wanted) {
            asking.abort();
            asking = null;
            return;
        }
        asking = new AbortController();
        const both = AbortSignal.any([asking.signal, signal]);
        every(ASK_MS, () => on.ask(), both);
    };

    const read = (event, handle) => {
        lastID = event.lastEventId || lastID;
        let data = null;
        try {
            data = JSON.parse(event.data);
        } catch {
            return;
        }
        handle?.(data);
    };

    async function run() {
        while (!signal.aborted) {
            await open();
            if (signal.aborted) return;
            failures += 1;
            on.condition?.("asking");
            setAsking(true);
            const wait = Math.min(60000, 1000 * 2 ** failures);
            await pause(wait * (0.5 + Math.random()), signal);
        }
    }

    /** Until the stream is lost. */
    function open() {
        return new Promise((resolve) => {
            // A new stream goes on after the last event of the one before.
            const source = new EventSource(address(path, { ...query, last_event_id: lastID }));
            let silence = 0;
            const end = () => {
                clearTimeout(silence);
                source.close();
                signal.removeEventListener("abort", end);
                removeEventListener("offline", end);
                resolve();
            };
            const alive = () => {
                clearTimeout(silence);
                silence = setTimeout(end, SILENCE_MS);
            };
            signal.addEventListener("abort", end, { once: true });
            // A line of a device without a network is silent, and not closed.
            addEventListener("offline", end);
            source.onopen = () => {
                failures = 0;
                setAsking(false);
                on.condition?.("live");
                alive();
            };
            source.onerror = () => {
                // While it connects again the browser resumes by the last event's id.
                if (source.readyState === EventSource.CLOSED) end();
                else on.condition?.("asking");
            };
            source.addEventListener("heartbeat", alive);
            source.addEventListener("state", (event) => {
                alive();
                read(event, on.state);
            });
            source.addEventListener("status", (event) => {
                alive();
                read(event, on.status);
            });
            source.addEventListener("reset", (event) => {
                alive();
                lastID = event.lastEventId || null;
                Promise.resolve(on.ask()).catch(() => {});
            });
            alive();
        });
    }

    run();
}
