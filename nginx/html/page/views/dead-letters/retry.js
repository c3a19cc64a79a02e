// Sending many dead letters again, in portions that can be counted and stopped between.
import { api } from "../../core/api.js";
import { t } from "../../strings.js";

// Of ids in one request; small, so that the progress moves.
const PORTION = 25;

/** Those with these ids. */
export async function* retryChosen(ids, signal) {
    for (let place = 0; place < ids.length; place += PORTION) {
        const portion = ids.slice(place, place + PORTION);
        const answer = await api.post("/v1/dead-letters/retry", { ids: portion }, { signal });
        yield {
            done: answer.retried, left: ids.length - place - portion.length,
            failures: [{ count: portion.length - answer.retried, reason: t.letters.refused }],
        };
    }
}

/** All that the filter finds, and only what was given up before it began: what fails again must not go round. */
export async function* retryFound(filter, signal) {
    let { until } = filter;
    for (;;) {
        const answer = await api.post("/v1/dead-letters/retry", { ...filter, until }, { signal });
        ({ until } = answer);
        yield { done: answer.retried, left: answer.left_is_least ? null : answer.left };
        if (!answer.left || !answer.retried) return;
    }
}
