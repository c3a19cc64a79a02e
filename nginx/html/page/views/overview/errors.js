// The commonest errors of a period: the provider's words, what they mean, whether trying again helps.
import { h, put } from "../../core/dom.js";
import * as format from "../../core/format.js";
import { to } from "../../core/router.js";
import { errors } from "../../core/statistics.js";
import { table } from "../../parts/table.js";
import { t } from "../../strings.js";

export async function topErrors(root, period, signal) {
    const { list, since } = await errors(period, signal);
    if (root.contains(document.activeElement)) return;
    const view = table({
        caption: t.errors.title, id: (row) => JSON.stringify([row.provider, row.code, row.name, row.provider_status]),
        columns: [
            { key: "error", title: t.errors.error, cell: (row) => h("div", { class: "words" }, h("span", { class: "strong" }, words(row)),
                h("span", { class: "quiet small" }, row.meaning)) },
            { key: "provider", title: t.columns.provider, less: "minor", cell: (row) => [format.title(row.provider), row.code ? h("span", { class: "quiet" }, ` ${row.code}`) : null] },
            { key: "again", title: t.errors.again, less: "minor", cell: (row) => h("div", { class: "words" }, t.errors.helps[row.retry.helps] ?? row.retry.helps,
                h("span", { class: "quiet small" }, row.retry.advice)) },
            { key: "countries", title: t.errors.countries, less: "least", cell: (row) => countries(row.countries) },
            { key: "messages", title: t.overview.messages, class: "end", cell: (row) => h("a", {
                href: to("messages", { error_code: row.code, provider: row.provider, status: Object.keys(row.by_status).join(","), since: since.toISOString() }),
            }, format.count(row.messages), h("span", { class: "unseen" }, ` ${t.judge.showMessages}`)) },
        ],
    });
    view.set(list);
    put(root, h("h2", null, t.errors.title), list.length ? view.element : h("p", { class: "quiet" }, t.errors.none));
}

/** In the provider's words; those of the status where there is no error. */
function words(row) {
    return row.description ?? row.name ?? row.provider_status?.description ?? row.provider_status?.name ?? t.errors.own;
}

function countries(list) {
    if (!list?.length) return t.none;
    const shown = list.slice(0, 3).map((one) => format.country(one.country)).join(", ");
    return list.length > 3 ? t.errors.andMore(shown, list.length - 3) : shown;
}
