// Replaying many parts of the quarantine, in portions that can be counted and stopped between.
import { api } from "../../core/api.js";
import { t } from "../../strings.js";

// Of ids in one request; small, so that the progress moves.
const PORTION = 20;

/** Those with these ids. */
export async function* replayChosen(ids, signal) {
    for (let place = 0; place < ids.length; place += PORTION) {
        const portion = ids.slice(place, place + PORTION);
        const answer = await api.post("/v1/quarantine/replay", { ids: portion }, { signal });
        yield { ...outcome(answer), left: ids.length - place - portion.length };
    }
}

/** All that the filter finds, the earliest first. */
export async function* replayFound(filter, signal) {
    let after;
    do {
        const answer = await api.post("/v1/quarantine/replay", { ...filter, authenticated: flag(filter.authenticated), after }, { signal });
        after = answer.next;
        yield { ...outcome(answer), left: after === null ? 0 : null };
    } while (after !== null);
}

/** In the body of a request it is no text. */
function flag(text) {
    return text ? text === "true" : undefined;
}

function outcome(answer) {
    return {
        done: answer.replayed,
        failures: ["refused", "unreadable", "gone", "not_stored"].map((name) => ({ count: answer[name], reason: t.quarantine.failed[name] })),
    };
}
