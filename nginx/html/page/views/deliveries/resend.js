// Sending many events again, in portions that can be counted and stopped between.
import { api } from "../../core/api.js";
import { t } from "../../strings.js";

// Of ids in one request; small, so that the progress moves.
const PORTION = 25;
const PATH = "/v1/webhook-deliveries/resend";

/** Those with these ids. */
export async function* resendChosen(ids, signal) {
    for (let place = 0; place < ids.length; place += PORTION) {
        const portion = ids.slice(place, place + PORTION);
        const answer = await api.post(PATH, { ids: portion }, { signal });
        yield {
            done: answer.queued, left: ids.length - place - portion.length,
            failures: [{ count: portion.length - answer.queued, reason: t.deliveries.refused }],
        };
    }
}

/** All that the filter finds, each once. */
export async function* resendFound(filter, signal) {
    let { until } = filter;
    let after;
    for (;;) {
        const answer = await api.post(PATH, { ...filter, until, after }, { signal });
        ({ until, after } = answer);
        yield { done: answer.queued, left: answer.left_is_least ? null : answer.left };
        if (!answer.left || !answer.queued) return;
    }
}
