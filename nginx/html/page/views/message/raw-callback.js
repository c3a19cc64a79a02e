// A provider's callback from the archive, under a line that opens it.
import { api } from "../../core/api.js";
import { h, put } from "../../core/dom.js";
import { rawBytes } from "../../parts/raw.js";
import { explain } from "../../parts/states.js";
import { bytesOf } from "../../text/bytes.js";
import { t } from "../../strings.js";

/** A callback as it was received, asked for when somebody opens it. */
export function rawCallback(id, signal, title = t.timeline.raw) {
    const body = h("div", { class: "raw" });
    const details = h("details", { class: "raw-callback" }, h("summary", { data: { keep: id } }, title), body);
    details.addEventListener("toggle", async () => {
        if (!details.open || body.childElementCount) return;
        put(body, h("p", { class: "quiet small" }, t.state.loading));
        try {
            const callback = await api.get(`/v1/callbacks/${encodeURIComponent(id)}`, {}, signal);
            put(body,
                h("p", { class: "quiet small" }, [callback.path, callback.content_type, t.timeline.bytes(callback.bytes)].filter(Boolean).join(" · ")),
                rawBytes(callback.encoding === "base64" ? bytesOf(callback.body) : new TextEncoder().encode(callback.body)));
        } catch (problem) {
            put(body, h("p", { class: "outcome wrong" }, problem.status === 404 ? t.timeline.noRaw : explain(problem)));
        }
    });
    return details;
}
