// What a view shows while it has nothing yet, nothing at all, or a problem: what is so, and what to do.
import { h } from "../core/dom.js";
import { t } from "../strings.js";

/** Shown only after a moment, so that fast answers do not flicker; says so when it takes long. */
export function loading() {
    return h("p", { class: "state loading" },
        h("span", { class: "first" }, t.state.loading),
        h("span", { class: "later" }, t.state.slow));
}

export function empty(title, ...more) {
    return h("div", { class: "state empty" }, h("p", { class: "strong" }, title), more);
}

/** What a problem means, in a sentence or two. */
export function explain(problem) {
    const known = t.problem[problem.kind];
    if (problem.kind === "slow_down" && problem.retryAfter) return t.problem.retryAfter(problem.retryAfter);
    if (["refused", "failed", "forbidden"].includes(problem.kind) && problem.detail) return problem.detail;
    return known ?? problem.detail ?? t.problem.failed;
}

/** A problem with the request's id to quote, and a button that tries again. */
export function trouble(problem, again) {
    if (!problem.kind) console.error(problem);
    return h("div", { class: "state trouble", role: "alert" },
        h("p", { class: "strong" }, explain(problem)),
        problem.requestID && problem.kind === "failed"
            ? h("p", { class: "quiet small" }, t.problem.quote, h("code", null, problem.requestID)) : null,
        again ? h("button", { class: "button", type: "button", on: { click: again } }, t.action.tryAgain) : null);
}

/** A sentence beside a button that tells what became of it. */
export function outcome() {
    const element = h("p", { class: "outcome", role: "status" });
    return {
        element,
        clear() {
            element.replaceChildren();
            element.className = "outcome";
        },
        ok(text) {
            element.textContent = text;
            element.className = "outcome ok";
        },
        wrong(problem) {
            element.textContent = typeof problem === "string" ? problem : explain(problem);
            element.className = "outcome wrong";
        },
    };
}
